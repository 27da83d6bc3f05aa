import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runConnectorsSwitch } from '../../src/commands/connectors';
import { runWorkflowsList, runWorkflowsMessage } from '../../src/commands/workflows';

const TOKEN = 'a-token-of-enough-characters';

/** As the JSON API answers: by method and path. */
let answers: Readonly<Record<string, readonly [status: number, body: object]>>;
let asked: { readonly what: string; readonly body: unknown; readonly token: string | undefined }[];
let server: Server;
let said: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const what = `${request.method ?? ''} ${request.url ?? ''}`;
      const text = Buffer.concat(parts).toString();
      asked.push({ what, body: text === '' ? null : JSON.parse(text), token: request.headers.authorization });
      const [status, body] = answers[what] ?? [404, { title: 'Not Found' }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env['OPS_TOKENS'] = `eve:viewer:another-${TOKEN},ada:operator:${TOKEN}`;
  process.env['OPS_PORT'] = String((server.address() as AddressInfo).port);
});
afterAll(() => {
  delete process.env['OPS_TOKENS'];
  delete process.env['OPS_PORT'];
  server.close();
});
beforeEach(() => {
  [asked, said] = [[], []];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => jest.restoreAllMocks());

describe('mt workflows', () => {
  test('list asks by the filter, with the operator’s token, and prints a sentence for each', async () => {
    const one = { workflowId: 'evt-1', phase: 'parked', sentence: 'It is stuck.' };
    answers = { 'GET /api/workflows?userId=u-1&olderThan=14d': [200, { cases: [one], total: 3, next: 'x' }] };
    expect(await runWorkflowsList({ user: 'u-1', olderThan: '14d' })).toBe(0);
    expect(asked).toMatchObject([{ token: `Bearer ${TOKEN}` }]);
    expect(said.join('\n')).toBe('evt-1  parked  It is stuck.\n1 of 3; --limit shows more');
  });

  test('a message to one sends its own fields, and what refuses it is the error', async () => {
    answers = { 'POST /api/workflows/evt-1/messages/cancel': [200, { note: 'done', state: { phase: 'undoing' } }] };
    expect(await runWorkflowsMessage('cancel', 'evt-1', { reason: 'hired again', json: false })).toBe(0);
    expect(asked).toMatchObject([{ body: { reason: 'hired again' } }]);
    expect(said).toEqual(['evt-1: cancel done; it is now undoing']);
    answers = { 'POST /api/workflows/evt-1/messages/cancel': [409, { title: 'Conflict', detail: 'it has ended' }] };
    await expect(runWorkflowsMessage('cancel', 'evt-1', { reason: 'r' })).rejects.toThrow('it has ended');
  });

  test('a message to all prints both counts and each result, and fails when one failed', async () => {
    const results = [
      { workflowId: 'evt-1', ok: true, detail: 'sent' },
      { workflowId: 'evt-2', ok: false, detail: 'no worker answers' },
    ];
    answers = {
      'POST /api/bulk': [200, { bulkId: 'b', total: 3, matched: 2 }],
      'GET /api/bulk/b?after=0': [200, { total: 2, state: 'done', results }],
    };
    expect(
      await runWorkflowsMessage('retryStep', undefined, { all: true, cause: 'slack.rejected', reason: 'fixed' }),
    ).toBe(1);
    expect(asked[0]?.body).toEqual({
      ...{ message: 'retryStep', args: {}, reason: 'fixed', filter: { cause: 'slack.rejected' }, dryRun: false },
    });
    expect(said).toEqual([
      '3 match, 2 take `retryStep`',
      'evt-1: sent',
      'evt-2: failed: no worker answers',
      '2 of 2 looked at, 1 failed; the job is done',
    ]);
  });

  test('a dry run lists, and sends nothing', async () => {
    answers = {
      'POST /api/bulk': [200, { total: 1, matched: 1, cases: [{ workflowId: 'e', phase: null, sentence: 'S.' }] }],
    };
    expect(await runWorkflowsMessage('cancel', undefined, { all: true, user: 'u', reason: 'r', dryRun: true })).toBe(0);
    expect(asked).toMatchObject([{ body: { dryRun: true } }]);
    expect(said).toEqual(['e  ended  S.', '1 match, 1 take `cancel`; nothing was sent']);
  });

  test.each([
    ['nobody named', undefined, {}, /name a workflow id, or --all/],
    ['an id and --all', 'evt-1', { all: true }, /not both/],
    ['--all without a filter', undefined, { all: true, reason: 'r' }, /--all needs a filter/],
    ['--all without a reason', undefined, { all: true, user: 'u' }, /--reason: missing/],
    ['a filter without --all', 'evt-1', { user: 'u' }, /go with --all/],
  ])('%s is bad usage', async (_what, workflowId, options, fault) => {
    await expect(runWorkflowsMessage('retryStep', workflowId, options)).rejects.toMatchObject({
      name: 'SettingsError',
      faults: [expect.stringMatching(fault)],
    });
    expect(asked).toEqual([]);
  });
});

describe('mt connectors', () => {
  test('hold sends the reason, and says who holds it', async () => {
    const held = { reason: 'new token', by: 'ada', since: 'T' };
    answers = {
      'POST /api/connectors/identity/hold': [
        200,
        { system: 'identity', mode: 'on', held, pollers: 0, lastPollAt: null, backlog: 4 },
      ],
    };
    expect(await runConnectorsSwitch('hold', 'identity', { reason: 'new token' })).toBe(0);
    expect(asked).toMatchObject([{ body: { reason: 'new token' } }]);
    expect(said).toEqual(['identity: on; no worker; 4 waiting; HELD since T by ada: new token']);
  });
});
