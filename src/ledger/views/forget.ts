import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { inTransactionOf, storable } from '../pool';

export interface ForgetRequest {
  readonly userId: string;
  /** The credential's name. */
  readonly by: string;
  readonly reason: string;
  /** Look only. */
  readonly dryRun: boolean;
}

export type Forgotten =
  | { readonly outcome: 'unknown' }
  /** These workflows of theirs run: they would write the person down again. */
  | { readonly outcome: 'busy'; readonly workflowIds: readonly string[] }
  | {
      readonly outcome: 'forgotten';
      /** By table; of `effects` and `receipts` those that stay without the person. */
      readonly rows: Readonly<Record<string, number>>;
      /** Paths under the archive's root. */
      readonly archived: readonly string[];
      /** What stands in the audit for the person from now on. */
      readonly pseudonym: string;
      /** When the last of their workflows ended, ISO 8601; null: none is known. */
      readonly lastClosedAt: string | null;
    };

/**
 * Erase a person, in one transaction under their lock. Receipts stay, so that a delivery that comes again does not run again; changes
 * stay as who changed which system when. Both have a random pseudonym for the person, and no text that could name them.
 */
export async function forgetPerson(pool: Pool, request: ForgetRequest): Promise<Forgotten> {
  try {
    return await inTransactionOf(pool, storable(request.userId), async (client) => {
      const forgotten = await forget(client, { ...request, userId: storable(request.userId) });
      if (request.dryRun) throw new DryRun(forgotten);
      return forgotten;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.forgotten;
    throw error;
  }
}

/** Rolls back what a dry run did to count it. */
class DryRun extends Error {
  readonly forgotten: Forgotten;

  constructor(forgotten: Forgotten) {
    super('a dry run');
    this.forgotten = forgotten;
  }
}

async function forget(client: PoolClient, request: ForgetRequest): Promise<Forgotten> {
  const { userId } = request;
  const running = await runningOf(client, userId);
  if (running.length > 0) return { outcome: 'busy', workflowIds: running };
  const archived = await archivedOf(client, userId);
  const lastClosedAt = await lastClosedOf(client, userId);
  const pseudonym = `forgotten:${randomUUID()}`;
  const rows: Record<string, number> = {};
  for (const [table, sql] of STATEMENTS) {
    const values = sql.includes('$2') ? [userId, pseudonym] : [userId];
    const { rowCount } = await client.query(sql, values);
    rows[table] = (rows[table] ?? 0) + (rowCount ?? 0);
  }
  if (Object.values(rows).every((count) => count === 0)) return { outcome: 'unknown' };
  await writeDown(client, request, pseudonym, rows);
  return { outcome: 'forgotten', rows, archived, pseudonym, lastClosedAt };
}

async function runningOf(client: PoolClient, userId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ workflow_id: string }>(
    `select workflow_id from open_workflows where user_id = $1 and closed_at is null and not gone
     union select workflow_id from receipts where user_id = $1 and closed_at is null order by 1`,
    [userId],
  );
  return rows.map(({ workflow_id: workflowId }) => workflowId);
}

async function archivedOf(client: PoolClient, userId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ key: string }>(
    `select distinct would ->> 'key' as key from effects
     where user_id = $1 and system = 'archive' and status in ('done', 'pending') and would ? 'key' order by 1`,
    [userId],
  );
  return rows.map(({ key }) => key);
}

async function lastClosedOf(client: PoolClient, userId: string): Promise<string | null> {
  const { rows } = await client.query<{ at: Date | null }>(
    'select max(closed_at) as at from receipts where user_id = $1',
    [userId],
  );
  return rows[0]?.at?.toISOString() ?? null;
}

const OWN_WORKFLOWS = `(select workflow_id from receipts where user_id = $1 union select workflow_id from effects where user_id = $1)`;

/** Numbers, names and keys may name a person; yes and no do not. */
const ONLY_BOOLEANS = (column: string): string =>
  `(select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(${column}) where jsonb_typeof(value) = 'boolean')`;

/** In order: what names their workflows goes before these are renamed. $1: the user id; $2: the pseudonym. */
const STATEMENTS: readonly (readonly [table: string, sql: string])[] = [
  ['notes', `delete from notes where workflow_id in ${OWN_WORKFLOWS}`],
  ['alert_cases', `delete from alert_cases where workflow_id in ${OWN_WORKFLOWS}`],
  [
    'managers',
    `update learners set manager_email = null
     where lower(manager_email) in (select lower(email) from learners where user_id = $1)`,
  ],
  ['learners', 'delete from learners where user_id = $1'],
  ['departures', 'delete from departures where user_id = $1'],
  ['completions', 'delete from completions where user_id = $1'],
  ['quiz_results', 'delete from quiz_results where user_id = $1'],
  ['progress', 'delete from progress where user_id = $1'],
  ['expiries', 'delete from expiries where user_id = $1'],
  ['open_workflows', 'delete from open_workflows where user_id = $1'],
  [
    'effects',
    `update effects set user_id = $2, natural_key = 'forgotten:' || gen_random_uuid(), would = ${ONLY_BOOLEANS('would')},
       before = case when before is null then null else ${ONLY_BOOLEANS('before')} end, result = null, reason = null
     where user_id = $1`,
  ],
  [
    'receipts',
    `update receipts set user_id = $2, final = null,
       ended_by = case when ended_by is null then null else ended_by || '{"reason": null}' end
     where user_id = $1`,
  ],
];

/** The audit has who erased whom, by the pseudonym, and how much. */
async function writeDown(
  client: PoolClient,
  { by, reason }: ForgetRequest,
  pseudonym: string,
  rows: Readonly<Record<string, number>>,
): Promise<void> {
  await client.query(
    `insert into effects (workflow_id, step, system, natural_key, event_id, user_id, mode, status, would, actor, reason, finished_at)
     values ($1, 'forget', 'ledger', $1, $1, $1, 'on', 'done', $2, $3, $4, now())`,
    [pseudonym, JSON.stringify({ erased: true, rows }), storable(by), storable(reason)],
  );
}
