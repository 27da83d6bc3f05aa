import type { Pool, PoolClient } from 'pg';
import { lockLearner } from './lock';
import { standingOf, type LearnerStanding } from './learners';
import { inTransaction } from './pool';

export interface Learner {
  readonly userId: string;
  readonly email: string | null;
  readonly role: string | null;
  readonly teamId: string | null;
  readonly managerEmail: string | null;
  /** Only `active` learners are granted anything; `rehired?` has to be asked. */
  readonly active: boolean;
  readonly standing: LearnerStanding;
}

/** Null: the ledger has not heard of them. */
export async function findLearner(pool: Pool, userId: string): Promise<Learner | null> {
  const { rows } = await pool.query<LearnerRow>(
    `select l.email, l.role, l.team_id, l.manager_email, l.provisioned_at,
       (select max(at) from departures where user_id = $1 and withdrawn_by is null and at <= now()) as left_at
     from learners l where l.user_id = $1`,
    [userId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { email, role, team_id: teamId, manager_email: managerEmail } = row;
  const standing = standingOf(row.provisioned_at?.getTime() ?? null, row.left_at?.getTime() ?? null);
  return { userId, email, role, teamId, managerEmail, active: standing === 'active', standing };
}

interface LearnerRow {
  readonly email: string | null;
  readonly role: string | null;
  readonly team_id: string | null;
  readonly manager_email: string | null;
  readonly provisioned_at: Date | null;
  readonly left_at: Date | null;
}

/** A person told the learner's address. */
export async function setLearnerEmail(pool: Pool, userId: string, email: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await lockLearner(client, userId);
    await client.query(
      `insert into learners (user_id, email) values ($1, $2) on conflict (user_id) do update set email = excluded.email`,
      [userId, email],
    );
  });
}

/**
 * The offboarding of the departure `eventId` was cancelled: the learner is with us after all, so whatever departures were
 * known by then are taken back, but for those with an offboarding of their own. Repeat-safe: a departure that comes later
 * stands.
 */
export async function reinstateLearner(
  pool: Pool,
  { userId, eventId }: { readonly userId: string; readonly eventId: string },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await lockLearner(client, userId);
    await client.query(
      `update departures set withdrawn_by = $2 where user_id = $1 and withdrawn_by is null
       and not exists (select from departures where event_id = $2 and withdrawn_by is not null)
       and (event_id = $2 or not exists (
         select from receipts r join open_workflows o on o.workflow_id = r.workflow_id
         where r.event_id = departures.event_id and o.kind = 'offboarding' and o.closed_at is null and not o.gone))`,
      [userId, eventId],
    );
  });
}

/** How many of these workflows still wait: neither closed nor gone. */
export async function countOpen(pool: Pool, workflowIds: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ open: number }>(
    `select count(*)::int as open from open_workflows
     where workflow_id = any($1) and closed_at is null and not gone`,
    [workflowIds],
  );
  return rows[0]?.open ?? 0;
}

/** The completion of a course with a learner's best score, the earliest of equals; null when they never completed it. */
export async function bestCompletion(
  pool: Pool,
  userId: string,
  courseId: string,
): Promise<{ readonly score: number; readonly at: Date } | null> {
  const { rows } = await pool.query<{ score: number; at: Date }>(
    'select score, at from completions where user_id = $1 and course_id = $2 order by score desc, at, event_id limit 1',
    [userId, courseId],
  );
  return rows[0] ?? null;
}

/** The ledger's tables as they hold one person: JSON values, names as in the database, times ISO 8601 in UTC. */
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

/** Everything the ledger holds about a person, for the archive. Equal contents make equal JSON. */
export async function readPerson(pool: Pool, userId: string): Promise<PersonRecord> {
  return inTransaction(pool, async (client) => {
    await lockLearner(client, userId);
    const read: Record<string, unknown> = {};
    for (const [name, sql] of Object.entries(PERSON)) read[name] = await rowsOf(client, sql, userId);
    return read as PersonRecord;
  });
}

async function rowsOf(client: PoolClient, sql: string, userId: string): Promise<unknown> {
  const { rows } = await client.query(sql, [userId]);
  return JSON.parse(JSON.stringify(rows)) as unknown;
}
