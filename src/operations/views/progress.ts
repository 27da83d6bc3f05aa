import { z } from 'zod';
import { listProgress, summariseModules } from '../../ledger';
import { defineOperation, type Operation } from '../operation';
import { person, readPeople } from '../person';
import type { ViewDeps } from './deps';
import { cursor, limit, pageOf, shortText } from './paging';

const moduleBar = z.object({
  moduleId: z.string(),
  moduleName: z.string(),
  learners: z.number(),
  averagePercent: z.number(),
  completed: z.number(),
});

export const progressRow = z.object({
  moduleId: z.string(),
  moduleName: z.string(),
  percent: z.number(),
  seconds: z.number(),
  at: z.string(),
});

const position = z.object({ at: z.iso.datetime(), userId: z.string().max(300), moduleId: z.string().max(300) });

export function createProgressOperations({ pool }: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'listProgress',
      method: 'GET',
      path: '/api/progress',
      role: 'viewer',
      summary: 'How far learners are in each module: the modules as bars, and the learners, the latest first.',
      input: z.object({
        teamId: shortText.optional(),
        moduleId: shortText.optional(),
        userId: shortText.optional(),
        limit,
        cursor: cursor(position).optional(),
      }),
      output: z.object({
        modules: z.array(moduleBar),
        rows: z.array(progressRow.extend({ person })),
        next: z.string().nullable(),
      }),
      topics: ['progress', 'learners'],
      handle: async ({ limit: size, cursor: after, ...query }) => {
        const [modules, rows] = await Promise.all([
          summariseModules(pool, query),
          listProgress(pool, { ...query, limit: size + 1, after }),
        ]);
        const { page, next } = pageOf(rows, size, ({ at, userId, moduleId }) => ({ at, userId, moduleId }));
        const people = await readPeople(
          pool,
          page.map(({ userId }) => userId),
        );
        const shown = page.flatMap(({ userId, ...row }) => {
          const who = people.get(userId);
          return who === undefined ? [] : [{ ...row, person: who }];
        });
        return { modules: [...modules], rows: shown, next };
      },
    }),
  ];
}
