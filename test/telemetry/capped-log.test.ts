import { Writable } from 'node:stream';
import pino from 'pino';
import { createCappedLog, type CappedLog } from '../../src/telemetry';

let lines: { readonly rule: string; readonly n?: number; readonly count?: number }[];
let now: number;
let log: CappedLog;
let sink: Writable;
beforeEach(() => {
  lines = [];
  now = 0;
  sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => done(void lines.push(JSON.parse(chunk.toString()) as never)),
  });
  log = createCappedLog(pino(sink), () => now, 3);
});

const write = (rule: string, times: number): void => {
  for (let n = 1; n <= times; n += 1) log.write('info', rule, { n }, 'refused');
};

describe('createCappedLog', () => {
  test('writes so many lines a minute, and counts the rest', () => {
    write('path', 10);
    expect(lines.map(({ n }) => n)).toEqual([1, 2, 3]);
    now = 60_000;
    write('path', 1);
    expect(lines.slice(3)).toMatchObject([
      { rule: 'path', count: 7 },
      { rule: 'path', n: 1 },
    ]);
  });

  test('gives each rule lines of its own: strangers cannot hide an authentic fault', () => {
    write('mismatch', 1000);
    write('event-id', 1);
    expect(lines.at(-1)).toMatchObject({ rule: 'event-id', n: 1 });
  });

  test('says at the end what it has not said', () => {
    write('path', 5);
    write('size', 2);
    log.flush();
    log.flush();
    expect(lines.filter(({ count }) => count !== undefined)).toMatchObject([{ rule: 'path', count: 2 }]);
  });

  test('is not muted by a wall clock that is set back', () => {
    const byDefault = createCappedLog(pino(sink), undefined, 1);
    byDefault.write('info', 'path', {}, 'refused');
    jest.useFakeTimers({ now: Date.now() - 5 * 3_600_000, doNotFake: ['performance', 'nextTick', 'setImmediate'] });
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000);
    byDefault.write('info', 'path', { n: 2 }, 'refused');
    jest.restoreAllMocks();
    jest.useRealTimers();
    expect(lines.at(-1)).toMatchObject({ n: 2 });
  });
});
