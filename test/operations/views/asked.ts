import type { Pool } from 'pg';
import { call, viewsOver } from './fixture';

/** Each view as somebody opens it, by a name. */
export const QUESTIONS: readonly (readonly [
  name: string,
  operation: string,
  input: Readonly<Record<string, unknown>>,
])[] = [
  ['leavers', 'listLeavers', {}],
  ['leavers that run', 'listLeavers', { open: 'true' }],
  ['leavers of a person', 'listLeavers', { q: 'user-777' }],
  ['leavers of a month', 'listLeavers', { from: daysAgo(30), to: daysAgo(0) }],
  ['leaderboard', 'leaderboard', {}],
  ['leaderboard of a team', 'leaderboard', { teamId: 'team-3' }],
  ['leaderboard of teams', 'leaderboard', { by: 'team' }],
  ['leaderboard of a module', 'leaderboard', { moduleId: 'module-1' }],
  ['leaderboard of a year', 'leaderboard', { from: daysAgo(365) }],
  ['progress', 'listProgress', {}],
  ['progress of a team', 'listProgress', { teamId: 'team-3' }],
  ['progress in a module', 'listProgress', { moduleId: 'module-1' }],
  ['learners', 'listLearners', {}],
  ['learners by id', 'listLearners', { q: 'user-77' }],
  ['learners by many ids', 'listLearners', { q: 'user' }],
  ['learners by address', 'listLearners', { q: 'first123.last' }],
  ['learners by last name', 'listLearners', { q: 'last123' }],
  ['learners that nobody is', 'listLearners', { q: 'zzz' }],
  ['a learner', 'showLearner', { userId: 'user-77' }],
  ['audit', 'listAudit', {}],
  ['audit of a person', 'listAudit', { userId: 'user-77' }],
  ['audit since a week', 'listAudit', { since: daysAgo(7) }],
  ['observed', 'listObserved', {}],
  ['observed of a system', 'listObserved', { system: 'salesforce' }],
  ['deliveries', 'showDeliveries', {}],
];

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly ms: number;
}

/** Every statement that a question sends to the ledger, with how long its answer took. */
export async function statementsOf(
  pool: Pool,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): Promise<readonly Statement[]> {
  const statements: Statement[] = [];
  const query = async (text: string, values: readonly unknown[] = []): Promise<unknown> => {
    const begun = performance.now();
    const answer: unknown = await pool.query(text, [...values]);
    statements.push({ text, values, ms: performance.now() - begun });
    return answer;
  };
  await call(viewsOver({ query } as unknown as Pool, { now: Date.now }), operation, input);
  return statements;
}
