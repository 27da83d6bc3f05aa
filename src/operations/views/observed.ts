import { z } from 'zod';
import { countObserved, listChanges } from '../../ledger';
import { defineOperation, type Operation } from '../operation';
import { person, readPeople } from '../person';
import { changePosition } from './audit';
import type { ViewDeps } from './deps';
import { cursor, limit, pageOf, shortText } from './paging';
import { inWords } from './words';

const observed = z.object({
  at: z.string(),
  system: z.string(),
  step: z.string(),
  person: person.nullable(),
  would: z.string(),
  workflowId: z.string(),
});

export function createObservedOperations({ pool }: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'listObserved',
      method: 'GET',
      path: '/api/observed',
      role: 'viewer',
      summary: 'What connectors that only observe would have written: look at it before they are switched on.',
      input: z.object({ system: shortText.optional(), limit, cursor: cursor(changePosition).optional() }),
      output: z.object({
        counts: z.array(z.object({ system: z.string(), count: z.number() })),
        effects: z.array(observed),
        next: z.string().nullable(),
      }),
      topics: ['effects'],
      handle: async ({ limit: size, cursor: after, system }) => {
        const [counts, rows] = await Promise.all([
          countObserved(pool),
          listChanges(pool, { system, isObserved: true, limit: size + 1, after }),
        ]);
        const { page, next } = pageOf(rows, size, ({ position }) => position);
        const people = await readPeople(
          pool,
          page.flatMap(({ userId }) => userId ?? []),
        );
        const effects = page.map(({ begunAt, userId, would, ...row }) => ({
          ...{ at: begunAt, system: row.system, step: row.step, workflowId: row.workflowId },
          person: people.get(userId ?? '') ?? null,
          would: inWords(would),
        }));
        return { counts: [...counts], effects, next };
      },
    }),
  ];
}
