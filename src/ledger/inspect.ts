import type { Pool, PoolClient } from 'pg';
import { MIGRATIONS } from './tables';
import { missingRights } from './prepare';

export interface LedgerState {
  readonly roundTripMs: number;
  /** The server's clock minus ours. */
  readonly clockAheadMs: number;
  /** A pooler, such as PgBouncer, is between us and the server. */
  readonly isPooled: boolean;
  /** A standby, or a role that may only read. */
  readonly isReadOnly: boolean;
  /** How many migrations it has, and how many this program knows. */
  readonly applied: number;
  readonly known: number;
  /** `insert on receipts`. None are looked for where there are no tables. */
  readonly missingRights: readonly string[];
  /** Why a row cannot be written although all of that is right, such as a full disk; undefined: it can. */
  readonly refusal: { readonly code: string } | undefined;
}

/** What a person has to know of the ledger. Changes nothing. @throws Error as the server or the network refuses. */
export async function inspectLedger(pool: Pool): Promise<LedgerState> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const server = await readServer(client);
    const applied = await readApplied(client);
    const hasTables = applied > 0;
    const missing = hasTables ? await missingRights(client) : [];
    const mayWrite = hasTables && !server.isReadOnly && missing.length === 0;
    const refusal = mayWrite ? await tryWrite(client) : undefined;
    return { ...server, applied, known: MIGRATIONS.length, missingRights: missing, refusal };
  } finally {
    await client.query('rollback').catch(() => undefined);
    client.release();
  }
}

type Server = Pick<LedgerState, 'roundTripMs' | 'clockAheadMs' | 'isPooled' | 'isReadOnly'>;

async function readServer(client: PoolClient): Promise<Server> {
  const sentAt = Date.now();
  const begunAt = performance.now();
  const { rows } = await client.query<{ now: number; pid: number; isReadOnly: boolean }>(
    `select extract(epoch from clock_timestamp())::float8 * 1000 as now, pg_backend_pid() as pid,
       current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
  );
  const roundTripMs = Math.round(performance.now() - begunAt);
  const { now = sentAt, pid = 0, isReadOnly = false } = rows[0] ?? {};
  return {
    roundTripMs,
    clockAheadMs: now - (sentAt + roundTripMs / 2),
    // What a pooler says at the start of a session is not the process that answers in the end.
    isPooled: pid !== (client as unknown as { readonly processID: number }).processID,
    isReadOnly,
  };
}

async function readApplied(client: PoolClient): Promise<number> {
  const { rows: tables } = await client.query<{ name: string | null }>(`select to_regclass('migrations') as name`);
  if (tables[0]?.name == null) return 0;
  const { rows } = await client.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from migrations',
  );
  return rows[0]?.version ?? 0;
}

/** The transaction is rolled back. */
async function tryWrite(client: PoolClient): Promise<LedgerState['refusal']> {
  try {
    await client.query(`insert into notes (workflow_id, text, by) values ('doctor', '', 'doctor')`);
    return undefined;
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}
