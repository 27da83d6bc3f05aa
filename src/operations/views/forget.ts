import { z } from 'zod';
import { DAY } from '../../domain';
import { forgetPerson, type Forgotten } from '../../ledger';
import { defineOperation, refuse, type Operation, type Refused } from '../operation';
import type { ViewDeps } from './deps';

const output = z.object({
  dryRun: z.boolean(),
  /** What stands in the audit for the person; null: of a dry run. */
  pseudonym: z.string().nullable(),
  rows: z.record(z.string(), z.number()),
  archive: z.string(),
  temporal: z.string(),
});

type Done = Forgotten & { readonly outcome: 'forgotten' };

export function createForgetOperations(deps: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'forgetLearner',
      method: 'POST',
      path: '/api/learners/{userId}/forget',
      role: 'operator',
      summary: 'Erase a person from the ledger. Their receipts and changes stay under a random pseudonym.',
      input: z.object({
        userId: z.string().min(1).max(300),
        /** It stays in the audit: it should not name the person. */
        reason: z.string().trim().min(1).max(1000),
        dryRun: z.boolean().default(true),
      }),
      output,
      handle: async ({ userId, reason, dryRun }, { by }) => {
        const request = { userId, reason, by };
        const looked = await forgetPerson(deps.pool, { ...request, dryRun: true });
        if (looked.outcome !== 'forgotten') return refusalOf(looked);
        if (dryRun) return answerOf(deps, looked, true);
        const refusal = await eraseArchive(deps, looked);
        if (refusal !== undefined) return refusal;
        const done = await forgetPerson(deps.pool, { ...request, dryRun: false });
        return done.outcome === 'forgotten' ? answerOf(deps, done, false) : refusalOf(done);
      },
    }),
  ];
}

function refusalOf(forgotten: Exclude<Forgotten, Done>): Refused {
  if (forgotten.outcome === 'unknown') return refuse(404, 'The ledger knows nobody of this id.');
  const { workflowIds } = forgotten;
  return refuse(
    409,
    `${workflowIds.length} workflows of this person run and would write the person down again: let them end, or cancel them first: ${workflowIds.slice(0, 10).join(', ')}`,
  );
}

/** Before the ledger, which alone knows where the files are. */
async function eraseArchive({ forget, removeFiles }: ViewDeps, { archived }: Done): Promise<Refused | undefined> {
  if (forget.archive === 'keep' || archived.length === 0) return undefined;
  try {
    if ((await removeFiles(archived)) === 'done') return undefined;
    return refuse(
      409,
      'The policy wants the files in the archive erased (forget.archive: delete), and the connector archive is not on: nothing was changed.',
    );
  } catch {
    return refuse(
      503,
      'The files in the archive could not be erased, or not all of them: nothing was changed in the ledger. Does a worker run, and does the archive answer? Then try again.',
    );
  }
}

async function answerOf(deps: ViewDeps, done: Done, dryRun: boolean): Promise<z.input<typeof output>> {
  return {
    dryRun,
    pseudonym: dryRun ? null : done.pseudonym,
    rows: { ...done.rows },
    archive: archiveSentence(deps, done, dryRun),
    temporal: await temporalSentence(deps, done),
  };
}

function archiveSentence({ forget }: ViewDeps, { archived }: Done, dryRun: boolean): string {
  if (archived.length === 0) return 'The ledger knows no file of this person in the archive.';
  const files = `${archived.length} files in the archive (${archived.join(', ')})`;
  if (forget.archive === 'keep') return `${files} stay: forget.archive is keep in the policy.`;
  return dryRun ? `${files} would be deleted.` : `${files} were deleted.`;
}

async function temporalSentence({ retentionMs }: ViewDeps, { lastClosedAt }: Done): Promise<string> {
  const kept = await retentionMs?.().catch(() => undefined);
  if (lastClosedAt === null)
    return 'No workflow of this person is known to have ended; Temporal removes each after the retention of the namespace.';
  if (kept === undefined)
    return `Temporal removes the histories when the retention of the namespace is over; the last of the workflows ended at ${lastClosedAt}.`;
  const until = new Date(Date.parse(lastClosedAt) + kept).toISOString();
  return `Temporal removes the histories ${Math.round(kept / DAY)} days after each workflow ended: the last by ${until}.`;
}
