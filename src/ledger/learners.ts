import type { PoolClient } from 'pg';
import { newsFor, type OpenWorkflow } from '../domain/correlation';
import type { Fact } from '../domain/facts';

/** A fact and the event that said it. */
export interface Stored<F extends Fact = Fact> {
  readonly eventId: string;
  readonly fact: F;
}

/**
 * `rehired?`: provisioned by a delivery later than the departure, but a header's time does not prove the order. Nothing
 * is granted then; a person is asked.
 */
export type Standing = 'active' | 'left' | 'rehired?';

/** `provisionedAt`: of the latest delivery; `leftAt`: of the latest departure that has come. Epoch ms, null: none. */
export function standingOf(provisionedAt: number | null, leftAt: number | null): Standing {
  if (leftAt === null) return 'active';
  if (provisionedAt === null || provisionedAt <= leftAt) return 'left';
  return mayBeOlder(provisionedAt, leftAt) ? 'rehired?' : 'active';
}

/** The correlation table knows how uncertain a header's time is: this asks whether the departure would end that hire's onboarding. */
function mayBeOlder(provisionedAt: number, leftAt: number): boolean {
  const hire: OpenWorkflow = { workflowId: 'hire', kind: 'onboarding', key: '', openedBy: provisionedAt };
  const departure: Fact = { kind: 'deprovisioned', userId: '', email: '', reason: '', at: leftAt };
  return newsFor(hire, departure, 'departure', { courses: {}, renewalLeadDays: 0 }) !== null;
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

/** The departure that ended the learner's standing; null while they are active, as one whose departure is still to come is. */
export async function departureOf(client: PoolClient, userId: string): Promise<Stored | null> {
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
  if (standingOf(row.provisioned_at?.getTime() ?? null, at) === 'active') return null;
  return {
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
