import { z } from 'zod';
import { DAY } from '../../domain';
import { listStandings, type Standing, type StandingsQuery } from '../../ledger';
import { defineOperation, refuse, type Operation, type Refused } from '../operation';
import { nameToShow } from '../person';
import { csvFile, toCsv } from './csv';
import type { ViewDeps } from './deps';
import { cursor, limit, pageOf, shortText, time } from './paging';

/** Without a period: the last quarter of a year. */
const PERIOD = 90 * DAY;
/** Of a period: a ledger of a million rows answers within a moment. */
const MAX_PERIOD = 366 * DAY;
const MAX_CSV_ROWS = 10_000;

const filter = z.object({
  by: z.enum(['learner', 'team']).default('learner'),
  teamId: shortText.optional(),
  moduleId: shortText.optional(),
  from: time.optional(),
  to: time.optional(),
});

const parts = { course: z.number(), quiz: z.number(), progress: z.number(), onTime: z.number() };

const row = z.object({
  rank: z.number(),
  isTied: z.boolean(),
  userId: z.string().optional(),
  teamId: z.string().optional(),
  label: z.string(),
  points: z.number(),
  ...parts,
});

type Row = z.infer<typeof row>;

const position = z.object({ points: z.number().int(), key: z.string().max(300) });

const output = z.object({
  rows: z.array(row),
  from: z.string(),
  to: z.string(),
  points: z.object(parts),
  next: z.string().nullable(),
});

export function createLeaderboardOperations(deps: ViewDeps): readonly Operation[] {
  const { leaderboard } = deps;
  return [
    defineOperation({
      id: 'leaderboard',
      method: 'GET',
      path: '/api/leaderboard',
      role: 'viewer',
      summary: 'Learners or teams by points, of the last 90 days or of a period; equal points share a rank.',
      input: filter.extend({ limit, cursor: cursor(position).optional() }),
      output,
      topics: ['learners', 'progress'],
      handle: async ({ limit: size, cursor: after, ...asked }) => {
        const query = queryOf(deps, asked);
        if ('refused' in query) return query;
        const rows = await listStandings(deps.pool, { ...query, limit: size + 1, after });
        const { page, next } = pageOf(rows, size, ({ points, key }) => ({ points, key }));
        const { from, to, weights } = query;
        return { rows: page.map((one) => rowOf(deps, query.by, one)), from, to, points: weights, next };
      },
    }),
    defineOperation({
      id: 'leaderboardCsv',
      method: 'GET',
      path: '/api/leaderboard.csv',
      role: 'viewer',
      summary: 'The leaderboard as CSV.',
      input: filter,
      output: 'file',
      topics: ['learners', 'progress'],
      handle: async (asked) => {
        const query = queryOf(deps, asked);
        if ('refused' in query) return query;
        const rows = await listStandings(deps.pool, { ...query, limit: MAX_CSV_ROWS });
        const lines = rows.map((one) => {
          const { rank, label, points, course, quiz, progress, onTime } = rowOf(deps, query.by, one);
          // With initials alone nobody is to be recognised.
          return [
            rank,
            leaderboard.show === 'initials' && query.by === 'learner' ? '' : one.key,
            label,
            points,
            course,
            quiz,
            progress,
            onTime,
          ];
        });
        const name = `leaderboard-${query.from.slice(0, 10)}-to-${query.to.slice(0, 10)}`;
        const columns = ['rank', `${query.by}Id`, 'label', 'points', 'course', 'quiz', 'progress', 'onTime'];
        return csvFile(name, toCsv(columns, lines));
      },
    }),
  ];
}

type Query = Omit<StandingsQuery, 'limit' | 'from' | 'to'> & { readonly from: string; readonly to: string };

function queryOf({ leaderboard, now }: ViewDeps, asked: z.output<typeof filter>): Query | Refused {
  const { to = new Date(now()).toISOString() } = asked;
  const { from = new Date(Date.parse(to) - PERIOD).toISOString() } = asked;
  if (from >= to) return refuse(400, '`to` must be after `from`.');
  if (Date.parse(to) - Date.parse(from) > MAX_PERIOD) return refuse(400, 'The period must be a year at most.');
  const { points: weights, optOut } = leaderboard;
  return { ...asked, from, to, weights, optOut };
}

function rowOf({ leaderboard }: ViewDeps, by: 'learner' | 'team', { key, email, ...standing }: Standing): Row {
  if (by === 'team') return { ...standing, teamId: key, label: key };
  const name = nameToShow(key, email);
  return { ...standing, userId: key, label: leaderboard.show === 'initials' ? initialsOf(name) : name };
}

/** `anna.van-berg` is A. V. B. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._+-]+/).filter((word) => word !== '');
  return words.map((word) => `${(Array.from(word)[0] ?? '').toLocaleUpperCase('en')}.`).join(' ');
}
