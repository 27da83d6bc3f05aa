import { once } from 'node:events';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Accepted } from '../../src/receiver/accept/accept';
import type { Rule } from '../../src/receiver/refusals/rules';
import type { ReceiverDeps } from '../../src/receiver/server';
import { converse, requestBytes, type Answer, type Conversation, type HeaderList } from './raw-http';
import {
  BODY,
  COMPANY,
  COURSE,
  deliver,
  lengthOf,
  send,
  settings,
  signedHeaders,
  startReceiver,
  type Running,
} from './running';

type Limits = NonNullable<ReceiverDeps['limits']>;
const QUICK: Limits = { headersMs: 150, requestMs: 200, checkEveryMs: 10 };

let receiver: Running;
afterEach(() => receiver.close());

const chunked: [string, string] = ['Transfer-Encoding', 'chunked'];
const oneChunk = (body: string): string => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const idsOf = ({ received }: Running): string[] => received.map(({ workflowId }) => workflowId);

/** Everything that is answered until the connection ends. */
async function allAnswers(bytes: string | Buffer, port = receiver.port): Promise<Answer[]> {
  const { socket, write, next, closed } = converse(port);
  write(bytes);
  socket.end();
  await closed;
  const answers: Answer[] = [];
  for (;;) {
    const answer = await next().catch(() => undefined);
    if (answer === undefined) return answers;
    answers.push(answer);
  }
}

const statuses = async (bytes: string | Buffer): Promise<number[]> =>
  (await allAnswers(bytes)).map(({ status }) => status);

