import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runAudit } from '../../src/commands/audit';
import { runLearnersForget } from '../../src/commands/learners';

const row = {
  ...{ at: '2026-03-02T09:00:00.000Z', by: 'olga', reason: 'asked', what: 'active: false', system: 'identity' },
  ...{ step: 'freeze', workflowId: 'w', userId: 'u', status: 'done', before: null, result: null },
};
const asked: string[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  process.env['OPS_TOKENS'] = 'olga:operator:a-token-that-is-long';
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`);
    const isLast = request.url?.includes('cursor=') === true;
    const page = { rows: [row], next: isLast ? null : 'more' };
    const forgotten = { dryRun: false, pseudonym: 'forgotten:1', rows: { learners: 1 }, archive: 'A.', temporal: 'T.' };
    response.end(JSON.stringify(request.method === 'POST' ? forgotten : page));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  delete process.env['OPS_TOKENS'];
  server.close().closeAllConnections();
});

let lines: string[];
beforeEach(() => {
  lines = [];
  asked.length = 0;
  jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(text.toString()) > 0);
});
afterEach(() => jest.restoreAllMocks());

describe('mt audit', () => {
  test('asks for every page, and prints a line for each change', async () => {
    expect(await runAudit({ url, user: 'u', since: '2026-01-01' })).toBe(0);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('identity freeze done (active: false) by olga: asked  u w');
    expect(asked).toEqual([
      'GET /api/audit?userId=u&since=2026-01-01&limit=500 Bearer a-token-that-is-long',
      'GET /api/audit?userId=u&since=2026-01-01&limit=500&cursor=more Bearer a-token-that-is-long',
    ]);
  });

  test('prints CSV, or one JSON document', async () => {
    await runAudit({ url, csv: true });
    expect(lines.join('')).toContain('olga,asked,active: false,identity,freeze,w,u,done');
    lines = [];
    await runAudit({ url, json: true });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ rows: [row, row] }]);
  });
});

describe('mt learners forget', () => {
  test('says what was erased, and what stays where', async () => {
    expect(await runLearnersForget('u/1', { url, reason: 'request 17' })).toBe(0);
    expect(asked).toEqual(['POST /api/learners/u%2F1/forget Bearer a-token-that-is-long']);
    expect(lines.join('\n')).toBe('Erased: learners 1\nIn the audit the person is forgotten:1 from now on.\nA.\nT.');
  });
});
