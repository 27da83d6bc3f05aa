import { composeOperations } from '../../../src/commands/ops/operations';
import { createChanges } from '../../../src/operations/changes';
import { openApiOf } from '../../../src/operations/api/open-api';
import { opsProcessSettings } from '../../../src/settings';
import { createLogger } from '../../../src/telemetry';
import { OPERATOR, startOps, type RunningOps } from '../../operations/api/running';

const settings = opsProcessSettings({
  MINDTICKLE_COMPANY_ID: 'acme',
  DATABASE_URL: 'postgres://u:p@127.0.0.1:1/none',
  OPS_TOKENS: `ada:operator:${OPERATOR}`,
});
const composed = composeOperations({
  settings,
  // As before the first connection, and with a ledger that is away.
  temporal: { client: () => undefined, namespace: 'default' } as never,
  pool: {
    query: () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })),
    connect: () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })),
  } as never,
  changes: createChanges({ startedAt: 1 }),
  log: createLogger('test', 'silent'),
  tokens: () => settings.tokens,
  signal: new AbortController().signal,
});

let ops: RunningOps;
beforeAll(async () => {
  ops = await startOps(composed);
});
afterAll(() => ops.close());

describe('the operations of mt ops', () => {
  test('are all in one OpenAPI document, whose references resolve', () => {
    const text = JSON.stringify(openApiOf(composed.operations, '1'));
    const { schemas } = (JSON.parse(text) as { components: { schemas: object } }).components;
    for (const { id } of composed.operations) expect(text).toContain(`"operationId":"${id}"`);
    for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      expect(schemas).toHaveProperty([name]);
    expect(text).not.toMatch(/"\$ref":"#\/(\$defs|")/);
  });

  test('answer as documented while Temporal and the ledger are away', async () => {
    for (const { method, path } of composed.operations) {
      const json = method === 'POST' ? {} : undefined;
      const line = `${method} ${path.replace(/\{\w+\}/g, 'x')}`;
      const answer = await ops.ask(line, { token: OPERATOR, ...(json && { json }) });
      expect([line, [200, 400, 404, 409, 503].includes(answer.status) ? 'documented' : answer.status]).toEqual([
        line,
        'documented',
      ]);
    }
  });
});
