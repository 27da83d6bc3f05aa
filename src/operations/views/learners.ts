import { z } from 'zod';
import { findMatching, listLearnerIds, listProgress, listStandings, readLearnerRecord } from '../../ledger';
import { workflowCase } from '../case';
import { defineOperation, refuse, type Operation } from '../operation';
import { person, readPeople, type Person } from '../person';
import type { ViewDeps } from './deps';
import { askAll } from './known-state';
import { cursor, limit, pageOf, shortText } from './paging';
import { progressRow } from './progress';
import { timelineEntry, timelineOf } from './timeline';

const learnerPage = z.object({
  person,
  timeline: z.array(timelineEntry),
  cases: z.array(workflowCase),
  progress: z.array(progressRow),
  /** Of all time. */
  points: z.number(),
});

const MAX_MODULES = 500;

export function createLearnerOperations(deps: ViewDeps): readonly Operation[] {
  const { pool } = deps;
  return [
    defineOperation({
      id: 'listLearners',
      method: 'GET',
      path: '/api/learners',
      role: 'viewer',
      summary: 'Learners whose id, address or last word before the @ begins with a text; without one, all of them.',
      input: z.object({ q: shortText.optional(), limit, cursor: cursor(z.string().max(300)).optional() }),
      output: z.object({ learners: z.array(person), next: z.string().nullable() }),
      topics: ['learners'],
      handle: async ({ q, limit: size, cursor: after }) => {
        // A search shows its best matches: who is not among them is found by a longer text.
        const ids = q === undefined ? await listLearnerIds(pool, size + 1, after) : await findMatching(pool, q, size);
        const { page, next } = pageOf(ids, size, (id) => id);
        return { learners: await peopleOf(deps, page), next };
      },
    }),
    defineOperation({
      id: 'showLearner',
      method: 'GET',
      path: '/api/learners/{userId}',
      role: 'viewer',
      summary: 'One person: everything that is known in one timeline, open cases, progress and points.',
      input: z.object({ userId: z.string().min(1).max(300) }),
      output: learnerPage,
      handle: async ({ userId }) =>
        (await pageOfLearner(deps, userId)) ?? refuse(404, 'The ledger knows nobody of this id.'),
    }),
  ];
}

async function peopleOf({ pool }: ViewDeps, ids: readonly string[]): Promise<Person[]> {
  const people = await readPeople(pool, ids);
  return ids.flatMap((id) => people.get(id) ?? []);
}

async function pageOfLearner(deps: ViewDeps, userId: string): Promise<z.input<typeof learnerPage> | undefined> {
  const { pool, leaderboard, stateOf, casesOf } = deps;
  const everything = { by: 'learner', from: null, to: null, userId, weights: leaderboard.points, optOut: [] } as const;
  const [record, progress, standings, cases, isKnown, [who]] = await Promise.all([
    readLearnerRecord(pool, userId),
    listProgress(pool, { userId, limit: MAX_MODULES }),
    listStandings(pool, { ...everything, limit: 1 }),
    casesOf?.(userId) ?? [],
    findMatching(pool, userId, 1).then(([id]) => id === userId),
    peopleOf(deps, [userId]),
  ]);
  const { received, effects } = record;
  if (who === undefined || (!isKnown && received.length + effects.length + record.said.length === 0)) return undefined;
  const open = received.filter(({ closedAt }) => closedAt === null).map(({ workflowId }) => workflowId);
  return {
    person: who,
    timeline: [...timelineOf(record, await askAll(open, stateOf))],
    cases: [...cases],
    progress: [...progress],
    points: standings[0]?.points ?? 0,
  };
}
