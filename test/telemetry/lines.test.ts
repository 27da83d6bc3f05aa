import { PassThrough, Writable } from 'node:stream';
import { createLines } from '../../src/telemetry/lines';

const line = (n: number): string => `${JSON.stringify({ n })}\n`;

function read(sink: PassThrough): { n?: number; count?: number }[] {
  const text = String(sink.read() ?? '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((each) => JSON.parse(each) as { n?: number; count?: number });
}

describe('lines for a reader', () => {
  test('that stops wait up to a bound; the others are counted, and their number is said once it reads again', () => {
    const sink = new PassThrough({ highWaterMark: 16 });
    const lines = createLines(sink, 40);
    for (let n = 0; n < 20; n += 1) lines.write(line(n));
    expect(lines.lost()).toBeGreaterThan(0);
    const lost = lines.lost();
    const seen = [...read(sink), ...read(sink)];
    while (sink.writableLength > 0) seen.push(...read(sink));
    lines.write(line(20));
    seen.push(...read(sink));
    expect(seen.filter(({ n }) => n !== undefined)).toHaveLength(21 - lost);
    expect(seen.filter(({ count }) => count !== undefined)).toMatchObject([{ level: 40, count: lost }]);
  });

  test('that is gone are counted, and nothing fails', async () => {
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const lines = createLines(sink);
    lines.write(line(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines.lost()).toBe(1);
  });

  test('on a full disk are counted, and nothing fails', () => {
    const full = { writableLength: 0, on: () => undefined, write: () => fail() };
    const fail = (): never => {
      throw new Error('ENOSPC');
    };
    const lines = createLines(full);
    lines.write(line(1));
    expect(lines.lost()).toBe(1);
  });
});
