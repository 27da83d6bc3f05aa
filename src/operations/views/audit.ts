import { z } from 'zod';
import { listChanges, type ChangeRow } from '../../ledger';
import { defineOperation, type Operation } from '../operation';
import { csvFile, toCsv } from './csv';
import type { ViewDeps } from './deps';
import { cursor, limit, pageOf, shortText, time } from './paging';
import { inWords } from './words';

export const auditRow = z.object({
  at: z.string(),
  /** Null: the rule of the workflow. */
  by: z.string().nullable(),
  reason: z.string().nullable(),
  what: z.string(),
  system: z.string().nullable(),
  step: z.string().nullable(),
  workflowId: z.string().nullable(),
  userId: z.string().nullable(),
  status: z.string().nullable(),
  before: z.json(),
  result: z.json(),
});

export type AuditRow = z.infer<typeof auditRow>;

export const changePosition = z.tuple([z.string().max(64), z.string(), z.string(), z.string(), z.string()]);

const filter = z.object({ userId: shortText.optional(), since: time.optional() });
const MAX_CSV_ROWS = 50_000;

export function createAuditOperations({ pool }: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'listAudit',
      method: 'GET',
      path: '/api/audit',
      role: 'viewer',
      summary: 'Who and what changed which system, when and why; the newest first.',
      input: filter.extend({ limit, cursor: cursor(changePosition).optional() }),
      output: z.object({ rows: z.array(auditRow), next: z.string().nullable() }),
      topics: ['effects'],
      handle: async ({ limit: size, cursor: after, ...query }) => {
        const rows = await listChanges(pool, { ...query, limit: size + 1, after });
        const { page, next } = pageOf(rows, size, ({ position }) => position);
        return { rows: page.map(auditOf), next };
      },
    }),
    defineOperation({
      id: 'auditCsv',
      method: 'GET',
      path: '/api/audit.csv',
      role: 'viewer',
      summary: `The audit as CSV, at most ${MAX_CSV_ROWS} rows: the newest.`,
      input: filter,
      output: 'file',
      topics: ['effects'],
      handle: async (query) => {
        const rows = (await listChanges(pool, { ...query, limit: MAX_CSV_ROWS })).map(auditOf);
        return csvFile('audit', auditCsv(rows));
      },
    }),
  ];
}

function auditOf(row: ChangeRow): AuditRow {
  const { begunAt, finishedAt, actor, reason, would, system, step, workflowId, userId, status, before, result } = row;
  return {
    at: finishedAt ?? begunAt,
    by: actor,
    reason,
    what: inWords(would),
    ...{ system, step, workflowId, userId, status },
    before: before as AuditRow['before'],
    result: (result ?? null) as AuditRow['result'],
  };
}

const COLUMNS = [
  'at',
  'by',
  'reason',
  'what',
  'system',
  'step',
  'workflowId',
  'userId',
  'status',
  'before',
  'result',
] as const;

export function auditCsv(rows: readonly AuditRow[]): string {
  return toCsv(
    COLUMNS,
    rows.map((row) => COLUMNS.map((column) => row[column])),
  );
}
