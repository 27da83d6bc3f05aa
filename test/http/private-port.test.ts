import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createCappedLog, createLogger } from '../../src/telemetry';
import type { OpsToken } from '../../src/settings';
import { createPrivatePort, type PrivatePortOptions, type PrivateRoutes } from '../../src/http/private-port';
import { converse, type Answer, type Conversation } from '../receiver/raw-http';

const VIEWER = 'viewer-token-0123456789';
const OPERATOR = 'operator-tøken-0123456789';
const tokens: readonly OpsToken[] = [
  { name: 'grafana', role: 'viewer', token: VIEWER },
  { name: 'ada', role: 'operator', token: OPERATOR },
];
const logged: { readonly level: string; readonly fields: object }[] = [];
const gate = new EventEmitter();

const routes: PrivateRoutes = {
  'GET /metrics': { role: 'viewer', handle: () => ({ contentType: 'text/plain', body: 'up 1\n' }) },
  'GET /api/spool': { role: 'viewer', handle: ({ by, query }) => ({ json: { by, limit: query.get('limit') } }) },
  'POST /api/spool/drain': { role: 'operator', handle: async ({ by }) => Promise.resolve({ json: { by } }) },
  'GET /api/broken': {
    role: 'viewer',
    handle: () => {
      throw new Error('cannot read secret-of-somebody');
    },
  },
  'GET /api/slow': {
    role: 'viewer',
    handle: async () => {
      gate.emit('begun');
      await once(gate, 'go-on');
      return { json: { slow: true } };
    },
  },
};

let port: number;
let close: () => Promise<void>;
const conversations: Conversation[] = [];

async function listen(changes: Partial<PrivatePortOptions> = {}): Promise<void> {
  const quiet = createCappedLog(createLogger('test', 'silent'), () => 0);
  const log = {
    ...quiet,
    write: (level: string, _rule: string, fields: object) => void logged.push({ level, fields }),
  };
  const made = createPrivatePort({ tokens: () => tokens, routes, log, ...changes });
  made.server.listen(0, '127.0.0.1');
  await once(made.server, 'listening');
  port = (made.server.address() as AddressInfo).port;
  close = made.close;
}

beforeEach(async () => {
  logged.length = 0;
  await listen();
});
afterEach(async () => {
  for (const { socket } of conversations.splice(0)) socket.destroy();
  await close();
});

