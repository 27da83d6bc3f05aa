import fc from 'fast-check';
import { DAY, HOUR, MINUTE, retentionDaysFor, retentionGaps, SECOND, type RetentionSettings } from '../../src/domain';

/** The defaults of the settings, and a day of retention, the least that Temporal takes. */
const usual: RetentionSettings = {
  windowBackMs: 8 * HOUR,
  windowAheadMs: 5 * MINUTE,
  receiptDays: 90,
  retentionMs: DAY,
  namespace: 'default',
};
const holes = (changes: Partial<RetentionSettings>): readonly string[] => retentionGaps({ ...usual, ...changes });

describe('retentionHoles', () => {
  test('the defaults have none', () => {
    expect(holes({})).toEqual([]);
  });

  test('a ledger that forgets before a signature is void has one, named by its settings', () => {
    expect(holes({ windowBackMs: 2 * DAY, receiptDays: 1, retentionMs: 8 * DAY })).toEqual([
      'delivery.windowBackSeconds: a signature is good for longer than the ledger remembers it (RECEIPT_DAYS), so that a ' +
        'delivery sent again under another event id would run again: set delivery.windowBackSeconds to 86100 or less, or ' +
        'set RECEIPT_DAYS to 2.01 or more',
    ]);
  });

  test('a window that is all ahead cannot be narrowed back', () => {
    const [hole] = holes({ windowBackMs: HOUR, windowAheadMs: 2 * DAY, receiptDays: 1, retentionMs: 8 * DAY });
    expect(hole).not.toContain('set delivery.windowBackSeconds');
    expect(hole).toContain('set RECEIPT_DAYS to 2.05 or more');
  });

  test('a namespace that forgets before a signature is void has one, with the command that closes it', () => {
    expect(holes({ windowBackMs: 3 * DAY, namespace: 'sales' })).toEqual([
      "the namespace's retention (24 h) is shorter than a signature is good for (72.09 h): a delivery sent " +
        'again would count as new, and a ledger restored from a backup would not know better: run `temporal operator namespace update --retention 4d -n sales`, or set ' +
        'delivery.windowBackSeconds to 86100 or less',
    ]);
  });

  test('both shorter than the sender’s retries is one, however narrow the window', () => {
    const [hole, ...more] = holes({ windowBackMs: 5 * MINUTE, receiptDays: 0.1, retentionMs: HOUR });
    expect(more).toEqual([]);
    expect(hole).toContain("shorter than the sender's retries last (7.34 h)");
    expect(hole).toContain('--retention 1d -n default`, or set RECEIPT_DAYS to 0.31 or more');
  });

  test('a server that does not say how long it remembers is not judged', () => {
    expect(holes({ windowBackMs: 30 * DAY, retentionMs: undefined })).toEqual([]);
    expect(holes({ windowBackMs: 30 * DAY, receiptDays: 7, retentionMs: undefined })).toHaveLength(1);
  });

  const memories = fc.record({
    windowBackMs: fc.integer({ min: 1, max: 40 * 86_400 }).map((seconds) => seconds * SECOND),
    windowAheadMs: fc.integer({ min: 0, max: 86_400 }).map((seconds) => seconds * SECOND),
    receiptDays: fc.double({ min: 0.01, max: 40, noNaN: true }),
    retentionMs: fc.integer({ min: 1, max: 40 * 86_400 }).map((seconds) => seconds * SECOND),
  });

  test('whatever is given, doing what the sentences say closes the holes', () => {
    fc.assert(
      fc.property(memories, (memory) => {
        const said = retentionGaps(memory).join('\n');
        const retention = /--retention (\d+)d/.exec(said)?.[1];
        const receipts = /set RECEIPT_DAYS to ([\d.]+) or more/.exec(said)?.[1];
        const mended = {
          ...memory,
          ...(retention !== undefined && { retentionMs: Number(retention) * DAY }),
          ...(receipts !== undefined && { receiptDays: Number(receipts) }),
        };
        expect(retentionGaps(mended)).toEqual([]);
      }),
    );
  });

  test('whatever is given, without a hole nothing is forgotten too soon', () => {
    fc.assert(
      fc.property(memories, (memory) => {
        const { windowBackMs, windowAheadMs, receiptDays, retentionMs } = memory;
        const goodForMs = windowBackMs + windowAheadMs;
        const remembers = receiptDays * DAY >= goodForMs && retentionMs >= goodForMs;
        expect(remembers || retentionGaps(memory).length > 0).toBe(true);
      }),
    );
  });
});

describe('retentionDaysFor', () => {
  test.each([
    [8 * HOUR, 5 * MINUTE, 1],
    [DAY, 0, 1],
    [DAY, SECOND, 2],
    [SECOND, 0, 1],
  ])('%d ms back and %d ms ahead want %d days', (windowBackMs, windowAheadMs, days) => {
    expect(retentionDaysFor({ windowBackMs, windowAheadMs })).toBe(days);
  });
});
