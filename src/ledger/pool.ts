import { isNativeError } from 'node:util/types';
import { Pool, type PoolClient, type QueryResult } from 'pg';
import { CHANNEL, createAnnouncer, type Announcer } from './announcements';

export interface PoolSettings {
  /** `postgres://…`; a function is asked before each connection, since the password may have been rotated. */
  readonly url: string | (() => string);
  /** Connections at most. */
  readonly max?: number | undefined;
  /** How long connecting, and each statement, may take, in ms. A ledger step has 2 s as a local activity. */
  readonly timeoutMs?: number | undefined;
}

/** How much longer we wait for an answer than the server works on it: its own word leaves the connection usable. */
const ANSWER_MARGIN_MS = 200;

/** A busy pool uses a rotated password, or another server, within this time too. */
const MAX_LIFETIME_SECONDS = 60;

/** A process that is frozen in a transaction keeps its locks no longer. */
const IDLE_LIMIT_MS = 30_000;

/**
 * Connections to the ledger, opened on demand. A connection that breaks while idle is dropped silently: the next call gets
 * another. `query` is a transaction of its own. Between transactions a session has no state of ours, and its start-up
 * packet has no parameters: a pooler in transaction mode (PgBouncer) refuses those, and gives the session to others.
 */
export function openPool({ url, max = 10, timeoutMs = 1500 }: PoolSettings): Pool {
  const pool = new Pool({
    max,
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs + ANSWER_MARGIN_MS,
    keepAlive: true,
    // Statements that do not wait for one another's answers are one round trip.
    pipeline: true,
  });
  Object.defineProperty(pool.options, 'connectionString', { get: typeof url === 'string' ? () => url : url });
  pool.on('error', ignore);
  const query = (text: string, values?: unknown[]): Promise<QueryResult> => inOneRoundTrip(pool, text, values);
  const announce = (tables: readonly string[]): Promise<unknown> =>
    pool.ended ? Promise.resolve() : query('select pg_notify($1, $2)', [CHANNEL, tables.join(',')]);
  announcers.set(pool, createAnnouncer({ announce }));
  return Object.assign(pool, { query });
}

/** Of each pool that `openPool` made. */
const announcers = new WeakMap<Pool, Announcer>();

type Work<T> = (client: PoolClient) => Promise<T>;

/** Run `work` in one READ COMMITTED transaction; what it throws rolls back. @throws what `work` does, and the pool's errors. */
export function inTransaction<T>(pool: Pool, work: Work<T>): Promise<T> {
  return run(pool, work, () => begin(pool));
}

/**
 * The same under the one lock of a learner, as every transaction about them. Two that each write a fact and read the other's
 * under READ COMMITTED without it both miss the other's. A statement of its own, sent with `begin`: what follows takes its
 * snapshot after the lock, not before. Never two of them in one transaction.
 */
export function inTransactionOf<T>(pool: Pool, learner: string, work: Work<T>): Promise<T> {
  // A message to Postgres ends at a NUL.
  const key = (client: PoolClient): string => client.escapeLiteral(storable(learner));
  return run(
    pool,
    work,
    (client) => `${begin(pool)}; select pg_advisory_xact_lock(hashtextextended(${key(client)}, 0))`,
  );
}

function run<T>(pool: Pool, work: Work<T>, beginning: (client: PoolClient) => string): Promise<T> {
  return onConnection(pool, async (client) => {
    await client.query(beginning(client));
    const result = await work(client);
    requireCommit(await client.query('commit'));
    return result;
  });
}

/** A transaction of one statement: nothing has to wait for an answer before it sends the next. */
function inOneRoundTrip(pool: Pool, text: string, values?: unknown[]): Promise<QueryResult> {
  return onConnection(pool, async (client) => {
    const [, result, commit] = await Promise.all([
      client.query(begin(pool)),
      client.query(text, values),
      client.query('commit'),
    ]);
    requireCommit(commit);
    return result;
  });
}

/** Postgres answers the commit of a failed transaction with a rollback, not with an error. */
function requireCommit({ command }: Pick<QueryResult, 'command'>): void {
  if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
}

async function onConnection<T>(pool: Pool, transaction: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks between two statements says so by an event, which ends the process when nobody listens.
  client.on('error', ignore);
  let isUsable = true;
  try {
    const watched = announcers.get(pool)?.watch(client);
    const result = await transaction(watched?.client ?? client);
    watched?.committed();
    return result;
  } catch (error) {
    isUsable = !isUnavailable(error) && (await isRolledBack(client));
    throw error;
  } finally {
    client.removeListener('error', ignore);
    client.release(!isUsable);
  }
}

/** One round trip. Its limits end with the transaction. */
function begin({ options }: Pool): string {
  const limitMs = Number(options.query_timeout) - ANSWER_MARGIN_MS;
  return (
    `begin isolation level read committed; set local statement_timeout = ${limitMs}; ` +
    `set local idle_in_transaction_session_timeout = ${Math.max(IDLE_LIMIT_MS, limitMs)}`
  );
}

async function isRolledBack(client: PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}

function ignore(): void {
  // Nothing to do: the pool drops the connection, and the call that waits for it gets the error.
}

const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * Connection exceptions, insufficient resources, shutdown, serialization failure, deadlock, time-outs, and
 * writing to a server that has just become a standby (PostgreSQL's documentation, appendix A).
 */
const PASSING_SQLSTATE = /^(08...|53...|57P0.|40001|40P01|57014|25006|25P0[34])$/;

/** What `pg` says without any code. */
const PASSING_MESSAGES = [
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
];

/** True when the same call may pass later: the ledger is away, slow or busy. False: a bug, a constraint, a wrong setting. */
export function isUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    NETWORK_CODES.has(code) ||
    PASSING_SQLSTATE.test(code) ||
    PASSING_MESSAGES.some((beginning) => message.startsWith(beginning))
  );
}

/** What Postgres always refuses in a text and in JSON: NUL, and half a surrogate pair, which UTF-8 cannot encode. */
const NOT_STORABLE = /\0|\p{Cs}/gu;

/** The text with U+FFFD for each character that Postgres refuses. */
export function storable(text: string): string {
  return text.replace(NOT_STORABLE, '\uFFFD');
}

/** JSON that a jsonb column takes, whatever texts are in it. Names of fields are ours and stay as they are. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => (typeof each === 'string' ? storable(each) : each));
}