describe('framing', () => {
  beforeEach(async () => {
    receiver = await startReceiver({ limits: QUICK });
  });

  /** What a proxy that reads the framing otherwise would have let through. */
  const smuggled = requestBytes([['x-mt-event-id', 'smuggled'], lengthOf('{}')], '{}').toString();
  const signed = (headers: HeaderList, body: string): Buffer => requestBytes([...signedHeaders(), ...headers], body);
  const edited = (search: string, replacement: string): Buffer =>
    Buffer.from(
      signed([lengthOf(BODY)], BODY)
        .toString('latin1')
        .replace(search, replacement),
      'latin1',
    );

  test.each([
    ['a length, then chunks', signed([['Content-Length', '4'], chunked], `0\r\n\r\n${smuggled}`)],
    ['chunks, then a length', signed([chunked, ['Content-Length', '6']], `0\r\n\r\n${smuggled}`)],
    ['chunks twice', signed([chunked, chunked], `0\r\n\r\n${smuggled}`)],
    ['a coding that is almost chunked', signed([['Transfer-Encoding', 'xchunked']], smuggled)],
    ['a coding after a vertical tab', signed([['Transfer-Encoding', '\x0bchunked']], `0\r\n\r\n${smuggled}`)],
    ['chunks that are not the last coding', signed([['Transfer-Encoding', 'chunked, identity']], smuggled)],
    ['the coding identity', signed([['Transfer-Encoding', 'identity']], smuggled)],
    ['a length before a space and a colon', signed([['Content-Length ', '5']], smuggled)],
    ['a length with a sign', signed([['Content-Length', '+5']], smuggled)],
    ['a list of equal lengths', signed([['Content-Length', '5, 5']], smuggled)],
    ['an empty length', signed([['Content-Length', '']], smuggled)],
    ['a length beyond 64 bits', signed([['Content-Length', '18446744073709551617']], smuggled)],
    ['a chunk size beyond 64 bits', signed([chunked], `${'F'.repeat(17)}\r\n${smuggled}`)],
    ['a negative chunk size', signed([chunked], `-1\r\n${smuggled}`)],
    ['chunks that end with a line feed alone', signed([chunked], `2\n{}\n0\n\n${smuggled}`)],
    ['a folded header', edited('Host: receiver', 'Host: receiver\r\nX-A: 1\r\n folded')],
    ['NUL in a header', edited('Host: receiver', 'Host: receiver\r\nX-A: a\0b')],
    ['a carriage return alone in a header', edited('Host: receiver', 'Host: receiver\r\nX-A: a\rX-B: b')],
    ['line feeds alone', Buffer.from(signed([], '').toString().replaceAll('\r\n', '\n'))],
    ['two hosts', signed([['Host', 'other'], lengthOf(BODY)], BODY)],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
  ])('%s: 400 once, and nothing behind it is read', async (_what, bytes) => {
    expect(await statuses(bytes)).toEqual([400]);
    expect(receiver.received).toEqual([]);
  });

  test.each([
    ['a length that is too small', [['Content-Length', String(Buffer.byteLength(BODY))]], BODY, [200, 401]],
    ['no length', [], '', [403, 401]],
    ['a length of none', [['Content-Length', '0']], '', [403, 401]],
    ['chunks that end', [chunked], `${oneChunk(BODY)}0\r\n\r\n`, [200, 401]],
  ] as [string, HeaderList, string, number[]][])(
    'what comes after %s is a request of its own, and unsigned',
    async (_what, headers, body, expected) => {
      expect(await statuses(Buffer.concat([signed(headers, body), Buffer.from(smuggled)]))).toEqual(expected);
      expect(idsOf(receiver)).not.toContain('smuggled');
    },
  );

  test('a signature in a trailer is none', async () => {
    const trailers = signedHeaders().map(([name, value]) => `${name}: ${value}\r\n`);
    const body = `${oneChunk(BODY)}0\r\n${trailers.join('')}\r\n`;
    expect(await statuses(requestBytes([chunked], body))).toEqual([401]);
  });

  test.each([
    ['trailers of more than 16 KiB', `${oneChunk(BODY)}0\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a chunk extension of more than 16 KiB', `1;${'x'.repeat(20_000)}\r\nx\r\n`, 413],
  ])('refuses %s', async (_what, body, status) => {
    expect(await statuses(signed([chunked], body))).toEqual([status]);
    expect(receiver.received).toEqual([]);
  });

  test('a body that was refused before its end is answered once, also when its time is up', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), ['Content-Length', '2000000']], 'x'));
    expect((await conversation.next()).status).toBe(413);
    await conversation.closed;
    await expect(conversation.next()).rejects.toThrow('the connection is over');
  });

  test('less than was declared, and then the end of the sending side: 400', async () => {
    const conversation = converse(receiver.port);
    conversation.write(signed([['Content-Length', '9999']], BODY));
    conversation.socket.end();
    expect(await conversation.next()).toMatchObject({ status: 400, headers: { connection: 'close' } });
    await conversation.closed;
    expect(receiver.received).toEqual([]);
  });

  test('CONNECT ends its connection, and no other', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([], '', 'CONNECT receiver:80'));
    await conversation.closed;
    expect((await deliver(receiver.port)).status).toBe(200);
  });

  test('HTTP/1.0 is answered, and its connection ends', async () => {
    const bytes = signed([lengthOf(BODY)], BODY)
      .toString('latin1')
      .replace('HTTP/1.1', 'HTTP/1.0');
    expect(await allAnswers(bytes)).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
  });
});

describe('the request target', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  test.each([
    ['/webhooks/mindtickle/', 200],
    ['/webhooks/mindtickle?x=1', 200],
    ['/webhooks/mindtickle/?', 200],
    ['http://receiver/webhooks/mindtickle', 200],
    ['http://[/webhooks/mindtickle', 200],
    ['HTTP://elsewhere.example:99999/webhooks/mindtickle?x', 200],
    ['//webhooks/mindtickle', 404],
    ['/webhooks//mindtickle', 404],
    ['/webhooks/mindtickle//', 404],
    ['/Webhooks/MindTickle', 404],
    ['/webhooks/%6dindtickle', 404],
    ['/webhooks%2fmindtickle', 404],
    ['/x/../webhooks/mindtickle', 404],
    ['/webhooks/mindtickle;x=1', 404],
    ['*', 404],
    ['http://', 404],
    ['http://[', 404],
    ['http://[/webhooks', 404],
    ['webhooks/mindtickle', 400],
    ['\\webhooks\\mindtickle', 400],
    ['/webhooks/mindtickle\xe9', 400],
  ])('%s: %i', async (target, status) => {
    const type = status === 200 ? 'application/json; charset=utf-8' : 'application/problem+json';
    const answer = await send(receiver.port, signedHeaders(), BODY, `POST ${target}`);
    expect(answer).toMatchObject({ status, headers: { 'content-type': type } });
    expect(receiver.received).toHaveLength(status === 200 ? 1 : 0);
  });

  test.each(['/READYZ', '/readyz/', '/Healthz', '/healthz/'])(
    'a rule that a proxy has for a path is not passed by as %s',
    async (target) => {
      expect((await send(receiver.port, [], '', `GET ${target}`)).status).toBe(404);
    },
  );
});

describe('headers', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  const withId = (eventId: string): [string, string][] => signedHeaders({ eventId });

  test.each([
    ['spaces around it', '  evt-1 \t ', 200],
    ['128 characters', 'a'.repeat(128), 200],
    ['129 characters', 'a'.repeat(129), 400],
    ['a space within', 'evt 1', 400],
    ['a tab within', 'evt\t1', 400],
    ['a no-break space behind', 'evt-1\xa0', 400],
    ['latin-1', 'evt-\xe9', 400],
    ['UTF-8', Buffer.from('evt-é').toString('latin1'), 400],
    ['a percent sign', 'evt%2d1', 400],
    ['a comma', 'evt-1,evt-2', 400],
    ['15,000 characters', 'a'.repeat(15_000), 400],
  ])('an event id with %s', async (_what, eventId, status) => {
    expect((await send(receiver.port, withId(eventId))).status).toBe(status);
    expect(idsOf(receiver)).toEqual(status === 200 ? [eventId.trim()] : []);
  });

  test.each(['__proto__', 'constructor', '..', '.', '-'])('%s is an event id as any other', async (eventId) => {
    expect((await send(receiver.port, withId(eventId))).status).toBe(200);
    expect(idsOf(receiver)).toEqual([eventId]);
  });

  test('an event id twice is refused, though both are equal', async () => {
    expect((await send(receiver.port, [...withId('evt-1'), ['X-MT-Event-Id', 'evt-1']])).status).toBe(400);
  });

  test.each(['x-mt-webhook-signature', 'x-mt-webhook-timestamp', 'x-other'])(
    '16 KB in %s are refused or not minded, and never a failure',
    async (name) => {
      const headers = [...signedHeaders().filter(([each]) => each !== name), [name, 'f'.repeat(15_500)]] as const;
      expect((await send(receiver.port, headers)).status).toBe(name === 'x-other' ? 200 : 403);
    },
  );

  test.each([
    [127, 200],
    [128, 431],
    [129, 431],
    [2500, 431],
  ])('%i headers in all: %i', async (count, status) => {
    const ours = [...signedHeaders(), lengthOf(BODY)];
    const others = Array.from({ length: count - ours.length - 1 }, (): [string, string] => ['a', '']);
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...others, ...ours], BODY));
    expect((await conversation.next()).status).toBe(status);
    conversation.socket.destroy();
    expect(receiver.received).toHaveLength(status === 200 ? 1 : 0);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a header named %s, also twice, changes no object',
    async (name) => {
      const before = [...Reflect.ownKeys(Object.prototype), ...Reflect.ownKeys(Object)];
      expect((await send(receiver.port, [...signedHeaders(), [name, 'x'], [name, 'y']])).status).toBe(200);
      expect([...Reflect.ownKeys(Object.prototype), ...Reflect.ownKeys(Object)]).toEqual(before);
    },
  );
});

describe('content encoding', () => {
  test.each([
    ['', 200],
    ['identity', 200],
    ['IDENTITY', 200],
    ['identity, identity', 415],
    ['gzip', 415],
    ['x-gzip', 415],
    ['\xff', 415],
  ])('%j: %i', async (encoding, status) => {
    receiver = await startReceiver();
    expect((await send(receiver.port, [...signedHeaders(), ['Content-Encoding', encoding]])).status).toBe(status);
  });

  const bomb = Buffer.alloc(8 * 1024 * 1024);

  test.each([
    ['gzip', gzipSync(bomb)],
    ['br', brotliCompressSync(bomb)],
  ])('a %s bomb is refused before its body is asked for', async (encoding, body) => {
    receiver = await startReceiver();
    const conversation = converse(receiver.port);
    const headers = [['Content-Encoding', encoding], lengthOf(body), ['Expect', '100-continue']] as const;
    conversation.write(requestBytes([...signedHeaders({ body: body.toString('latin1') }), ...headers], ''));
    expect(await conversation.next()).toMatchObject({ status: 415, headers: { connection: 'close' } });
    conversation.socket.destroy();
    expect(receiver.received).toEqual([]);
  });
});

describe('bodies that are odd JSON', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  const course = JSON.stringify(COURSE).slice(1, -1);
  const event = (data: string, more = ''): string =>
    `{"event":"course.completed","data":{${course}${data}},"companyId":"${COMPANY}"${more}}`;

  test.each([
    ['__proto__ at every level', event(',"__proto__":{"x":1}', ',"__proto__":{"constructor":{"prototype":{}}}'), null],
    ['half a surrogate pair in a field not known', event(',"note":"\\ud800"'), null],
    ['half a surrogate pair in an id', event(',"userId":"\\ud800"'), 'data-does-not-fit'],
    ['NUL in an id', event(',"userId":"\\u0000"'), 'data-does-not-fit'],
    ['1e400', event(',"score":1e400'), 'data-does-not-fit'],
    ['-0', event(',"score":-0'), null],
    ['an id of 2^53 + 1', event(',"courseId":9007199254740993'), 'data-does-not-fit'],
    ['a million brackets', '['.repeat(1_048_576), 'not-json'],
    ['half a million levels', event(`,"x":${'['.repeat(500_000)}${']'.repeat(500_000)}`), 'not-json'],
    ['10,000 levels', event(`,"x":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`), 'not-json'],
    ['a byte order mark', Buffer.from(`\ufeff${event('')}`), 'not-json'],
    ['bytes that are not UTF-8', Buffer.from(event(',"x":"\xff"'), 'latin1'), 'not-json'],
    ['nothing', '', 'not-json'],
  ] as [string, string | Buffer, string | null][])(
    '%s: answered, the bytes as they came',
    async (_what, body, problem) => {
      expect((await deliver(receiver.port, { body: body as string })).status).toBe(200);
      const [received] = receiver.received;
      expect(received?.rawBody.equals(Buffer.from(body as string))).toBe(true);
      expect(received?.delivery.problem?.kind ?? null).toBe(problem);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    },
  );

  test.each(['\\u0000', '\\ud800', '../..', '<script>', 'e'.repeat(255), '\\u202e', ' '])(
    'an event named %s waits for a person',
    async (name) => {
      const body = `{"event":"${name}","data":{},"companyId":"${COMPANY}"}`;
      expect((await deliver(receiver.port, { body })).status).toBe(200);
      expect(receiver.received[0]?.delivery.problem?.kind).toBe('unknown-event');
    },
  );
});

describe('clients that are slow, or leave', () => {
  test.each([
    ['headers', 'POST /webhooks/mindtickle HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'x'],
    ['a body', requestBytes([...signedHeaders(), ['Content-Length', '99999']], ''), 'x'],
    ['chunks', requestBytes([...signedHeaders(), chunked], ''), '1\r\nx\r\n'],
    ['a chunk extension', requestBytes([...signedHeaders(), chunked], '1;'), 'x'],
    ['trailers', requestBytes([...signedHeaders(), chunked], '0\r\nX: '), 'x'],
  ])('a client that sends %s bit by bit gets 408 when its time is up', async (_what, begin, bit) => {
    receiver = await startReceiver({ limits: QUICK });
    const conversation = converse(receiver.port);
    conversation.write(begin);
    const dripping = setInterval(() => conversation.write(bit), 5);
    const answer = await conversation.next();
    clearInterval(dripping);
    expect(answer.status).toBe(408);
    await conversation.closed;
    expect(receiver.received).toEqual([]);
  });

  test('a client that has closed its side is answered, though the start takes its time', async () => {
    let start: (accepted: Accepted) => void = () => undefined;
    receiver = await startReceiver({ accept: () => new Promise((resolve) => (start = resolve)) });
    const { socket, write, next, closed } = converse(receiver.port);
    write(requestBytes([...signedHeaders(), lengthOf(BODY)], BODY));
    socket.end();
    await until(() => receiver.received.length === 1);
    start('started');
    expect((await next()).status).toBe(200);
    await closed;
  });

  test('a client that resets while its delivery is being stored loses the answer, and nothing else', async () => {
    let start: (accepted: Accepted) => void = () => undefined;
    receiver = await startReceiver({
      accept: ({ workflowId }) =>
        workflowId === 'evt-2' ? Promise.resolve('started') : new Promise((resolve) => (start = resolve)),
    });
    const { socket, write, closed } = converse(receiver.port);
    write(requestBytes([...signedHeaders(), lengthOf(BODY)], BODY));
    await until(() => receiver.received.length === 1);
    socket.resetAndDestroy();
    await closed;
    start('started');
    expect((await deliver(receiver.port, { eventId: 'evt-2' })).status).toBe(200);
    expect(idsOf(receiver)).toEqual(['evt-1', 'evt-2']);
  });

  test('a client that reads none of its answers is cut off', async () => {
    receiver = await startReceiver({ limits: { silenceMs: 300 } });
    const { socket, closed } = converse(receiver.port);
    socket.pause();
    const many = Buffer.concat(Array.from({ length: 1000 }, () => requestBytes([], '', 'GET /nothing')));
    const flood = (): void => void socket.write(many, (error) => (error ? undefined : flood()));
    flood();
    expect(await once(socket, 'error')).toMatchObject([{ syscall: 'write' }]);
    await closed;
    expect((await deliver(receiver.port)).status).toBe(200);
  });
});

describe('pipelining', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  const request = (eventId: string, secret?: string): Buffer =>
    requestBytes([...signedHeaders({ eventId, ...(secret !== undefined && { secret }) }), lengthOf(BODY)], BODY);

  test('one that is refused in the middle does not keep the next from being taken', async () => {
    expect(await statuses(Buffer.concat([request('evt-1'), request('evt-2', 'wrong'), request('evt-3')]))).toEqual([
      200, 403, 200,
    ]);
    expect(idsOf(receiver)).toEqual(['evt-1', 'evt-3']);
  });

  test('one that is refused before its end is the last one', async () => {
    const tooLarge = requestBytes([...signedHeaders(), ['Content-Length', '2000000']], '');
    expect(await statuses(Buffer.concat([request('evt-1'), tooLarge, request('evt-3')]))).toEqual([200, 413]);
    expect(idsOf(receiver)).toEqual(['evt-1']);
  });

  test('500 on one connection are all answered, in their order', async () => {
    const ids = Array.from({ length: 500 }, (_each, index) => `evt-${index}`);
    const answers = await allAnswers(Buffer.concat(ids.map((id) => request(id))));
    expect(answers.map(({ text }) => (JSON.parse(text) as { workflowId: string }).workflowId)).toEqual(ids);
  });
});

describe('the address of who is refused', () => {
  const spoofed: [string, string] = ['X-Forwarded-For', '6.6.6.6'];
  const proxied: [string, string] = ['X-Forwarded-For', '6.6.6.6, 203.0.113.7'];

  test.each([
    ['without a proxy is its own, whatever it says', 0, spoofed, '127.0.0.1'],
    ['behind one proxy is the one that the proxy names', 1, proxied, '203.0.113.7'],
    ['behind one proxy that names none is the proxy', 1, undefined, '127.0.0.1'],
    ['behind two proxies is the one that the outer one names', 2, proxied, '6.6.6.6'],
    ['behind more proxies than names is the first name', 9, proxied, '6.6.6.6'],
    ['that is no address is not told', 1, ['X-Forwarded-For', 'rita@example.com'] as [string, string], undefined],
  ])('%s', async (_what, trustProxy, header, address) => {
    const refused: [Rule, string | undefined][] = [];
    receiver = await startReceiver({
      settings: { ...settings, trustProxy },
      observe: { answered: () => undefined, refused: (rule, of) => refused.push([rule, of]) },
    });
    await send(receiver.port, [...signedHeaders({ secret: 'x' }), ...(header === undefined ? [] : [header])]);
    expect(refused).toEqual([['mismatch', address]]);
  });
});

describe('what is counted of a delivery that is kept', () => {
  test.each([
    ['that can be acted on', BODY, 'started', 'started'],
    [
      'that has to wait for a person',
      '{"event":"user.deprovisioned","data":{},"companyId":"acme"}',
      'started',
      'quarantined',
    ],
    ['that waits for a person and comes again', 'not JSON', 'duplicate', 'duplicate'],
  ] as const)('one %s', async (_which, body, accepted, counted) => {
    const outcomes: string[] = [];
    receiver = await startReceiver({
      accept: () => Promise.resolve(accepted),
      observe: { answered: (outcome) => void outcomes.push(outcome), refused: () => undefined },
    });
    expect((await deliver(receiver.port, { body })).status).toBe(200);
    expect(outcomes).toEqual([counted]);
  });
});

describe('overload', () => {
  const BOUNDS: Limits = { deliveries: 4, bodyBytes: 100_000, connections: 8 };
  const unfinished = (bytes: number): Buffer =>
    requestBytes([...signedHeaders({ secret: 'x' }), ['Content-Length', '1000000']], Buffer.alloc(bytes, 'x'));
  const hold = (bytes: number): Conversation => {
    const conversation = converse(receiver.port);
    conversation.write(unfinished(bytes));
    return conversation;
  };

  test('unfinished bodies that hold all memory are shed with 503 for an honest delivery', async () => {
    receiver = await startReceiver({ limits: BOUNDS });
    const holding = hold(60_000);
    await once(holding.socket, 'connect');
    const refused = holding.next();
    // A second one needs more than is left, and neither is slow: it is the second that is refused.
    expect(await hold(90_000).next()).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    const body = BODY.replace('{', `{"pad":"${'x'.repeat(40_000)}",`);
    expect((await deliver(receiver.port, { body })).status).toBe(200);
    expect(await refused).toMatchObject({ status: 503, headers: { connection: 'close', 'retry-after': '30' } });
    expect(idsOf(receiver)).toEqual(['evt-1']);
  });

  test('unfinished bodies that hold all places are shed in the order in which they came', async () => {
    receiver = await startReceiver({ limits: BOUNDS });
    const waiting: Conversation[] = [];
    const shed: number[] = [];
    for (let index = 0; index < 6; index += 1) {
      const conversation = converse(receiver.port);
      const headers = [...signedHeaders(), ['Content-Length', '9'], ['Expect', '100-continue']] as const;
      conversation.write(requestBytes(headers, ''));
      expect((await conversation.next()).status).toBe(100);
      waiting.push(conversation);
      const note = ({ status }: Answer): void => {
        if (status === 503) shed.push(index);
      };
      conversation.next().then(note, () => undefined);
    }
    expect((await deliver(receiver.port)).status).toBe(200);
    await until(() => shed.length === 3);
    expect(shed).toEqual([0, 1, 2]);
    for (const { socket } of waiting) socket.destroy();
  });

  test('when every place is held by a delivery that is being stored, one more gets 503', async () => {
    const starts: ((accepted: Accepted) => void)[] = [];
    receiver = await startReceiver({ limits: BOUNDS, accept: () => new Promise((resolve) => starts.push(resolve)) });
    const honest = ['evt-1', 'evt-2', 'evt-3', 'evt-4'].map((eventId) => deliver(receiver.port, { eventId }));
    await until(() => starts.length === 4);
    expect(await deliver(receiver.port, { eventId: 'evt-5' })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '30' },
    });
    for (const start of starts) start('started');
    expect((await Promise.all(honest)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test('one connection too many closes the one that has made no request for longest, never a busy one', async () => {
    const refused: Rule[] = [];
    let start: (accepted: Accepted) => void = () => undefined;
    receiver = await startReceiver({
      limits: BOUNDS,
      accept: () => new Promise((resolve) => (start = resolve)),
      observe: { answered: () => undefined, refused: (rule) => refused.push(rule) },
    });
    const busy = deliver(receiver.port);
    await until(() => receiver.received.length === 1);
    const idle: Conversation[] = [];
    for (let index = 0; index < 8; index += 1) {
      const conversation = converse(receiver.port);
      idle.push(conversation);
      await once(conversation.socket, 'connect');
      conversation.write(requestBytes([], '', 'GET /healthz'));
      expect((await conversation.next()).status).toBe(200);
    }
    await idle[0]?.closed;
    expect(idle.slice(1).map(({ socket }) => socket.closed)).toEqual(Array(7).fill(false));
    expect(refused).toEqual(['overload']);
    start('started');
    expect((await busy).status).toBe(200);
    for (const { socket } of idle) socket.destroy();
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
