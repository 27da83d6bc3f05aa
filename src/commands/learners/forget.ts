import { z } from 'zod';
import { askOps, type AskOpsOptions } from '../ask-ops';

export interface ForgetCommand extends AskOpsOptions {
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const answer = z.object({
  dryRun: z.boolean(),
  pseudonym: z.string().nullable(),
  rows: z.record(z.string(), z.number()),
  archive: z.string(),
  temporal: z.string(),
});

/**
 * `mt learners forget`: erase a person from the ledger, and say what stays where.
 * @returns 0.
 * @throws SettingsError when no token is known; Error when nobody answers, or it is refused: nobody of this id, or a workflow of theirs
 * runs.
 */
export async function runLearnersForget(userId: string, options: ForgetCommand): Promise<number> {
  const { reason, dryRun = false, json = false } = options;
  const path = `/api/learners/${encodeURIComponent(userId)}/forget`;
  const said = answer.parse(await askOps(options).post(path, { reason, dryRun }));
  if (json) console.log(JSON.stringify(said));
  else {
    const rows = Object.entries(said.rows).map(([table, count]) => `${table} ${count}`);
    console.log(`${said.dryRun ? 'Would erase' : 'Erased'}: ${rows.join(', ')}`);
    if (said.pseudonym !== null) console.log(`In the audit the person is ${said.pseudonym} from now on.`);
    console.log(said.archive);
    console.log(said.temporal);
  }
  return 0;
}
