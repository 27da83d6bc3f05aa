import pino from 'pino';
import { createCappedLog } from '../../../src/telemetry';
import type { RawDelivery } from '../../../src/receiver/verify/delivery';
import { createRefusalCounts, type RefusalCounts, type RefusalLimits } from '../../../src/receiver/refusals/counts';
import type { RefusalRow } from '../../../src/ledger';
import { signDelivery } from '../../../src/dev/mindtickle';
import { Writable } from 'node:stream';
import { BODY, COMPANY, NOW, SECRET, signedHeaders, send, startReceiver } from '../running';

const ADDRESS = '203.0.113.9';
const TIMESTAMP = String(NOW / 1000);

let now: number;
let flushed: (readonly RefusalRow[])[];
let tasks: (() => void)[];
let logged: string;
let sink: (rows: readonly RefusalRow[]) => Promise<void>;
let tick: () => void;
let stopped: boolean;

beforeEach(() => {
  now = NOW;
  flushed = [];
  tasks = [];
  logged = '';
  stopped = false;
  sink = (rows) => Promise.resolve(void flushed.push(rows));
});

function create(limits: Partial<RefusalLimits> = {}, secrets = () => [SECRET]): RefusalCounts {
  const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void (logged += chunk.toString())) });
  return createRefusalCounts({
    sink: (rows) => sink(rows),
    config: () => ({ secrets: secrets(), companyId: COMPANY, window: { backMs: 8 * 3_600_000, aheadMs: 300_000 } }),
    now: () => now,
    log: createCappedLog(pino(stream), () => now),
    limits,
    timers: {
      soon: (task) => void tasks.push(task),
      every: (_ms, task) => {
        tick = task;
        return () => void (stopped = true);
      },
    },
  });
}

const work = (): void => tasks.splice(0).forEach((task) => task());

function incoming(changes: Partial<RawDelivery> = {}): RawDelivery {
  return {
    signature: '0f'.repeat(32),
    timestamp: TIMESTAMP,
    eventId: 'id-geheim',
    rawBody: Buffer.from(BODY),
    ...changes,
  };
}

const rows = (): readonly RefusalRow[] => flushed.flat();
const total = (): number => rows().reduce((sum, { count }) => sum + count, 0);
const causes = (): Record<string, number> =>
  Object.fromEntries(rows().map(({ rule, cause, count }) => [`${rule}: ${cause}`, count]));

