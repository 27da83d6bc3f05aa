import { openApiOf } from '../../../src/operations/api/open-api';
import type { Json } from '../../../src/operations/api/open-api-answers';
import { EXAMPLES } from './operations';
import { DEPLOYMENT, startOps, VIEWER } from './running';

type Document = Readonly<Record<string, Json>>;
const document = openApiOf(EXAMPLES, DEPLOYMENT.version);
const entries = Object.entries(document['paths'] as Document).flatMap(([path, methods]) =>
  Object.entries(methods as Document).map(([method, entry]) => ({ path, method, entry: entry as Document })),
);

/** Every value of a `$ref` in it. */
function refsIn(value: Json): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === '$ref' && typeof each === 'string' ? [each] : refsIn(each),
  );
}

function resolve(ref: string, within: Json): unknown {
  return ref
    .replace('#/', '')
    .split('/')
    .reduce<unknown>((value, name) => (value as Document | undefined)?.[name], within);
}

describe('the OpenAPI document', () => {
  test('is answered at /api/openapi.json', async () => {
    const ops = await startOps({ operations: EXAMPLES });
    const answer = await ops.ask('GET /api/openapi.json', { token: VIEWER });
    expect(answer.json()).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
    expect(Object.keys((answer.json() as { paths: object }).paths)).toContain('/api/me');
    await ops.close();
  });

  test('has every operation once', () => {
    const ids = entries.map(({ entry }) => entry['operationId']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, path, method } of EXAMPLES)
      expect(entries).toContainEqual({
        path,
        method: method.toLowerCase(),
        entry: expect.objectContaining({ operationId: id }) as unknown,
      });
  });

  test('refers to nothing that is not there', () => {
    const refs = refsIn(document);
    expect(refs).toContain('#/components/schemas/Problem');
    for (const ref of refs) expect([ref, resolve(ref, document)]).toEqual([ref, expect.any(Object)]);
  });

  test('has each field of the path as a parameter, and those of a body in the body', () => {
    const change = entries.find(({ entry }) => entry['operationId'] === 'changeThing')?.entry;
    expect(change?.['parameters']).toMatchObject([{ name: 'thingId', in: 'path', required: true }]);
    expect(change?.['requestBody']).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { additionalProperties: false, required: ['reason'] } } },
    });
    expect(JSON.stringify(change?.['requestBody'])).not.toContain('thingId');
  });

  test('has the answers of a refusal at each operation', () => {
    for (const { entry } of entries) {
      expect(entry['responses']).toHaveProperty('401.content.application/problem+json', expect.any(Object));
      expect(entry['responses']).toHaveProperty('429');
    }
  });
});
