import { z } from 'zod';
import { auditCsv, auditRow, type AuditRow } from '../operations';
import { askOps, type AskOps, type AskOpsOptions } from './ask-ops';

export interface AuditCommand extends AskOpsOptions {
  readonly user?: string;
  readonly since?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const page = z.object({ rows: z.array(auditRow), next: z.string().nullable() });
const PAGE_ROWS = 500;

/**
 * `mt audit`: who and what changed which system, when and why; the newest first.
 * @returns 0.
 * @throws SettingsError when no token is known; Error when nobody answers, or the filter is refused.
 */
export async function runAudit(options: AuditCommand): Promise<number> {
  const rows = await readAll(askOps(options), { userId: options.user, since: options.since });
  if (options.json === true) console.log(JSON.stringify({ rows }));
  // It ends its last line itself.
  else if (options.csv === true) process.stdout.write(auditCsv(rows));
  else for (const row of rows) console.log(lineOf(row));
  return 0;
}

async function readAll(
  ops: AskOps,
  filter: Readonly<Record<string, string | undefined>>,
): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = [];
  let cursor: string | undefined;
  do {
    const read = page.parse(await ops.get('/api/audit', { ...filter, limit: PAGE_ROWS, cursor }));
    rows.push(...read.rows);
    cursor = read.next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

function lineOf({ at, by, reason, what, system, step, workflowId, userId, status }: AuditRow): string {
  const who = by === null ? '' : ` by ${by}${reason === null ? '' : `: ${reason}`}`;
  return `${at}  ${system ?? ''} ${step ?? ''} ${status ?? ''} (${what})${who}  ${userId ?? ''} ${workflowId ?? ''}`.trimEnd();
}