interface Asked {
  readonly token?: string | undefined;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

function open(): Conversation {
  const conversation = converse(port);
  conversations.push(conversation);
  return conversation;
}

function bytes(line: string, { token, host = '127.0.0.1:3001', headers = [], body = '' }: Asked): Buffer {
  const head = [
    `${line} HTTP/1.1`,
    `Host: ${host}`,
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...headers,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

async function ask(line: string, asked: Asked = {}): Promise<Answer> {
  const conversation = open();
  conversation.write(bytes(line, asked));
  return conversation.next();
}

describe('createPrivatePort', () => {
  test('answers who has a credential, and says whose it is to the route', async () => {
    expect(await ask('GET /metrics', { token: VIEWER })).toMatchObject({
      status: 200,
      text: 'up 1\n',
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    });
    const spool = await ask('GET /api/spool?limit=5', { token: OPERATOR });
    expect(JSON.parse(spool.text)).toEqual({ by: 'ada', limit: '5' });
    expect((await ask('POST /api/spool/drain', { token: OPERATOR })).text).toBe('{"by":"ada"}');
  });

  test('lets anybody ask whether the process lives, and nothing else', async () => {
    expect(await ask('GET /healthz')).toMatchObject({ status: 200, text: '{"ok":true}' });
    for (const line of ['GET /', 'GET /metrics', 'GET /nowhere', 'PUT /metrics', 'GET /healthz/', 'POST /healthz'])
      expect(await ask(line)).toMatchObject({
        status: 401,
        headers: { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer realm="mindtickle"' },
      });
  });

  test.each([
    ['another token', [`Authorization: Bearer ${VIEWER}x`]],
    ['a part of one', [`Authorization: Bearer ${VIEWER.slice(0, -1)}`]],
    ['nothing', ['Authorization: Bearer ']],
    ['another scheme', [`Authorization: Basic ${VIEWER}`]],
    ['one in another header', [`X-Authorization: Bearer ${VIEWER}`]],
    ['a great deal of space', [`Authorization: Bearer${' '.repeat(12_000)}x y`]],
  ])('refuses %s as a credential', async (_what, headers) => {
    const answer = await ask('GET /metrics', { headers });
    expect(answer.status).toBe(401);
    expect(answer.text).not.toContain(VIEWER.slice(0, 6));
  });

  test('takes the scheme in any case', async () => {
    expect((await ask('GET /metrics', { headers: [`authorization: bearer ${VIEWER}`] })).status).toBe(200);
  });

  test('refuses a viewer what an operator may do', async () => {
    const answer = await ask('POST /api/spool/drain', { token: VIEWER });
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/problem+json' } });
    expect(JSON.parse(answer.text)).toMatchObject({ title: 'Forbidden', status: 403 });
  });

  test('answers 404 and 405 to who has a credential', async () => {
    expect((await ask('GET /nowhere', { token: VIEWER })).status).toBe(404);
    expect((await ask('GET /__proto__', { token: VIEWER })).status).toBe(404);
    expect(await ask('PUT /metrics', { token: VIEWER })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect(await ask('GET /api/spool/drain', { token: VIEWER })).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    });
  });

  test.each(['localhost', 'localhost:3001', '[::1]:3001', '10.1.2.3:3001', 'receiver:3001', 'r.ns.svc.cluster.local'])(
    'may be called %s',
    async (host) => {
      expect((await ask('GET /metrics', { token: VIEWER, host })).status).toBe(200);
    },
  );

  test.each(['evil.example.com', 'evil.example.com:3001', '127.0.0.1.nip.io', 'a:b:c', 'local.evil.com', '[evil.com]'])(
    'may not be called %s, by whoever it is',
    async (host) => {
      expect((await ask('GET /metrics', { token: VIEWER, host })).status).toBe(403);
      expect((await ask('GET /healthz', { host })).status).toBe(403);
    },
  );

  test.each(['http://evil.example.com', 'null', 'http://127.0.0.1:3002', 'http://127.0.0.1:3001.evil.com'])(
    'refuses a page of %s',
    async (origin) => {
      const headers = [`Origin: ${origin}`];
      expect((await ask('GET /metrics', { token: VIEWER, headers })).status).toBe(403);
    },
  );

  test('takes its own page', async () => {
    const headers = ['Origin: http://127.0.0.1:3001'];
    expect((await ask('GET /metrics', { token: VIEWER, headers })).status).toBe(200);
  });

  test('answers one request after another on a connection, and ends it over a body that nobody reads', async () => {
    const conversation = open();
    for (const line of ['GET /metrics', 'GET /nowhere', 'GET /metrics']) {
      conversation.write(bytes(line, { token: VIEWER }));
      expect((await conversation.next()).headers['connection']).toBe('keep-alive');
    }
    conversation.write(bytes('POST /metrics', { token: VIEWER, headers: ['Content-Length: 1000000'] }));
    expect(await conversation.next()).toMatchObject({ status: 405, headers: { connection: 'close' } });
    await conversation.closed;
  });

  test('takes the tokens as they are when it is asked', async () => {
    await close();
    let current = tokens;
    await listen({ tokens: () => current });
    expect((await ask('GET /metrics', { token: VIEWER })).status).toBe(200);
    current = [];
    expect((await ask('GET /metrics', { token: VIEWER })).status).toBe(401);
  });

  test('answers 500 when a route fails, and tells nobody what it said', async () => {
    const answer = await ask('GET /api/broken', { token: VIEWER });
    expect(answer).toMatchObject({ status: 500, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.text + JSON.stringify(logged)).not.toContain('secret-of-somebody');
    expect(logged).toMatchObject([{ level: 'error', fields: { name: 'GET /api/broken' } }]);
  });

  test('logs who asked for a change', async () => {
    await ask('POST /api/spool/drain', { token: OPERATOR });
    expect(logged).toMatchObject([{ level: 'info', fields: { name: 'POST /api/spool/drain', by: 'ada' } }]);
    expect(JSON.stringify(logged)).not.toContain(OPERATOR);
  });

  test('answers 503 when a route takes too long', async () => {
    await close();
    await listen({ limits: { handleMs: 5 } });
    expect((await ask('GET /api/slow', { token: VIEWER })).status).toBe(503);
    gate.emit('go-on');
  });

  test('answers what has begun before it is closed', async () => {
    const begun = once(gate, 'begun');
    const answer = ask('GET /api/slow', { token: VIEWER });
    await begun;
    const closed = close();
    gate.emit('go-on');
    expect((await answer).status).toBe(200);
    await closed;
  });

  test('lets a connection wait that has asked nothing yet', async () => {
    await close();
    await listen({ limits: { headersMs: 20, requestMs: 20 } });
    const ahead = open();
    await once(ahead.socket, 'connect');
    const late = open();
    late.write('GET /metrics HTTP/1.1\r\n');
    expect((await late.next()).status).toBe(400);
    ahead.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await ahead.next()).status).toBe(200);
  });

  test('cuts off who does not finish asking', async () => {
    await close();
    await listen({ limits: { headersMs: 20, requestMs: 20 } });
    const conversation = open();
    conversation.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n');
    await conversation.closed;
    expect(conversation.socket.destroyed).toBe(true);
  });
});
