import type { Pool, PoolClient } from 'pg';
import { certificateKey, type Fact } from '../domain';
import { storeDeparture, storeProvisioned, type StoredFact } from './learners';

type FactOf<Kind extends Fact['kind']> = Fact & { kind: Kind };

/**
 * Write down what an event says. A fact that is there already stays as it is: the receipt of its event may have been
 * pruned since. Nothing older undoes anything newer.
 */
export async function storeFact(client: PoolClient, eventId: string, fact: Fact): Promise<void> {
  switch (fact.kind) {
    case 'completed':
      return storeCompletion(client, eventId, fact);
    case 'quizzed':
      return storeQuizResult(client, eventId, fact);
    case 'provisioned':
      return storeProvisioned(client, fact);
    case 'deprovisioned':
      return storeDeparture(client, eventId, fact);
    case 'progressed':
      return storeProgress(client, eventId, fact);
    case 'expired':
      return storeExpiry(client, eventId, fact);
    default:
      // The receipt alone says that the event came.
      return;
  }
}

async function storeCompletion(client: PoolClient, eventId: string, fact: FactOf<'completed'>): Promise<void> {
  await client.query(
    `insert into completions (event_id, user_id, course_id, course_name, score, at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [eventId, fact.userId, fact.courseId, fact.courseName, fact.score, new Date(fact.at)],
  );
}

async function storeQuizResult(client: PoolClient, eventId: string, fact: FactOf<'quizzed'>): Promise<void> {
  await client.query(
    `insert into quiz_results (event_id, user_id, quiz_id, quiz_name, result, percent, at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [eventId, fact.userId, fact.quizId, fact.quizName, fact.result, fact.percent, new Date(fact.at)],
  );
}

async function storeProgress(client: PoolClient, eventId: string, fact: FactOf<'progressed'>): Promise<void> {
  await client.query(
    `insert into progress (user_id, module_id, module_name, percent, seconds, at, event_id)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (user_id, module_id) do update set
       percent = greatest(progress.percent, excluded.percent),
       seconds = greatest(progress.seconds, excluded.seconds),
       module_name = case when excluded.at >= progress.at then excluded.module_name else progress.module_name end,
       event_id = case when excluded.at >= progress.at then excluded.event_id else progress.event_id end,
       at = greatest(progress.at, excluded.at),
       sync_at = case when excluded.percent > progress.percent or excluded.seconds > progress.seconds
           or (excluded.at >= progress.at and excluded.module_name <> progress.module_name)
         then clock_timestamp() else progress.sync_at end`,
    [fact.userId, fact.moduleId, fact.moduleName, fact.percent, fact.seconds, new Date(fact.at), eventId],
  );
}

async function storeExpiry(client: PoolClient, eventId: string, fact: FactOf<'expired'>): Promise<void> {
  await client.query(
    `insert into expiries (event_id, user_id, cert_key, cert_name, at, deadline)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [eventId, fact.userId, certificateKey(fact.certName), fact.certName, new Date(fact.at), new Date(fact.deadline)],
  );
}

export interface StoredCompletion extends StoredFact<FactOf<'completed'>> {
  /** Certificate key → when that certificate had expired (epoch ms), for each one that this completion has renewed. */
  readonly settled: Readonly<Record<string, number>>;
}

/** All completions of a learner, newest first. */
export async function completionsOf(client: PoolClient, userId: string): Promise<readonly StoredCompletion[]> {
  const { rows } = await client.query<StoredCompletion & FactOf<'completed'>>(
    `select event_id as "eventId", course_id as "courseId", course_name as "courseName", score, ${inMs('at')}, settled
     from completions where user_id = $1 order by completions.at desc, event_id`,
    [userId],
  );
  return rows.map(({ eventId, settled, ...fields }) => ({
    eventId,
    fact: { ...fields, kind: 'completed', userId },
    settled,
  }));
}

export type StoredExpiry = StoredFact<FactOf<'expired'>>;

/** All that a learner's certificates have expired, newest first. */
export function expiriesOf(client: PoolClient, userId: string): Promise<readonly StoredExpiry[]> {
  return factsOf(
    client,
    { kind: 'expired', userId },
    `select event_id as "eventId", cert_name as "certName", ${inMs('at')}, ${inMs('deadline')}
     from expiries where user_id = $1 order by expiries.at desc, event_id`,
  );
}

/** All quiz results of a learner, oldest first. */
export function quizResultsOf(client: PoolClient, userId: string): Promise<readonly StoredFact[]> {
  return factsOf(
    client,
    { kind: 'quizzed', userId },
    `select event_id as "eventId", quiz_id as "quizId", quiz_name as "quizName", result, percent, ${inMs('at')}
     from quiz_results where user_id = $1 order by quiz_results.at, event_id`,
  );
}

/** A learner's progress, one a module, by the event that was the latest, oldest first. */
export function progressOf(client: PoolClient, userId: string): Promise<readonly StoredFact[]> {
  return factsOf(
    client,
    { kind: 'progressed', userId },
    `select event_id as "eventId", module_id as "moduleId", module_name as "moduleName", percent, seconds, ${inMs('at')}
     from progress where user_id = $1 order by progress.at, event_id`,
  );
}

/** The rows of `sql` as facts: its columns are the fact's fields, beside `eventId`. */
async function factsOf<Kind extends Fact['kind']>(
  client: PoolClient,
  { kind, userId }: { readonly kind: Kind; readonly userId: string },
  sql: string,
): Promise<readonly StoredFact<FactOf<Kind>>[]> {
  const { rows } = await client.query<{ readonly eventId: string }>(sql, [userId]);
  return rows.map(({ eventId, ...fields }) => ({
    eventId,
    fact: { ...fields, kind, userId } as unknown as FactOf<Kind>,
  }));
}

/** A time as epoch ms. */
function inMs(column: string): string {
  return `round(extract(epoch from ${column}) * 1000)::float8 as ${column}`;
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
