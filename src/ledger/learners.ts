import type { Pool, PoolClient } from 'pg';
import { orderOf, type Fact } from '../domain';
import { inTransactionOf } from './pool';

/** Each a transaction of its own, or all in one. */
type Queries = Pick<Pool | PoolClient, 'query'>;

/** A fact and the event that said it. */
export interface StoredFact<F extends Fact = Fact> {
  readonly eventId: string;
  readonly fact: F;
}

/**
 * `rehireUnconfirmed`: provisioned by a delivery later than the departure, but a header's time does not prove the order. Nothing
 * is granted then; a person is asked.
 */
export type LearnerStanding = 'active' | 'left' | 'rehireUnconfirmed';

/** `provisionedAt`: of the latest delivery; `leftAt`: of the latest departure that has come. Epoch ms, null: none. */
export function standingOf(provisionedAt: number | null, leftAt: number | null): LearnerStanding {
  if (leftAt === null) return 'active';
  const order = provisionedAt === null ? 'older' : orderOf(provisionedAt, leftAt);
  return ({ older: 'left', unproven: 'rehireUnconfirmed', newer: 'active' } as const)[order];
}

export async function storeProvisioned(client: PoolClient, fact: Fact & { kind: 'provisioned' }): Promise<void> {
  await client.query(
    `insert into learners (user_id, email, role, team_id, provisioned_at) values ($1, $2, $3, $4, $5)
     on conflict (user_id) do update set email = coalesce(excluded.email, learners.email),
       role = coalesce(excluded.role, learners.role), team_id = coalesce(excluded.team_id, learners.team_id),
       provisioned_at = excluded.provisioned_at
     where learners.provisioned_at is null or learners.provisioned_at <= excluded.provisioned_at`,
    [fact.userId, fact.email, fact.role, fact.teamId, new Date(fact.at)],
  );
}

/**
 * Every departure is kept, and the standing is read from them all: one that is announced, one that was overtaken by a
 * new hire and one that comes late then need no order of arrival. The address is kept where none is known.
 */
export async function storeDeparture(
  client: PoolClient,
  eventId: string,
  { userId, email, reason, at }: Fact & { kind: 'deprovisioned' },
): Promise<void> {
  await client.query(
    `insert into learners (user_id, email) values ($1, $2)
     on conflict (user_id) do update set email = coalesce(learners.email, excluded.email)`,
    [userId, email],
  );
  await client.query(
    `insert into departures (event_id, user_id, reason, at) values ($1, $2, $3, $4) on conflict do nothing`,
    [eventId, userId, reason ?? '', new Date(at)],
  );
}

