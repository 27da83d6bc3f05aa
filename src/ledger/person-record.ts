import type { Pool, PoolClient } from 'pg';
import { inTransactionOf } from './pool';

/** The ledger's tables as they describe one person: JSON values, names as in the database, times ISO 8601 in UTC. */
export type PersonRecord = Readonly<Record<keyof typeof PERSON, readonly Readonly<Record<string, unknown>>[]>>;

/** What is read of a person, in an order that does not move. */
const PERSON = {
  learner: 'select * from learners where user_id = $1',
  departures: 'select * from departures where user_id = $1 order by at, event_id',
  completions: 'select * from completions where user_id = $1 order by at, event_id',
  quizResults: 'select * from quiz_results where user_id = $1 order by at, event_id',
  // Without what Salesforce has of it: that changes between two tries of one archive.
  progress: `select user_id, module_id, module_name, percent, seconds, at, event_id
    from progress where user_id = $1 order by module_id`,
  expiries: 'select * from expiries where user_id = $1 order by at, event_id',
  cases: `select workflow_id, user_id, kind, key, opened_by, opened_at, closed_at, gone
    from open_workflows where user_id = $1 order by opened_at, workflow_id`,
  receipts: `select event_id, event, workflow_id, body_digest, signed_at, received_at, recorded_at, closed_at, answer, outcome
    from receipts where user_id = $1 order by received_at, event_id`,
  // Without the archive's own writes: an archive that lists its writing would be another one each time it is tried again.
  effects: `select workflow_id, step, system, natural_key, event_id, mode, status, would, before, result, actor, reason,
      begun_at, finished_at
    from effects where user_id = $1 and system <> 'archive' order by begun_at, workflow_id, step, system, natural_key`,
} as const;

/** Everything the ledger knows about a person, for the archive. Equal contents make equal JSON. */
export async function readPerson(pool: Pool, userId: string): Promise<PersonRecord> {
  return inTransactionOf(pool, userId, async (client) => {
    const read: Record<string, unknown> = {};
    for (const [name, sql] of Object.entries(PERSON)) read[name] = await rowsOf(client, sql, userId);
    return read as PersonRecord;
  });
}

async function rowsOf(client: PoolClient, sql: string, userId: string): Promise<unknown> {
  const { rows } = await client.query(sql, [userId]);
  return JSON.parse(JSON.stringify(rows)) as unknown;
}
