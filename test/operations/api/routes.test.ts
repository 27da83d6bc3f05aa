import { Pool } from 'pg';
import { z } from 'zod';
import { answering, EXAMPLES } from './operations';
import { OPERATOR, startOps, VIEWER, type RunningOps } from './running';

let ops: RunningOps;
afterEach(() => ops.close());

const problem = { 'content-type': 'application/problem+json' };
const headersOf = ({ headers }: { readonly headers: Headers }): object => Object.fromEntries(headers);

describe('the JSON API', () => {
  beforeEach(async () => {
    ops = await startOps({ operations: EXAMPLES });
  });

  test('reads numbers, booleans and lists of a query, and takes an empty parameter as absent', async () => {
    const answer = await ops.ask('GET /api/things?limit=5&open=false&tag=a&q=', { token: VIEWER });
    expect(answer.json()).toEqual({ asked: { limit: 5, open: false, tag: ['a'] }, by: 'grace' });
  });

  test('reads the path, decoded, and leaves out what is not declared', async () => {
    const answer = await ops.ask('GET /api/things/conflict%3Aevt%2F1', { token: VIEWER });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json()).toEqual({ thingId: 'conflict:evt/1' });
  });

  test('answers a file with its name', async () => {
    const answer = await ops.ask('GET /api/things/all.csv', { token: VIEWER });
    expect(answer.text).toBe('id\r\n');
    expect(headersOf(answer)).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="things.csv"',
    });
  });

  test('names each field that is wrong, and never its value', async () => {
    const answer = await ops.ask('GET /api/things?limit=lots-of-secrets&phse=parked', { token: VIEWER });
    expect(answer.status).toBe(400);
    expect(headersOf(answer)).toMatchObject(problem);
    expect(answer.json()).toMatchObject({
      errors: [
        { field: 'limit', detail: 'Invalid input: expected number, received string' },
        { field: 'phse', detail: 'is not known here' },
      ],
    });
    expect(answer.text).not.toContain('lots-of-secrets');
  });

  test.each([
    ['NUL in a path', 'GET /api/things/a%00b', {}],
    ['NUL in a query', 'GET /api/things?q=%00', {}],
    ['NUL in a body', 'POST /api/things/a', { json: { reason: 'a\0b\0c' } }],
    ['half a pair in a body', 'POST /api/things/a', { body: '{"reason":"abc","data":{"a":["\\ud800"]}}' }],
    ['a path that is not UTF-8', 'GET /api/things/%E0', {}],
    ['a body that is no JSON', 'POST /api/things/a', { body: '{reason}' }],
    ['a body that is a list', 'POST /api/things/a', { json: [] }],
  ])('answers 400 to %s', async (_what, line, asked) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ops.ask(line, { token: OPERATOR, headers, ...asked });
    expect(answer.status).toBe(400);
    expect(headersOf(answer)).toMatchObject(problem);
  });

  test('answers 413 and 415 to bodies that it does not take', async () => {
    const large = { json: { reason: 'x'.repeat(1_100_000) } };
    expect((await ops.ask('POST /api/things/a', { token: OPERATOR, ...large })).status).toBe(413);
    const form = { body: 'reason=because', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect((await ops.ask('POST /api/things/a', { token: OPERATOR, ...form })).status).toBe(415);
  });

  test('hands a change to its operation with the name of the credential, and logs who asked', async () => {
    const asked = { token: OPERATOR, json: { reason: 'because' } };
    expect((await ops.ask('POST /api/things/a', asked)).json()).toEqual({ thingId: 'a', reason: 'because', by: 'ada' });
    expect(ops.logged).toMatchObject([{ level: 'info', fields: { name: 'changeThing', by: 'ada' } }]);
  });

  test('answers a refusal as a problem', async () => {
    const late = await ops.ask('POST /api/things/a', { token: OPERATOR, json: { reason: 'too late' } });
    expect(late).toMatchObject({ status: 409 });
    expect(late.json()).toMatchObject({ title: 'Conflict', detail: 'It is too late.' });
    expect((await ops.ask('GET /api/things/none', { token: VIEWER })).status).toBe(404);
  });

  test('lets a viewer change nothing', async () => {
    for (const { method, path } of EXAMPLES.filter(({ role }) => role === 'operator'))
      expect((await ops.ask(`${method} ${path}`, { token: VIEWER })).status).toBe(403);
  });

  test('answers 404 to an unknown path, and 405 with what is allowed to another method', async () => {
    expect((await ops.ask('GET /api/nothing', { token: VIEWER })).status).toBe(404);
    const put = await ops.ask('PUT /api/things/a', { token: OPERATOR });
    expect(put.status).toBe(405);
    expect(put.headers.get('allow')).toBe('GET, HEAD, POST, DELETE');
    expect((await ops.ask('PUT /api/session', { token: OPERATOR })).headers.get('allow')).toBe('POST, DELETE');
    const head = await ops.ask('HEAD /api/things', { token: VIEWER });
    expect(head).toMatchObject({ status: 200, text: '' });
  });

  test('says who asks, and where', async () => {
    expect((await ops.ask('GET /api/me', { token: OPERATOR })).json()).toEqual({
      name: 'ada',
      role: 'operator',
      companyId: 'acme',
      timeZone: 'Europe/Berlin',
      temporalUi: null,
      version: '1.2.3',
    });
  });
});