/** The latest hire that is known, with the event that said it (`unknown` once its receipt is pruned). */
export async function hireOf(client: PoolClient, userId: string): Promise<StoredFact | null> {
  const { rows } = await client.query<Fact & { kind: 'provisioned' } & { eventId: string; hiredAt: Date }>(
    `select l.email, l.role, l.team_id as "teamId", l.provisioned_at as "hiredAt", coalesce(
         (select r.event_id from receipts r join open_workflows o on o.workflow_id = r.workflow_id
          where r.user_id = $1 and o.kind = 'onboarding' and o.opened_by = l.provisioned_at
          order by r.recorded_at limit 1), 'unknown') as "eventId"
     from learners l where l.user_id = $1 and l.provisioned_at is not null`,
    [userId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { eventId, email, role, teamId, hiredAt } = row;
  return { eventId, fact: { kind: 'provisioned', userId, email, role, teamId, at: hiredAt.getTime() } };
}

/** A departure that has come, and what it makes of the learner. */
export interface Departure extends StoredFact {
  readonly standing: Exclude<LearnerStanding, 'active'>;
}

/** The departure that ended the learner's standing; null while they are active, as one whose departure is still to come is. */
export async function departureOf(client: PoolClient, userId: string): Promise<Departure | null> {
  const { rows } = await client.query<{
    eventId: string;
    reason: string;
    at: Date;
    email: string | null;
    hiredAt: Date | null;
  }>(
    `select d.event_id as "eventId", d.reason, d.at, l.email, l.provisioned_at as "hiredAt"
     from departures d left join learners l on l.user_id = d.user_id
     where d.user_id = $1 and d.withdrawn_by is null and d.at <= now()
     order by d.at desc, d.event_id limit 1`,
    [userId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { eventId, reason, email, hiredAt } = row;
  const at = row.at.getTime();
  const standing = standingOf(hiredAt?.getTime() ?? null, at);
  return standing === 'active'
    ? null
    : { standing, eventId, fact: { kind: 'deprovisioned', userId, email, reason, at } };
}

export interface Learner {
  readonly userId: string;
  readonly email: string | null;
  readonly role: string | null;
  readonly teamId: string | null;
  readonly managerEmail: string | null;
  /** Only `active` learners are granted anything; of `rehireUnconfirmed` a person is asked. */
  readonly active: boolean;
  readonly standing: LearnerStanding;
}

/** Null: the ledger does not know them. */
export async function findLearner(pool: Queries, userId: string): Promise<Learner | null> {
  const { rows } = await pool.query<
    Omit<Learner, 'userId' | 'active' | 'standing'> & { hiredAt: Date | null; leftAt: Date | null }
  >(
    `select email, role, team_id as "teamId", manager_email as "managerEmail", provisioned_at as "hiredAt",
       (select max(at) from departures where user_id = $1 and withdrawn_by is null and at <= now()) as "leftAt"
     from learners where user_id = $1`,
    [userId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { hiredAt, leftAt, ...known } = row;
  const standing = standingOf(hiredAt?.getTime() ?? null, leftAt?.getTime() ?? null);
  return { userId, ...known, active: standing === 'active', standing };
}

/** The ledger knows another address of the learner, and this one as somebody else's. */
export async function isOfAnotherLearner(pool: Pool, userId: string, email: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from learners own where own.user_id = $1 and lower(own.email) <> lower($2)
     and exists (select from learners other where other.user_id <> $1 and lower(other.email) = lower($2))`,
    [userId, email],
  );
  return rowCount !== 0;
}

/**
 * Of these addresses those that no message about the learner may go to: the learner's own, and those of people who are
 * known and of whom none is active. Lower case; an address of nobody whom the ledger knows is not among them.
 */
export async function findUnfit(
  pool: Queries,
  { userId, addresses }: { readonly userId: string; readonly addresses: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ email: string; userId: string; hiredAt: Date | null; leftAt: Date | null }>(
    `select lower(email) as email, user_id as "userId", provisioned_at as "hiredAt",
       (select max(at) from departures d where d.user_id = l.user_id and d.withdrawn_by is null and d.at <= now()) as "leftAt"
     from learners l where lower(email) = any($1)`,
    [addresses.map((address) => address.toLowerCase())],
  );
  const fit = new Set(
    rows
      .filter((row) => standingOf(row.hiredAt?.getTime() ?? null, row.leftAt?.getTime() ?? null) === 'active')
      .map(({ email }) => email),
  );
  const own = new Set(rows.filter((row) => row.userId === userId).map(({ email }) => email));
  return [...new Set(rows.map(({ email }) => email))].filter((email) => own.has(email) || !fit.has(email)).sort();
}

/**
 * Other learners who have one of these addresses, or the one that the ledger knows of this learner, and who have not left for
 * sure: an account may be of several learners.
 */
export async function sharersOf(
  pool: Queries,
  { userId, emails }: { readonly userId: string; readonly emails: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ userId: string; hiredAt: Date | null; leftAt: Date | null }>(
    `select l.user_id as "userId", l.provisioned_at as "hiredAt", (
       select max(at) from departures d where d.user_id = l.user_id and d.withdrawn_by is null and d.at <= now()) as "leftAt"
     from learners l
     where l.user_id <> $1 and lower(btrim(l.email)) = any(array(
       select lower(btrim(email)) from unnest($2::text[]) as email
       union select lower(btrim(email)) from learners where user_id = $1 and email is not null))
     order by l.user_id limit 20`,
    [userId, emails],
  );
  return rows
    .filter(({ hiredAt, leftAt }) => standingOf(hiredAt?.getTime() ?? null, leftAt?.getTime() ?? null) !== 'left')
    .map((row) => row.userId);
}

/** A person gave the learner's address. */
export async function setLearnerEmail(pool: Pool, userId: string, email: string): Promise<void> {
  await inTransactionOf(pool, userId, async (client) => {
    await client.query(
      `insert into learners (user_id, email) values ($1, $2) on conflict (user_id) do update set email = excluded.email`,
      [userId, email],
    );
  });
}

/**
 * The offboarding of the departure `eventId` was cancelled: the learner is with us after all, so whatever departures were
 * known by then are withdrawn, except those with an offboarding of their own. Repeat-safe: a departure that comes later
 * is not withdrawn.
 */
export async function reinstateLearner(
  pool: Pool,
  { userId, eventId }: { readonly userId: string; readonly eventId: string },
): Promise<void> {
  await inTransactionOf(pool, userId, async (client) => {
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
