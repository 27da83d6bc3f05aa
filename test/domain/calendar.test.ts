import fc from 'fast-check';
import { addWorkingDays } from '../../src/domain/calendar';
import { DAY, epochMs, isoTime } from '../../src/domain/time';

describe('addWorkingDays', () => {
  test.each([
    ['within a week', '2026-11-23T09:00:00Z', 4, '2026-11-27T09:00:00Z'],
    ['a weekend is passed over', '2026-11-23T09:00:00Z', 5, '2026-11-30T09:00:00Z'],
    ['two weekends are passed over', '2026-11-23T09:00:00Z', 10, '2026-12-07T09:00:00Z'],
    ['from a Friday to the Monday', '2026-11-27T17:30:00Z', 1, '2026-11-30T17:30:00Z'],
    ['from a Saturday, the first one is the Monday', '2026-11-28T09:00:00Z', 1, '2026-11-30T09:00:00Z'],
    ['from a Sunday, the first one is the Monday', '2026-11-29T23:59:59Z', 1, '2026-11-30T23:59:59Z'],
    ['over the end of a year', '2026-12-30T09:00:00Z', 3, '2027-01-04T09:00:00Z'],
    ['over a leap day that is a working day', '2028-02-28T09:00:00Z', 2, '2028-03-01T09:00:00Z'],
    ['over the end of February in other years', '2027-02-26T09:00:00Z', 1, '2027-03-01T09:00:00Z'],
    ['none is the same moment, on a Sunday too', '2026-11-29T09:00:00Z', 0, '2026-11-29T09:00:00Z'],
  ])('%s', (_claim, from, days, expected) => {
    expect(isoTime(addWorkingDays(epochMs(from), days))).toBe(expected);
  });

  test('keeps the time of day, ends on a working day, and every five are a week', () => {
    const start = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(start, fc.integer({ min: 1, max: 60 }), (from, days) => {
        const at = addWorkingDays(from, days);
        expect(at % DAY).toBe(from % DAY);
        expect([0, 6]).not.toContain(new Date(at).getUTCDay());
        expect(addWorkingDays(at, 5) - at).toBe(7 * DAY);
      }),
    );
  });
});