describe('an operation that does not answer', () => {
  test('is 503 when it takes too long', async () => {
    ops = await startOps({ operations: [answering(() => new Promise(() => undefined))], limits: { handleMs: 5 } });
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).status).toBe(503);
  });

  test('is 503 when the ledger is away', async () => {
    const pool = new Pool({ connectionString: 'postgres://127.0.0.1:1/none' });
    ops = await startOps({ operations: [answering(() => pool.query('select 1'))] });
    const answer = await ops.ask('GET /api/answer', { token: VIEWER });
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ detail: 'The ledger does not answer now; try again later.' });
  });

  test('is 503 when Temporal is away', async () => {
    const away = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} });
    const error = new Error('Failed to list workflows', { cause: away });
    ops = await startOps({ operations: [answering(() => Promise.reject(error))] });
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).json()).toMatchObject({
      status: 503,
      detail: 'Temporal does not answer now; try again later.',
    });
  });

  test('is 500 when it fails, and says nothing of what it said', async () => {
    ops = await startOps({ operations: [answering(() => Promise.reject(new Error('about ada@example.com')))] });
    const answer = await ops.ask('GET /api/answer', { token: VIEWER });
    expect(answer.status).toBe(500);
    expect(answer.text + JSON.stringify(ops.logged)).not.toContain('ada@example.com');
    expect(ops.logged).toMatchObject([{ level: 'error', fields: { operation: 'answer' } }]);
  });

  test('is sent, and logged by its fields, when it does not fit, but is an error in tests', async () => {
    const odd = answering(() => Promise.resolve({ name: 42 }), z.object({ name: z.string() }));
    ops = await startOps({ operations: [odd], misfit: 'log' });
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).json()).toEqual({ name: 42 });
    expect(ops.logged).toMatchObject([{ rule: 'misfit', fields: { paths: ['name: invalid_type'] } }]);
    await ops.close();
    ops = await startOps({ operations: [odd] });
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).status).toBe(500);
  });
});

describe('operations that cannot be served', () => {
  test.each([
    ['two with one id', [EXAMPLES[0], { ...EXAMPLES[0], path: '/api/other' }], 'two operations are listThings'],
    ['two with one path', [EXAMPLES[1], { ...EXAMPLES[1], id: 'other' }], 'two operations are GET /api/things/{}'],
    ['a path without its field', [{ ...EXAMPLES[0], path: '/api/things/{id}' }], 'has no field id'],
  ] as const)('%s stop the start', async (_what, operations, message) => {
    ops = await startOps();
    await expect(startOps({ operations: operations as never })).rejects.toThrow(message);
  });
});

describe('what many ask', () => {
  test('is asked once until a topic of it changes', async () => {
    let asked = 0;
    const count = { ...answering(() => Promise.resolve((asked += 1))), topics: ['effects' as const] };
    ops = await startOps({ operations: [count], now: () => 0 });
    const all = await Promise.all(Array.from({ length: 20 }, () => ops.ask('GET /api/answer', { token: VIEWER })));
    expect(new Set(all.map(({ text }) => text))).toEqual(new Set(['1']));
    ops.changes.publish(['receipts']);
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).text).toBe('1');
    ops.changes.publish(['effects']);
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).text).toBe('2');
  });

  test('is asked anew for another role, after 2 s, and after a failure', async () => {
    let asked = 0;
    let now = 0;
    ops = await startOps({ operations: [answering(() => Promise.resolve((asked += 1)))], now: () => now });
    await ops.ask('GET /api/answer', { token: VIEWER });
    expect((await ops.ask('GET /api/answer', { token: OPERATOR })).text).toBe('2');
    now = 2000;
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).text).toBe('3');
    await ops.close();
    ops = await startOps({
      operations: [answering(() => ((asked += 1) === 4 ? Promise.reject(new Error()) : Promise.resolve(asked)))],
    });
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).status).toBe(500);
    expect((await ops.ask('GET /api/answer', { token: VIEWER })).text).toBe('5');
  });
});
