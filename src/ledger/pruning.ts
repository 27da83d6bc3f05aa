import type { Pool } from 'pg';

/** How many rows of each table went. */
export interface Pruned {
  readonly receipts: number;
  readonly replays: number;
  readonly refusals: number;
  /** There may be more that are as old: ask again. */
  readonly more: boolean;
}

export interface PruneOptions {
  readonly olderThanDays: number;
  /** A leaver's receipt has the state that the offboarding ended with: it is evidence, and stays so long. */
  readonly auditDays?: number;
  /** Rows a statement: its locks are short, and a statement has a second and a half. */
  readonly batchRows?: number;
  /** Statements at most, of all tables together. */
  readonly maxBatches?: number;
}

/**
 * Forget what is older than so many days: receipts by when their workflow closed, never one whose workflow is open;
 * replays and refusals by when they came. In batches that do not block other transactions: locked rows wait for the
 * next time.
 */
export async function pruneLedger(
  pool: Pool,
  { olderThanDays, auditDays = olderThanDays, batchRows = 500, maxBatches = 20 }: PruneOptions,
): Promise<Pruned> {
  const counts = { receipts: 0, replays: 0, refusals: 0 };
  const tables: Table[] = ['receipts', 'replays', 'refusals'];
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const [table] = tables;
    if (table === undefined) return { ...counts, more: false };
    const days = table === 'receipts' ? [olderThanDays, batchRows, auditDays] : [olderThanDays, batchRows];
    const { rowCount } = await pool.query(PRUNE[table], days);
    counts[table] += rowCount ?? 0;
    if ((rowCount ?? 0) < batchRows) tables.shift();
  }
  return { ...counts, more: tables.length > 0 };
}

type Table = 'receipts' | 'replays' | 'refusals';

/** By the database's clock, which wrote the times. */
const PRUNE: Readonly<Record<Table, string>> = {
  receipts: pruning(
    'receipts',
    'closed_at',
    `and (event is distinct from 'user.deprovisioned' or closed_at < now() - $3 * interval '1 day')`,
  ),
  replays: pruning('replays', 'recorded_at'),
  refusals: pruning('refusals', 'minute'),
};

function pruning(table: Table, time: string, also = ''): string {
  return `delete from ${table} where ctid = any(array(
    select ctid from ${table} where ${time} < now() - $1 * interval '1 day' ${also}
    order by ${time} limit $2 for update skip locked))`;
}
