import { once } from 'node:events';
import { connect } from 'node:net';
import type { Accepted } from '../../src/receiver/accept/accept';
import { MAX_BODY_BYTES } from '../../src/receiver/refusals/rules';
import { converse, requestBytes } from './raw-http';
import { BODY, deliver, lengthOf, send, signedHeaders, startReceiver, type Running } from './running';

let receiver: Running;
afterEach(() => receiver.close());

const chunked: [string, string] = ['Transfer-Encoding', 'chunked'];
const problemJson = { 'content-type': 'application/problem+json' };

/** JSON of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const [before = '', after = ''] = BODY.replace('{', '{"pad":"#",').split('#');
  return before + 'x'.repeat(bytes - before.length - after.length) + after;
}

describe('the size of a body', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  test('1 MiB is taken', async () => {
    const body = bodyOf(MAX_BODY_BYTES);
    expect((await deliver(receiver.port, { body })).status).toBe(200);
    expect(receiver.received[0]?.rawBody.length).toBe(1_048_576);
  });

  test('1 MiB in chunks is taken, and one byte more is refused', async () => {
    for (const [bytes, status] of [
      [MAX_BODY_BYTES, 200],
      [MAX_BODY_BYTES + 1, 413],
    ] as const) {
      const body = bodyOf(bytes);
      const conversation = converse(receiver.port);
      conversation.write(
        requestBytes([...signedHeaders({ body }), chunked], `${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
      );
      expect((await conversation.next()).status).toBe(status);
      conversation.socket.destroy();
    }
    expect(receiver.received).toHaveLength(1);
  });

  test('a larger declared length is refused before the body is sent, and the connection ends', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), ['Content-Length', String(MAX_BODY_BYTES + 1)]], ''));
    const answer = await conversation.next();
    expect(answer).toMatchObject({ status: 413, headers: { ...problemJson, connection: 'close' } });
    conversation.socket.end();
    await conversation.closed;
  });

  test('a client that asks whether to send too much is told 413, not 100', async () => {
    const conversation = converse(receiver.port);
    const headers = [...signedHeaders(), ['Content-Length', '2000000'], ['Expect', '100-continue']] as const;
    conversation.write(requestBytes(headers, ''));
    expect((await conversation.next()).status).toBe(413);
    conversation.socket.end();
    await conversation.closed;
  });

  test('a client that reads only when it has sent all of it still finds its answer', async () => {
    const { socket, write, next } = converse(receiver.port);
    socket.pause();
    write(requestBytes([...signedHeaders(), chunked], ''));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
    for (let sent = 0; sent < 32; sent += 1)
      await new Promise((resolve, reject) => {
        socket.write(chunk, (error) => (error ? reject(error) : setImmediate(resolve)));
      });
    socket.resume();
    expect(await next()).toMatchObject({ status: 413, headers: { connection: 'close' } });
    socket.destroy();
  });

  test('the order is path, encoding, size, headers', async () => {
    const tooMuch = ['Content-Length', String(MAX_BODY_BYTES + 1)] as const;
    const statusOf = async (headers: readonly (readonly [string, string])[], line?: string): Promise<number> => {
      const conversation = converse(receiver.port);
      conversation.write(requestBytes([...headers, tooMuch], '', line));
      const { status } = await conversation.next();
      conversation.socket.destroy();
      return status;
    };
    expect(await statusOf([['Content-Encoding', 'gzip']], 'POST /x')).toBe(404);
    expect(await statusOf([['Content-Encoding', 'gzip']])).toBe(415);
    expect(await statusOf([])).toBe(413);
  });

  test('headers of more than 16 KiB are refused', async () => {
    const answer = await send(receiver.port, [...signedHeaders(), ['X-Long', 'x'.repeat(17_000)]]);
    expect(answer).toMatchObject({ status: 431, headers: problemJson });
  });

  test('a client that leaves within its body leaves nothing behind', async () => {
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), lengthOf(BODY)], BODY.slice(0, 20)));
    await once(conversation.socket, 'connect');
    conversation.socket.destroy();
    await conversation.closed;
    expect((await deliver(receiver.port, { eventId: 'evt-2' })).status).toBe(200);
    expect(receiver.received).toHaveLength(1);
  });
});

describe('the time of a request', () => {
  beforeEach(async () => {
    receiver = await startReceiver({ limits: { headersMs: 100, requestMs: 150, checkEveryMs: 10 } });
  });

  test.each([
    ['has begun its headers and goes no further', 'POST /webhooks/mindtickle HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['has begun its body and goes no further', requestBytes([...signedHeaders(), lengthOf(BODY)], BODY.slice(0, 20))],
    ['sends less than it declared', requestBytes([...signedHeaders(), ['Content-Length', '9999']], BODY)],
    ['has begun a chunk and goes no further', requestBytes([...signedHeaders(), chunked], '20\r\n{"event"')],
  ])('a client that %s gets 408, and its connection is closed', async (_what, bytes) => {
    const conversation = converse(receiver.port);
    conversation.write(bytes);
    expect(await conversation.next()).toMatchObject({ status: 408, headers: problemJson });
    await conversation.closed;
    expect(receiver.received).toEqual([]);
  });

  test('a connection that a balancer opened ahead may be silent for longer than that, and is then used', async () => {
    const ahead = converse(receiver.port);
    await once(ahead.socket, 'connect');
    // It began later, and its time is up.
    const late = converse(receiver.port);
    late.write('POST /webhooks/mindtickle HTTP/1.1\r\n');
    expect((await late.next()).status).toBe(408);
    ahead.write(requestBytes([...signedHeaders(), lengthOf(BODY)], BODY));
    expect((await ahead.next()).status).toBe(200);
  });

  test('from its first byte on, the time for its headers counts', async () => {
    const ahead = converse(receiver.port);
    await once(ahead.socket, 'connect');
    const late = converse(receiver.port);
    late.write('POST ');
    await late.closed;
    ahead.write('POST ');
    expect((await ahead.next()).status).toBe(408);
  });

  test('a connection that is never used is closed in the end', async () => {
    const other = await startReceiver({ limits: { idleMs: 50 } });
    const conversation = converse(other.port);
    await conversation.closed;
    expect(other.received).toEqual([]);
    await other.close();
  });

  test('a start that takes longer than a request may is not cut off', async () => {
    let started: (accepted: Accepted) => void = () => undefined;
    const patient = await startReceiver({
      limits: { headersMs: 20, requestMs: 30, checkEveryMs: 5, idleMs: 50 },
      accept: () => new Promise((resolve) => (started = resolve)),
    });
    const silent = converse(patient.port);
    const answer = deliver(patient.port);
    await silent.closed;
    started('started');
    expect((await answer).status).toBe(200);
    await patient.close();
  });
});

describe('close', () => {
  test('answers what has begun, ends what is idle, and takes nothing new', async () => {
    const begun: ((accepted: Accepted) => void)[] = [];
    let isBegun: (() => void) | undefined;
    const beginning = new Promise<void>((resolve) => (isBegun = resolve));
    receiver = await startReceiver({
      accept: ({ delivery }) => {
        if (delivery.eventId === 'evt-idle') return Promise.resolve('started');
        return new Promise((resolve) => {
          begun.push(resolve);
          isBegun?.();
        });
      },
    });
    const { port } = receiver;
    const idle = converse(port);
    idle.write(requestBytes([...signedHeaders({ eventId: 'evt-idle' }), lengthOf(BODY)], BODY));
    await idle.next();
    const silent = converse(port);
    await once(silent.socket, 'connect');
    const busy = converse(port);
    busy.write(requestBytes([...signedHeaders(), lengthOf(BODY)], BODY));
    await beginning;

    const closing = receiver.close();
    await Promise.all([idle.closed, silent.closed]);
    const refused = connect(port, '127.0.0.1');
    expect(await once(refused, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
    begun[0]?.('started');
    expect(await busy.next()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await busy.closed;
    await closing;
  });

  test('answers every one of the pipelined deliveries that have begun', async () => {
    const begun: ((accepted: Accepted) => void)[] = [];
    let isBegun: (() => void) | undefined;
    const beginning = new Promise<void>((resolve) => (isBegun = resolve));
    receiver = await startReceiver({
      accept: () =>
        new Promise((resolve) => {
          if (begun.push(resolve) === 2) isBegun?.();
        }),
    });
    const busy = converse(receiver.port);
    const requests = ['evt-1', 'evt-2'].map((eventId) =>
      requestBytes([...signedHeaders({ eventId }), lengthOf(BODY)], BODY),
    );
    busy.write(Buffer.concat(requests));
    await beginning;
    const closing = receiver.close();
    for (const start of begun) start('started');
    expect(JSON.parse((await busy.next()).text)).toMatchObject({ workflowId: 'evt-1' });
    expect(JSON.parse((await busy.next()).text)).toMatchObject({ workflowId: 'evt-2' });
    await closing;
  });

  test('waits for a body that is still coming', async () => {
    receiver = await startReceiver();
    const conversation = converse(receiver.port);
    const headers = [...signedHeaders(), lengthOf(BODY), ['Expect', '100-continue']] as const;
    conversation.write(requestBytes(headers, ''));
    expect((await conversation.next()).status).toBe(100);
    const closing = receiver.close();
    conversation.write(BODY);
    expect(await conversation.next()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closing;
  });

  test('cuts off after its time what does not end', async () => {
    receiver = await startReceiver({ limits: { closeMs: 50 }, accept: () => new Promise(() => undefined) });
    const conversation = converse(receiver.port);
    conversation.write(requestBytes([...signedHeaders(), lengthOf(BODY), ['Expect', '100-continue']], ''));
    await conversation.next();
    conversation.write(BODY);
    const answer = conversation.next();
    await Promise.all([receiver.close(), expect(answer).rejects.toThrow('the connection ended')]);
  });
});
