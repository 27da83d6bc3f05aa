import { z } from 'zod';
import { defineOperation, refuse, type Operation } from '../../../src/operations/operation';

const TREE = z.object({
  name: z.string(),
  get children() {
    return z.array(TREE);
  },
});

/** One of each kind. */
export const EXAMPLES: readonly Operation[] = [
  defineOperation({
    id: 'listThings',
    method: 'GET',
    path: '/api/things',
    role: 'viewer',
    summary: 'Things.',
    topics: ['workflows'],
    input: z.object({
      limit: z.number().int().min(1).max(100).default(20),
      open: z.boolean().optional(),
      tag: z.array(z.string()).optional(),
      q: z.string().optional(),
    }),
    output: z.object({ asked: z.unknown(), by: z.string() }),
    handle: (asked, { by }) => Promise.resolve({ asked, by }),
  }),
  defineOperation({
    id: 'showThing',
    method: 'GET',
    path: '/api/things/{thingId}',
    role: 'viewer',
    summary: 'A thing.',
    input: z.object({ thingId: z.string().max(20) }),
    output: z.object({ thingId: z.string(), tree: TREE.optional() }),
    handle: ({ thingId }) =>
      Promise.resolve(
        thingId === 'none'
          ? refuse(404, 'There is no such thing.')
          : { thingId, secret: 'undeclared', tree: undefined },
      ),
  }),
  defineOperation({
    id: 'things',
    method: 'GET',
    path: '/api/things/all.csv',
    role: 'viewer',
    summary: 'All things, as a file.',
    input: z.object({}),
    output: 'file',
    handle: () =>
      Promise.resolve({ contentType: 'text/csv; charset=utf-8', fileName: 'things.csv', content: 'id\r\n' } as const),
  }),
  defineOperation({
    id: 'changeThing',
    method: 'POST',
    path: '/api/things/{thingId}',
    role: 'operator',
    summary: 'Changes a thing.',
    topics: ['workflows'],
    input: z.object({ thingId: z.string(), reason: z.string().min(3), data: z.unknown().optional() }),
    output: z.object({ thingId: z.string(), reason: z.string(), by: z.string() }),
    handle: ({ thingId, reason }, { by }) =>
      Promise.resolve(reason === 'too late' ? refuse(409, 'It is too late.') : { thingId, reason, by }),
  }),
  defineOperation({
    id: 'endThing',
    method: 'DELETE',
    path: '/api/things/{thingId}',
    role: 'operator',
    summary: 'Ends a thing.',
    input: z.object({ thingId: z.string() }),
    output: z.object({}),
    handle: () => Promise.resolve({}),
  }),
];

/** A GET whose answer is whatever `handle` says. */
export function answering(handle: () => Promise<unknown>, output: z.ZodType = z.unknown()): Operation {
  const input = z.object({});
  return { id: 'answer', method: 'GET', path: '/api/answer', role: 'viewer', summary: 'x', input, output, handle };
}
