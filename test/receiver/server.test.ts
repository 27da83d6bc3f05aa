import { execFileSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import { createCappedLog } from '../../src/telemetry';
import { converse, requestBytes } from './raw-http';
import {
  BODY,
  COMPANY,
  COURSE,
  deliver,
  lengthOf,
  NOW,
  send,
  settings,
  signedHeaders,
  startReceiver,
  type Running,
} from './running';

let receiver: Running;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const SIGNATURE = 'x-mt-webhook-signature';
const TIMESTAMP = 'x-mt-webhook-timestamp';
const EVENT_ID = 'x-mt-event-id';

const without = (name: string): [string, string][] => signedHeaders().filter(([each]) => each !== name);
const replaced = (name: string, value: string): [string, string][] => [...without(name), [name, value]];
const repeated = (name: string): [string, string][] => [
  ...signedHeaders(),
  ...signedHeaders().filter(([each]) => each === name),
];
const envelope = (change: object): string =>
  JSON.stringify({ event: 'course.completed', data: COURSE, companyId: COMPANY, ...change });

describe('POST /webhooks/mindtickle', () => {
  test('answers a new delivery with its workflow id, and hands on its bytes and times', async () => {
    const answer = await deliver(receiver.port);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ received: true, duplicate: false, workflowId: 'evt-1' });
    expect(answer.headers['x-powered-by']).toBeUndefined();
    const signature = signedHeaders()[0]?.[1] ?? '';
    expect(receiver.received).toEqual([
      {
        workflowId: 'evt-1',
        lane: 3,
        rawBody: Buffer.from(BODY),
        contents: { kind: 'event', event: 'course.completed', data: COURSE, unread: [] },
        delivery: {
          eventId: 'evt-1',
          event: 'course.completed',
          signedAt: '2026-11-23T09:00:00Z',
          receivedAt: '2026-11-23T09:00:00Z',
          signatureDigest: createHash('sha256').update(Buffer.from(signature, 'hex')).digest('hex'),
          bodyDigest: createHash('sha256').update(BODY).digest('hex'),
          data: COURSE,
        },
      },
    ]);
  });

  test('reads a date without a time by the zone of the policy', async () => {
    const { port, received, close } = await startReceiver({
      settings: { ...settings, timeZone: 'America/Los_Angeles' },
    });
    const data = { userId: 'u1', deprovisionedAt: '2026-11-30' };
    await deliver(port, { body: envelope({ event: 'user.deprovisioned', data }) });
    await close();
    expect(received[0]?.delivery).toMatchObject({ data: { deprovisionedAt: '2026-12-01T07:59:59Z' } });
  });

  test('a leaver who cannot be read goes before all that can wait', async () => {
    const { port, received, close } = await startReceiver();
    await deliver(port, { body: envelope({ event: 'user.deprovisioned', data: { email: 'jane@example.com' } }) });
    await close();
    expect(received[0]).toMatchObject({ lane: 1, contents: { kind: 'problem', event: 'user.deprovisioned' } });
  });

  test('says so when the event id is known', async () => {
    const { port, close } = await startReceiver({ accept: () => Promise.resolve('duplicate') });
    const answer = await deliver(port);
    await close();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ received: true, duplicate: true, workflowId: 'evt-1' });
  });

  test.each(['unavailable', 'a rejection'])('answers 503 and when to come again on %s', async (how) => {
    const accept = () =>
      how === 'unavailable' ? Promise.resolve('unavailable' as const) : Promise.reject(new Error(BODY));
    const { port, close } = await startReceiver({ accept });
    const answer = await deliver(port);
    await close();
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'about:blank', status: 503, title: 'Service Unavailable' });
    expect(answer.text).not.toContain('mt-rita');
  });

  test('takes what openssl signed', async () => {
    const timestamp = '2026-11-23T09:00:00.000Z';
    const said = execFileSync('openssl', ['dgst', '-sha256', '-hmac', 'whsec_test'], { input: `${timestamp}:${BODY}` });
    const signature = said.toString().trim().split(' ').at(-1) ?? '';
    const headers = [
      [SIGNATURE, signature],
      [TIMESTAMP, timestamp],
      [EVENT_ID, 'evt-openssl'],
    ] as const;
    expect((await send(receiver.port, headers)).status).toBe(200);
  });

  test.each([
    ['seconds', String(NOW / 1000)],
    ['milliseconds', String(NOW)],
    ['ISO 8601', '2026-11-23T09:00:00Z'],
    ['8 h back', String(NOW / 1000 - 8 * 3600)],
    ['5 min ahead', String(NOW / 1000 + 300)],
  ])('takes a timestamp in %s', async (_what, timestamp) => {
    expect((await deliver(receiver.port, { timestamp })).status).toBe(200);
  });

  test.each([
    ['no signature', without(SIGNATURE), 401, 'Missing signature'],
    ['no timestamp', without(TIMESTAMP), 401, 'Missing signature'],
    ['no header at all', [], 401, 'Missing signature'],
    ['an empty signature', replaced(SIGNATURE, ''), 401, 'Missing signature'],
    ['a short signature', replaced(SIGNATURE, 'abcd'), 403, 'Invalid signature'],
    ['a long signature', replaced(SIGNATURE, 'a'.repeat(4000)), 403, 'Invalid signature'],
    ['an odd number of digits', replaced(SIGNATURE, 'a'.repeat(63)), 403, 'Invalid signature'],
    ['a signature that is no hex', replaced(SIGNATURE, 'z'.repeat(64)), 403, 'Invalid signature'],
    ['a signature in latin1', replaced(SIGNATURE, 'ä'.repeat(64)), 403, 'Invalid signature'],
    ['a wrong signature', replaced(SIGNATURE, 'a'.repeat(64)), 403, 'Invalid signature'],
    ['a repeated signature', repeated(SIGNATURE), 403, 'Invalid signature'],
    ['a repeated timestamp', repeated(TIMESTAMP), 403, 'Invalid signature'],
    ['another timestamp', replaced(TIMESTAMP, String(NOW / 1000 + 1)), 403, 'Invalid signature'],
    ['an unreadable timestamp', signedHeaders({ timestamp: 'today' }), 403, 'Invalid signature'],
    ['8 h and 1 s back', signedHeaders({ timestamp: String(NOW / 1000 - 28_801) }), 403, 'Invalid signature'],
    ['5 min and 1 s ahead', signedHeaders({ timestamp: String(NOW / 1000 + 301) }), 403, 'Invalid signature'],
    ["a stranger's secret", signedHeaders({ secret: 'x' }), 403, 'Invalid signature'],
    ['no event id', without(EVENT_ID), 400, 'Missing or malformed event id'],
    ['an empty event id', replaced(EVENT_ID, ''), 400, 'Missing or malformed event id'],
    ['an event id with a colon', replaced(EVENT_ID, 'conflict:1'), 400, 'Missing or malformed event id'],
    ['an event id of 129', replaced(EVENT_ID, 'a'.repeat(129)), 400, 'Missing or malformed event id'],
    ['a repeated event id', repeated(EVENT_ID), 400, 'Missing or malformed event id'],
  ])('refuses %s', async (_what, headers, status, title) => {
    const answer = await send(receiver.port, headers);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } });
    expect(JSON.parse(answer.text)).toEqual({
      type: 'about:blank',
      title,
      status,
      detail: expect.stringMatching(/\.$/) as unknown,
    });
    expect(receiver.received).toEqual([]);
  });

  test('refuses every body of which one byte is not what was signed', async () => {
    const conversation = converse(receiver.port);
    for (let at = 0; at < BODY.length; at += 1) {
      const changed = Buffer.from(BODY);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      conversation.write(requestBytes([...signedHeaders(), lengthOf(changed)], changed));
      expect((await conversation.next()).status).toBe(403);
    }
    conversation.socket.destroy();
    expect(receiver.received).toEqual([]);
  });

  test.each([
    ['another company', envelope({ companyId: 'other' })],
    ['another company, whatever the event', envelope({ companyId: 'other', event: 'badge.won' })],
  ])('refuses %s', async (_what, body) => {
    const answer = await deliver(receiver.port, { body });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text)).toMatchObject({ title: 'Unknown company' });
    expect(answer.text).not.toContain('other');
  });

  test.each([
    ['a body that is not JSON', 'not json', 'not-json', null],
    ['an empty body', '', 'not-json', null],
    ['no envelope', '[]', 'no-envelope', null],
    ['no company', JSON.stringify({ event: 'course.completed', data: COURSE }), 'no-company', 'course.completed'],
    ['an unknown event', envelope({ event: 'badge.won' }), 'unknown-event', 'badge.won'],
    ['data that does not fit', envelope({ data: {} }), 'data-does-not-fit', 'course.completed'],
  ])('takes %s, with its problem', async (_what, body, kind, event) => {
    const answer = await deliver(receiver.port, { body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ received: true, duplicate: false, workflowId: 'evt-1' });
    expect(receiver.received[0]).toMatchObject({ delivery: { event, problem: { kind } }, rawBody: Buffer.from(body) });
  });

  test('looks at the event id before the body, and at the signature before both', async () => {
    expect((await send(receiver.port, signedHeaders({ body: 'x', eventId: ':' }), 'x')).status).toBe(400);
    expect((await send(receiver.port, signedHeaders({ body: 'x', eventId: ':', secret: 'y' }), 'x')).status).toBe(403);
    const foreign = envelope({ companyId: 'other' });
    expect((await send(receiver.port, signedHeaders({ body: foreign, eventId: ':' }), foreign)).status).toBe(400);
  });

  test.each([
    ['no content type', []],
    ['a form', [['Content-Type', 'application/x-www-form-urlencoded']]],
    ['another charset', [['Content-Type', 'application/json; charset=utf-16']]],
    ['content encoding identity', [['Content-Encoding', 'Identity']]],
  ] as [string, [string, string][]][])('does not mind %s', async (_what, headers) => {
    expect((await send(receiver.port, [...signedHeaders(), ...headers])).status).toBe(200);
  });

  test.each(['gzip', 'br', 'deflate', 'identity, gzip', 'x'])('refuses content encoding %s', async (encoding) => {
    const body = gzipSync(BODY);
    const answer = await send(receiver.port, [...signedHeaders({ body }), ['Content-Encoding', encoding]], body);
    expect(answer).toMatchObject({ status: 415, headers: { 'content-type': 'application/problem+json' } });
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])(
    'refuses %s, and says what it takes',
    async (method) => {
      const conversation = converse(receiver.port);
      conversation.write(requestBytes([], '', `${method} /webhooks/mindtickle`));
      conversation.socket.end();
      await expectHead(conversation.socket, /^HTTP\/1\.1 405 .*\r\nallow: POST\r\n/s);
    },
  );

  test.each(['/', '/webhooks', '/webhooks/mindtickle/x', '/webhooks/other', '//', '/%', '/%2e%2e/etc', '/Healthz/x'])(
    'answers 404 at %s',
    async (path) => {
      const answer = await send(receiver.port, signedHeaders(), BODY, `POST ${path}`);
      expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'application/problem+json' } });
    },
  );

  test('answers pipelined deliveries in their order', async () => {
    const conversation = converse(receiver.port);
    const ids = ['evt-1', 'evt-2', 'evt-3'];
    const requests = ids.map((eventId) => requestBytes([...signedHeaders({ eventId }), lengthOf(BODY)], BODY));
    conversation.write(Buffer.concat(requests));
    for (const workflowId of ids) expect(JSON.parse((await conversation.next()).text)).toMatchObject({ workflowId });
    conversation.socket.destroy();
  });

  test('answers a delivery before it refuses the garbage behind it', async () => {
    const conversation = converse(receiver.port);
    const request = requestBytes([...signedHeaders(), lengthOf(BODY)], BODY);
    conversation.write(Buffer.concat([request, Buffer.from('\x00garbage\r\n\r\n')]));
    expect((await conversation.next()).status).toBe(200);
    expect((await conversation.next()).status).toBe(400);
    await conversation.closed;
  });

  test('refuses a body that is longer than its declared length, and takes nothing of it', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), ['Content-Length', '10']], BODY));
    expect((await conversation.next()).status).toBe(403);
    expect((await conversation.next()).status).toBe(400);
    await conversation.closed;
    expect(receiver.received).toEqual([]);
  });

  test.each([
    [
      'two content lengths',
      [
        ['Content-Length', '3'],
        ['Content-Length', '4'],
      ],
    ],
    [
      'a length and chunks',
      [
        ['Content-Length', '3'],
        ['Transfer-Encoding', 'chunked'],
      ],
    ],
    ['a negative length', [['Content-Length', '-3']]],
    ['a length that is no number', [['Content-Length', '0x3']]],
  ] as [string, [string, string][]][])('answers 400 to %s', async (_what, headers) => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders({ body: 'abc' }), ...headers], 'abc'));
    const answer = await conversation.next();
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } });
    await conversation.closed;
    expect(receiver.received).toEqual([]);
  });

  test('answers 400 to a request without a host', async () => {
    const conversation = converse(receiver.port);
    const bytes = requestBytes([...signedHeaders(), lengthOf(BODY)], BODY)
      .toString()
      .replace('Host: receiver\r\n', '');
    conversation.write(bytes);
    expect(await conversation.next()).toMatchObject({
      status: 400,
      headers: { 'content-type': 'application/problem+json' },
    });
    conversation.socket.destroy();
  });

  test.each([
    ['an expectation that it does not know', ['Expect', 'applause']],
    ['a wish for another protocol', ['Upgrade', 'websocket']],
  ] as const)('does not mind %s', async (_what, header) => {
    expect((await send(receiver.port, [...signedHeaders(), header])).status).toBe(200);
  });

  test('answers 400 to HTTP/2', async () => {
    const conversation = converse(receiver.port);
    conversation.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect((await conversation.next()).status).toBe(400);
    await conversation.closed;
  });

  test('tells a client that asks to go on, and then takes its body', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), lengthOf(BODY), ['Expect', '100-continue']], ''));
    expect((await conversation.next()).status).toBe(100);
    conversation.write(BODY);
    expect((await conversation.next()).status).toBe(200);
    conversation.socket.destroy();
  });

  test('takes a body in chunks', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), ['Transfer-Encoding', 'chunked']], ''));
    for (const byte of BODY) conversation.write(`1\r\n${byte}\r\n`);
    conversation.write('0\r\n\r\n');
    expect((await conversation.next()).status).toBe(200);
    conversation.socket.destroy();
  });

  test('reads the headers that the config names', async () => {
    const delivery = { ...settings.delivery, eventIdHeader: 'x-other-id' };
    const { port, received, close } = await startReceiver({ settings: { ...settings, delivery } });
    expect((await deliver(port)).status).toBe(400);
    expect((await send(port, [...signedHeaders(), ['X-Other-Id', 'evt-9']])).status).toBe(200);
    await close();
    expect(received[0]?.delivery.eventId).toBe('evt-9');
  });
});

