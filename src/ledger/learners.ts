import type { PoolClient } from 'pg';
import { orderOf, type Fact } from '../domain';

/** A fact and the event that said it. */
export interface StoredFact<F extends Fact = Fact> {
  readonly eventId: string;
  readonly fact: F;
}

/**
 * `rehired?`: provisioned by a delivery later than the departure, but a header's time does not prove the order. Nothing
 * is granted then; a person is asked.
 */
export type LearnerStanding = 'active' | 'left' | 'rehired?';

/** `provisionedAt`: of the latest delivery; `leftAt`: of the latest departure that has come. Epoch ms, null: none. */
export function standingOf(provisionedAt: number | null, leftAt: number | null): LearnerStanding {
  if (leftAt === null) return 'active';
  const order = provisionedAt === null ? 'older' : orderOf(provisionedAt, leftAt);
  return ({ older: 'left', unproven: 'rehired?', newer: 'active' } as const)[order];
}

export async function storeProvisioned(client: PoolClient, fact: Fact & { kind: 'provisioned' }): Promise<void> {
  await client.query(
    `insert into learners (user_id, email, role, team_id, provisioned_at) values ($1, $2, $3, $4, $5)
     on conflict (user_id) do update set email = excluded.email, role = excluded.role, team_id = excluded.team_id,
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
    [eventId, userId, reason, new Date(at)],
  );
}

/** The latest hire that is known, with the event that said it (`unknown` once its receipt is pruned). */
export async function hireOf(client: PoolClient, userId: string): Promise<StoredFact | null> {
  const { rows } = await client.query<HireRow>(
    `select l.email, l.role, l.team_id, l.provisioned_at,
       (select r.event_id from receipts r join open_workflows o on o.workflow_id = r.workflow_id
        where r.user_id = $1 and o.kind = 'onboarding' and o.opened_by = l.provisioned_at
        order by r.recorded_at limit 1) as event_id
     from learners l where l.user_id = $1 and l.provisioned_at is not null`,
    [userId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { email, role, team_id: teamId, provisioned_at: at } = row;
  return {
    eventId: row.event_id ?? 'unknown',
    fact: { kind: 'provisioned', userId, email: email ?? '', role: role ?? '', teamId: teamId ?? '', at: at.getTime() },
  };
}

interface HireRow {
  readonly event_id: string | null;
  readonly email: string | null;
  readonly role: string | null;
  readonly team_id: string | null;
  readonly provisioned_at: Date;
}

/** A departure that has come, and what it makes of the learner. */
export interface Departure extends StoredFact {
  readonly standing: Exclude<LearnerStanding, 'active'>;
}

/** The departure that ended the learner's standing; null while they are active, as one whose departure is still to come is. */
export async function departureOf(client: PoolClient, userId: string): Promise<Departure | null> {
  const { rows } = await client.query<DepartureRow>(
    `select d.event_id, d.reason, d.at, l.email, l.provisioned_at
     from departures d left join learners l on l.user_id = d.user_id
     where d.user_id = $1 and d.withdrawn_by is null and d.at <= now()
     order by d.at desc, d.event_id limit 1`,
    [userId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const at = row.at.getTime();
  const standing = standingOf(row.provisioned_at?.getTime() ?? null, at);
  if (standing === 'active') return null;
  return {
    standing,
    eventId: row.event_id,
    fact: { kind: 'deprovisioned', userId, email: row.email ?? '', reason: row.reason, at },
  };
}

interface DepartureRow {
  readonly event_id: string;
  readonly reason: string;
  readonly at: Date;
  readonly email: string | null;
  readonly provisioned_at: Date | null;
}
