import { z } from 'zod';
import { countUnreadDepartures, listLeavers, notesOf, type LeaverQuery } from '../../ledger';
import { defineOperation, refuse, type Caller, type FileReply, type Operation, type Refused } from '../operation';
import type { ViewDeps } from './deps';
import { evidenceCsv, makeEvidence, type Evidence } from './evidence-file';
import { evidencePdf } from './evidence-pdf';
import { readCases } from './leaver-facts';
import { time } from './paging';
import { utcTime } from './words';

/** Of one file. A longer period is several files. */
const MAX_LEAVERS = 500;

const FORMATS = [
  { extension: 'pdf', contentType: 'application/pdf', render: evidencePdf },
  { extension: 'csv', contentType: 'text/csv; charset=utf-8', render: evidenceCsv },
] as const;

export function createEvidenceOperations(deps: ViewDeps): readonly Operation[] {
  return FORMATS.flatMap(({ extension, contentType, render }) => {
    const reply = async (evidence: Evidence | Refused, name: string): Promise<FileReply | Refused> =>
      'refused' in evidence
        ? evidence
        : { contentType, fileName: `${name.replace(/[^\w.-]+/g, '_')}.${extension}`, content: await render(evidence) };
    const format = extension.toUpperCase();
    return [
      defineOperation({
        id: `leaverEvidence${capitalised(extension)}`,
        method: 'GET',
        path: `/api/leavers/{workflowId}/evidence.${extension}`,
        role: 'viewer',
        summary: `The evidence of one leaver as ${format}: what was found and changed where, when and by whom, and what is not known.`,
        input: z.object({ workflowId: z.string().min(1).max(300) }),
        output: 'file',
        // It names who made it.
        isPersonal: true,
        handle: async ({ workflowId }, caller) =>
          reply(await evidenceOfOne(deps, workflowId, caller), `evidence-${workflowId}`),
      }),
      defineOperation({
        id: `leaversEvidence${capitalised(extension)}`,
        method: 'GET',
        path: `/api/leavers/evidence.${extension}`,
        role: 'viewer',
        summary: `The evidence of all who left in a period as ${format}; \`to\` is exclusive.`,
        input: z.object({ from: time, to: time }),
        output: 'file',
        // It names who made it.
        isPersonal: true,
        handle: async ({ from, to }, caller) =>
          reply(
            await evidenceOfPeriod(deps, { from, to }, caller),
            `evidence-${from.slice(0, 10)}-to-${to.slice(0, 10)}`,
          ),
      }),
    ];
  });
}

async function evidenceOfOne(deps: ViewDeps, workflowId: string, caller: Caller): Promise<Evidence | Refused> {
  const evidence = await evidenceOf(deps, { query: { workflowId }, about: 'One leaver.', gaps: [] }, caller);
  return evidence.cases.length > 0 ? evidence : refuse(404, 'No offboarding has this id, as far as the ledger knows.');
}

async function evidenceOfPeriod(
  deps: ViewDeps,
  { from, to }: { readonly from: string; readonly to: string },
  caller: Caller,
): Promise<Evidence | Refused> {
  if (from >= to) return refuse(400, '`to` must be after `from`.');
  const unread = await countUnreadDepartures(deps.pool, { from, to });
  const sentence =
    'deliveries of a departure, received in the period, wait in quarantine: who left by them is not in this file.';
  const gaps = unread === 0 ? [] : [`${unread} ${sentence}`];
  const about = `All who left from ${utcTime(from)} to ${utcTime(to)}, exclusive.`;
  const evidence = await evidenceOf(deps, { query: { from, to }, about, gaps }, caller);
  if (evidence.cases.length > MAX_LEAVERS)
    return refuse(400, `More than ${MAX_LEAVERS} people left in this period: choose shorter ones.`);
  return evidence;
}

async function evidenceOf(
  deps: ViewDeps,
  { query, about, gaps }: { readonly query: LeaverQuery; readonly about: string; readonly gaps: readonly string[] },
  { by }: Caller,
): Promise<Evidence> {
  const { pool, policy, now } = deps;
  const rows = await listLeavers(pool, { ...query, limit: MAX_LEAVERS + 1 });
  const isTooMany = rows.length > MAX_LEAVERS;
  const [cases, notes] = await Promise.all([
    readCases(isTooMany ? { ...deps, stateOf: () => Promise.resolve(undefined) } : deps, rows),
    notesOf(
      pool,
      rows.map(({ workflowId }) => workflowId),
    ),
  ]);
  const { accessSlaMinutes: limitMinutes } = policy.offboarding;
  const made = { madeAt: new Date(now()).toISOString(), madeBy: by, timeZone: policy.calendar.timeZone, limitMinutes };
  return makeEvidence(cases, notes, { about, gaps, ...made });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