describe('GET /healthz and /readyz', () => {
  test('the process lives', async () => {
    const answer = await send(receiver.port, [], '', 'GET /healthz');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ ok: true });
  });

  test('ready', async () => {
    expect(await send(receiver.port, [], '', 'GET /readyz')).toMatchObject({
      status: 200,
      text: '{"ready":true,"temporal":"ok","spool":null,"warnings":[]}',
    });
  });

  test('not ready, and why', async () => {
    const reason = 'Temporal cannot be reached.';
    const spool = { records: 9, bytes: 8, maxBytes: 8, oldestAgeSeconds: 7, deadLetters: 0 };
    const { port, close } = await startReceiver({ readiness: () => Promise.resolve({ ready: false, reason, spool }) });
    const answer = await send(port, [], '', 'GET /readyz');
    await close();
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    expect(JSON.parse(answer.text)).toMatchObject({ status: 503, detail: reason, spool });
  });

  test.each(['/healthz', '/readyz'])('%s refuses POST', async (path) => {
    expect(await send(receiver.port, [], '', `POST ${path}`)).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });
});

describe('the log of refusals', () => {
  test('has the rule and the address of whom the proxies name, and nothing of the request', async () => {
    const lines: string[] = [];
    const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void lines.push(chunk.toString())) });
    const log = createCappedLog(pino(sink), () => NOW);
    const { port, close } = await startReceiver({ log, settings: { ...settings, trustProxy: 1 } });
    await send(port, [...signedHeaders({ secret: 'x' }), ['X-Forwarded-For', '6.6.6.6, 203.0.113.7']]);
    await send(port, without(EVENT_ID));
    await close();
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 30, rule: 'mismatch', status: 403, address: '203.0.113.7' },
      { level: 50, rule: 'event-id', status: 400, address: '127.0.0.1' },
    ]);
    expect(lines.join('')).not.toMatch(/mt-rita|Sales|whsec|[0-9a-f]{64}/);
  });
});

async function expectHead(socket: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString('latin1')).toMatch(pattern);
}
