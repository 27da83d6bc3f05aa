import { addRefusals, listRefusals } from '../../src/ledger/refusals';
import { openLedger, type LedgerFixture } from './fixture';
import { refusal } from './refusal-rows';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.pool.query('truncate refusals'));

/** The beginning of the n-th minute of a test. */
const minute = (n: number): string => new Date(Date.UTC(2026, 2, 2, 9, n)).toISOString();
const list = (limit = 100) => listRefusals(ledger.pool, limit);

describe('addRefusals', () => {
  test('keeps a row as it was given', async () => {
    const row = refusal({ skewSeconds: null, signatureLength: null, timestampLength: null, bodyLength: null });
    await addRefusals(ledger.pool, [row]);
    expect(await list()).toEqual([row]);
  });

  test('adds to the counts of the same minute, rule, address and cause, also within one call', async () => {
    const later = '2026-03-02T09:00:59.000Z';
    await addRefusals(ledger.pool, [refusal({ count: 2 }), refusal({ count: 3, lastAt: later })]);
    await addRefusals(ledger.pool, [refusal({ count: 4, skewSeconds: 9 }), refusal({ address: '192.0.2.8' })]);
    const rows = await list();
    expect(rows.map(({ address, count }) => [address, count])).toEqual([
      ['192.0.2.7', 9],
      ['192.0.2.8', 1],
    ]);
    expect(rows[0]).toMatchObject({ firstAt: minute(0), lastAt: later, skewSeconds: 2.5 });
  });

  test('of nothing asks nothing', async () => {
    await expect(addRefusals(ledger.pool, [])).resolves.toBeUndefined();
    expect(await list()).toEqual([]);
  });

  test('never holds more than so many and what one call adds; the oldest go', async () => {
    for (let n = 0; n < 8; n += 1) await addRefusals(ledger.pool, [refusal({ minute: minute(n) })], 3);
    expect((await list()).map((row) => row.minute)).toEqual([7, 6, 5, 4].map(minute));
  });

  test('two that add the same rows at once both count', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => refusal({ address: `192.0.2.${n}` }));
    const calls = Array.from({ length: 8 }, (_, n) =>
      addRefusals(ledger.pool, n % 2 === 0 ? rows : [...rows].reverse()),
    );
    await Promise.all(calls);
    expect((await list()).map(({ count }) => count)).toEqual(rows.map(() => 8));
  });

  test('a text that Postgres refuses is kept without it', async () => {
    await addRefusals(ledger.pool, [refusal({ address: 'a\0b', cause: 'half \ud800' })]);
    expect(await list()).toMatchObject([{ address: 'a\ufffdb', cause: 'half \ufffd' }]);
  });
});

describe('listRefusals', () => {
  test('gives the newest first, so many at most', async () => {
    await addRefusals(
      ledger.pool,
      [1, 3, 2].map((n) => refusal({ minute: minute(n) })),
    );
    expect((await list(2)).map((row) => row.minute)).toEqual([3, 2].map(minute));
  });
});
