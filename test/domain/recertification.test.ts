import fc from 'fast-check';
import { DAY, epochMs, isoTime, nextMoment, type Moment } from '../../src/domain';

const rules = { remindDaysBefore: [30, 14, 7, 3, 1], graceDays: 30, renewalLeadDays: 90 };
const deadline = epochMs('2027-06-30T12:00:00Z');
const shown = ({ kind, at }: Moment): string => `${kind} ${isoTime(at)}`;

describe('nextMoment', () => {
  test.each([
    ['a year ahead, the first reminder', '2026-06-30', false, 'remind 2027-05-31T12:00:00Z'],
    ['a moment handled does not come again', '2027-05-31T12:00:00Z', false, 'remind 2027-06-16T12:00:00Z'],
    ['reminders that are past are left out', '2027-06-25', false, 'remind 2027-06-27T12:00:00Z'],
    ['on the last day, the last reminder', '2027-06-29T11:59:59Z', false, 'remind 2027-06-29T12:00:00Z'],
    ['after the last reminder, the deadline', '2027-06-29T12:00:00Z', false, 'deadline 2027-06-30T12:00:00Z'],
    ['a deadline long past still comes', '2028-01-01', false, 'deadline 2027-06-30T12:00:00Z'],
    ['after the lapse, the end of the grace period', '2027-06-30T12:00:00Z', true, 'end 2027-07-30T12:00:00Z'],
    ['a grace period that is past ends too', '2028-01-01', true, 'end 2027-07-30T12:00:00Z'],
  ])('%s', (_claim, passed, hasLapsed, expected) => {
    expect(shown(nextMoment(deadline, epochMs(passed), hasLapsed, rules))).toBe(expected);
  });

  test.each([
    ['in any order, the earliest comes first', [1, 30, 7], 'remind 2027-05-31T12:00:00Z'],
    ['without reminders, the deadline', [], 'deadline 2027-06-30T12:00:00Z'],
    ['a reminder on the day itself is the deadline', [0], 'deadline 2027-06-30T12:00:00Z'],
  ])('%s', (_claim, remindDaysBefore, expected) => {
    const moment = nextMoment(deadline, deadline - 365 * DAY, false, { ...rules, remindDaysBefore });
    expect(shown(moment)).toBe(expected);
  });

  test('moments never go back, come once each, and no reminder comes after the deadline', () => {
    const anyDays = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 12 });
    const ahead = fc.integer({ min: -400 * DAY, max: 400 * DAY });
    fc.assert(
      fc.property(anyDays, fc.integer({ min: 0, max: 90 }), ahead, (remindDaysBefore, graceDays, left) => {
        const moments = momentsFrom(deadline - left, { ...rules, remindDaysBefore, graceDays });
        const times = moments.map(({ at }) => at);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(new Set(moments.map(shown)).size).toBe(moments.length);
        expect(moments.slice(-2).map(({ kind }) => kind)).toEqual(['deadline', 'end']);
        for (const { kind, at } of moments)
          expect(kind !== 'remind' || (at < deadline && at > deadline - left)).toBe(true);
      }),
    );
  });
});

/** All that time brings to a case that nobody renews, from `begun` on. */
function momentsFrom(begun: number, policy: typeof rules): Moment[] {
  const moments: Moment[] = [];
  let passed = begun;
  for (;;) {
    const hasLapsed = moments.some(({ kind }) => kind === 'deadline');
    const moment = nextMoment(deadline, passed, hasLapsed, policy);
    moments.push(moment);
    if (moment.kind === 'end') return moments;
    passed = moment.at;
  }
}