describe('createRefusalCounts', () => {
  test('counts what is alike in one row a minute, with facts and no value', async () => {
    const counts = create();
    counts.refused('mismatch', ADDRESS, incoming());
    now += 2000;
    counts.refused('mismatch', ADDRESS, incoming());
    work();
    await counts.flush();
    expect(flushed).toEqual([
      [
        {
          minute: '2026-11-23T09:00:00.000Z',
          rule: 'mismatch',
          address: ADDRESS,
          cause: 'secret-unknown',
          status: 403,
          count: 2,
          skewSeconds: 0,
          signatureLength: 64,
          timestampLength: 10,
          bodyLength: BODY.length,
          firstAt: '2026-11-23T09:00:00.000Z',
          lastAt: '2026-11-23T09:00:02.000Z',
        },
      ],
    ]);
  });

  test('takes a rule with one cause as it is, also without an address or a delivery', async () => {
    const counts = create();
    counts.refused('path', undefined);
    counts.refused('encoding', ADDRESS);
    counts.refused('replay-limit', ADDRESS, incoming());
    await counts.flush();
    expect(rows()).toMatchObject([
      { rule: 'path', address: 'unknown', cause: 'path', status: 404, bodyLength: null },
      { rule: 'encoding', address: ADDRESS, cause: 'encoding', status: 415 },
      { rule: 'replay-limit', cause: 'replay-limit', status: 429, bodyLength: BODY.length },
    ]);
  });

  test('looks at nothing before its turn, and judges by the time and the secrets of the refusal', async () => {
    let secrets = ['new'];
    const counts = create({}, () => secrets);
    const timestamp = String(NOW / 1000 + 400);
    const signature = signDelivery({ body: BODY, secret: 'new', timestamp });
    counts.refused('stale', ADDRESS, incoming({ signature, timestamp }));
    secrets = ['newer'];
    now += 600_000;
    await counts.flush();
    expect(flushed).toEqual([]);
    work();
    await counts.flush();
    expect(rows()).toMatchObject([{ cause: 'clock-skew', skewSeconds: -400, minute: '2026-11-23T09:00:00.000Z' }]);
  });

  test('says when a delivery verifies with the secrets that came meanwhile', async () => {
    const counts = create();
    const signature = signDelivery({ body: BODY, secret: SECRET, timestamp: TIMESTAMP });
    counts.refused('mismatch', ADDRESS, incoming({ signature, eventId: 'evt-1' }));
    work();
    await counts.flush();
    expect(causes()).toEqual({ 'mismatch: verifies-now': 1 });
  });

  test('searches so often a second and address, and counts the rest as not examined', async () => {
    const counts = create({ searchesPerSecond: 3, searchesPerAddress: 2 });
    for (let n = 0; n < 10; n += 1) counts.refused('mismatch', '203.0.113.1', incoming());
    for (let n = 0; n < 10; n += 1) counts.refused('mismatch', '203.0.113.2', incoming());
    expect(tasks).toHaveLength(3);
    now += 1000;
    counts.refused('mismatch', '203.0.113.1', incoming());
    expect(tasks).toHaveLength(4);
    work();
    await counts.flush();
    expect(rows().map(({ address, cause, count }) => [address.at(-1), cause, count])).toEqual([
      ['1', 'not-examined', 8],
      ['2', 'not-examined', 9],
      ['1', 'secret-unknown', 3],
      ['2', 'secret-unknown', 1],
    ]);
  });

  test('explains what takes no search, however many strangers knock', async () => {
    const counts = create({ searchesPerSecond: 0 });
    counts.refused('mismatch', ADDRESS, incoming());
    counts.refused('missing', ADDRESS, incoming({ signature: undefined }));
    work();
    await counts.flush();
    expect(causes()).toEqual({ 'mismatch: not-examined': 1, 'missing: signature-missing': 1 });
  });

  test('keeps neither large bodies nor many', () => {
    const counts = create({ waiting: 2 });
    counts.refused('missing', ADDRESS, incoming({ signature: undefined, rawBody: Buffer.alloc(8193) }));
    expect(tasks).toHaveLength(0);
    for (let n = 0; n < 5; n += 1) counts.refused('missing', ADDRESS, incoming({ signature: undefined }));
    expect(tasks).toHaveLength(2);
  });

  test('gives each rule rows of its own, and counts the rest as other', async () => {
    const counts = create({ rowsPerRule: 3 });
    for (let n = 0; n < 1000; n += 1) counts.refused('path', `203.0.113.${n}`);
    counts.refused('event-id', ADDRESS, incoming());
    work();
    await counts.flush();
    expect(rows().filter(({ rule }) => rule === 'path')).toMatchObject([
      { address: '203.0.113.0', count: 1 },
      { address: '203.0.113.1', count: 1 },
      { address: '203.0.113.2', count: 1 },
      { address: 'other', cause: 'other', status: 404, count: 997 },
    ]);
    expect(rows().find(({ rule }) => rule === 'event-id')).toMatchObject({ address: ADDRESS, count: 1 });
  });

  test('tries again what the sink did not take, and adds what came since', async () => {
    const counts = create();
    sink = () => Promise.reject(Object.assign(new Error('quotes a row'), { code: 'ECONNREFUSED' }));
    counts.refused('path', ADDRESS);
    await counts.flush();
    now += 1000;
    counts.refused('path', ADDRESS);
    sink = (each) => Promise.resolve(void flushed.push(each));
    await counts.flush();
    expect(rows()).toMatchObject([
      { count: 2, firstAt: '2026-11-23T09:00:00.000Z', lastAt: '2026-11-23T09:00:01.000Z' },
    ]);
    expect(logged).toContain('ECONNREFUSED');
    expect(logged).not.toContain('quotes a row');
    await counts.flush();
    expect(flushed).toHaveLength(1);
  });

  test('keeps counts and bounds rows while the sink fails for days', async () => {
    const counts = create({ rows: 50, rowsPerRule: 5 });
    sink = () => Promise.reject(new Error('away'));
    for (let minute = 0; minute < 3000; minute += 1) {
      now = NOW + minute * 60_000;
      for (let n = 0; n < 8; n += 1) counts.refused('path', `203.0.113.${n}`);
      counts.refused('method', ADDRESS);
      if (minute % 100 === 0) await counts.flush();
    }
    sink = (each) => Promise.resolve(void flushed.push(each));
    await counts.flush();
    expect(total()).toBe(27_000);
    expect(rows().length).toBeLessThanOrEqual(60);
    expect(rows().map(({ firstAt }) => firstAt)).toContain('2026-11-23T09:00:00.000Z');
  });

  test('calls a sink that hangs no more than so often, and goes on once it ends', async () => {
    const counts = create({ sinkMs: 1, unendedFlushes: 2 });
    const ends: (() => void)[] = [];
    sink = () => new Promise((resolve) => ends.push(resolve));
    counts.refused('path', ADDRESS);
    for (let n = 0; n < 5; n += 1) await counts.flush();
    expect(ends).toHaveLength(2);
    for (const end of ends) end();
    sink = (each) => Promise.resolve(void flushed.push(each));
    await new Promise(setImmediate);
    await counts.flush();
    expect(total()).toBe(1);
  });

  test('flushes by the clock, one at a time', async () => {
    const counts = create();
    let end = (): void => undefined;
    sink = (each) => new Promise((resolve) => void (flushed.push(each), (end = resolve)));
    counts.refused('path', ADDRESS);
    tick();
    counts.refused('path', ADDRESS);
    tick();
    expect(flushed).toHaveLength(1);
    end();
    await counts.flush();
    tick();
    expect(flushed).toHaveLength(2);
    end();
  });

  test('explains and flushes at the end what waits, and what came during a flush', async () => {
    const counts = create();
    let end = (): void => undefined;
    sink = (each) => new Promise((resolve) => void (flushed.push(each), (end = resolve)));
    counts.refused('path', ADDRESS);
    tick();
    counts.refused('mismatch', ADDRESS, incoming());
    sink = (each) => Promise.resolve(void flushed.push(each));
    end();
    await counts.close();
    expect(causes()).toEqual({ 'path: path': 1, 'mismatch: secret-unknown': 1 });
    expect(stopped).toBe(true);
  });

  test('ends within its time although the sink hangs', async () => {
    const counts = create({ closeMs: 1, sinkMs: 50 });
    sink = () => new Promise(() => undefined);
    counts.refused('path', ADDRESS);
    await counts.close();
    expect(flushed).toEqual([]);
  });

  test('never keeps a value of the delivery', async () => {
    const counts = create();
    const values = { signature: 'sig-geheim', timestamp: 'time-geheim', rawBody: Buffer.from('body-geheim') };
    counts.refused('malformed', ADDRESS, incoming(values));
    counts.refused('event-id', ADDRESS, incoming({ ...values, eventId: 'id/geheim' }));
    work();
    await counts.flush();
    expect(rows()).toHaveLength(1 + 1);
    expect(JSON.stringify(flushed) + logged).not.toContain('geheim');
  });

  test('hears of what a receiver refuses, once it is answered', async () => {
    const counts = create();
    const receiver = await startReceiver({ observe: { answered: () => undefined, refused: counts.refused } });
    const answer = await send(receiver.port, signedHeaders(), `${BODY}\n`);
    expect(answer.status).toBe(403);
    work();
    await counts.flush();
    await receiver.close();
    expect(rows()).toMatchObject([
      { rule: 'mismatch', address: expect.stringMatching(/127\.0\.0\.1/) as string, cause: 'body-reserialised' },
    ]);
  });
});
