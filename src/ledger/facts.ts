import type { PoolClient } from 'pg';
import { certificateKey, type Fact, type QuizResult } from '../domain';
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
  const { rows } = await client.query<{
    event_id: string;
    course_id: string;
    course_name: string;
    score: number;
    at: Date;
    settled: Record<string, number>;
  }>(
    `select event_id, course_id, course_name, score, at, settled from completions
     where user_id = $1 order by at desc, event_id`,
    [userId],
  );
  return rows.map(({ event_id: eventId, course_id: courseId, course_name: courseName, score, at, settled }) => ({
    eventId,
    fact: { kind: 'completed', userId, courseId, courseName, score, at: at.getTime() },
    settled,
  }));
}

export type StoredExpiry = StoredFact<FactOf<'expired'>>;

/** All that a learner's certificates have expired, newest first. */
export async function expiriesOf(client: PoolClient, userId: string): Promise<readonly StoredExpiry[]> {
  const { rows } = await client.query<{ event_id: string; cert_name: string; at: Date; deadline: Date }>(
    'select event_id, cert_name, at, deadline from expiries where user_id = $1 order by at desc, event_id',
    [userId],
  );
  return rows.map(({ event_id: eventId, cert_name: certName, at, deadline }) => ({
    eventId,
    fact: { kind: 'expired', userId, certName, at: at.getTime(), deadline: deadline.getTime() },
  }));
}

/** All quiz results of a learner, oldest first. */
export async function quizResultsOf(client: PoolClient, userId: string): Promise<readonly StoredFact[]> {
  const { rows } = await client.query<{
    event_id: string;
    quiz_id: string;
    quiz_name: string;
    result: QuizResult;
    percent: number | null;
    at: Date;
  }>(
    `select event_id, quiz_id, quiz_name, result, percent, at from quiz_results
     where user_id = $1 order by at, event_id`,
    [userId],
  );
  return rows.map(({ event_id: eventId, quiz_id: quizId, quiz_name: quizName, result, percent, at }) => ({
    eventId,
    fact: { kind: 'quizzed', userId, quizId, quizName, result, percent, at: at.getTime() },
  }));
}

/** A learner's progress, one a module, by the event that was the latest, oldest first. */
export async function progressOf(client: PoolClient, userId: string): Promise<readonly StoredFact[]> {
  const { rows } = await client.query<{
    event_id: string;
    module_id: string;
    module_name: string;
    percent: number;
    seconds: number;
    at: Date;
  }>(
    `select event_id, module_id, module_name, percent, seconds, at from progress
     where user_id = $1 order by at, event_id`,
    [userId],
  );
  return rows.map(({ event_id: eventId, module_id: moduleId, module_name: moduleName, percent, seconds, at }) => ({
    eventId,
    fact: { kind: 'progressed', userId, moduleId, moduleName, percent, seconds, at: at.getTime() },
  }));
}
