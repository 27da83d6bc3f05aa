import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { CHANNEL } from './announcements';

export interface LedgerListenerOptions {
  readonly url: () => string;
  /** Another connection: by it, whether what is said there is heard here is tried. */
  readonly pool: Pool;
  /** The tables that were written. */
  readonly onWritten: (tables: readonly string[]) => void;
  readonly retryMs?: number;
}

export interface LedgerListener {
  /** True while what is announced is heard. */
  readonly isListening: () => boolean;
  readonly close: () => Promise<void>;
}

const TIMEOUT_MS = 5000;
const RETRY_MS = 15_000;

/**
 * Hears what is announced of the ledger, on a connection of its own. A pooler in transaction mode (PgBouncer) and PGlite take `listen`, and
 * nothing is ever heard: so the first announcement is our own, and until it comes back, nobody is said to be listening.
 */
export function createLedgerListener(options: LedgerListenerOptions): LedgerListener {
  const stopping = new AbortController();
  let isListening = false;
  const setListening = (value: boolean): void => void (isListening = value);
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await listenOnce(options, stopping.signal, setListening).catch(() => undefined);
      isListening = false;
      await delay(options.retryMs ?? RETRY_MS, undefined, { signal: stopping.signal, ref: false }).catch(
        () => undefined,
      );
    }
  })();
  const close = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return { isListening: () => isListening, close };
}

/** Until the connection ends. @throws Error when it cannot be made. */
async function listenOnce(
  { url, pool, onWritten }: LedgerListenerOptions,
  signal: AbortSignal,
  setListening: (value: boolean) => void,
): Promise<void> {
  const client = new Client({
    connectionString: url(),
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    keepAlive: true,
  });
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  const end = (): void => void client.end().catch(() => undefined);
  client.on('error', end);
  signal.addEventListener('abort', end, { once: true });
  const probe = randomUUID();
  client.on('notification', ({ payload = '' }) => {
    if (payload === probe) setListening(true);
    else if (!UUID.test(payload)) onWritten(payload.split(','));
  });
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    await pool.query('select pg_notify($1, $2)', [CHANNEL, probe]);
    await ended;
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** Another process's probe. */
const UUID = /^[0-9a-f-]{36}$/;

/**
 * How many rows of each table were ever written, as Postgres' statistics have it: cheap, at most some seconds late, and without a row that
 * every writer would wait for.
 */
export async function readTableCounts(pool: Pool): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ name: string; written: string }>(
    `select relname as name, (n_tup_ins + n_tup_upd + n_tup_del)::text as written from pg_stat_user_tables
     where schemaname = current_schema()`,
  );
  return new Map(rows.map(({ name, written }) => [name, written]));
}
