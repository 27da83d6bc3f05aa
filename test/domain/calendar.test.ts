import fc from 'fast-check';
import {
  addWorkingDays,
  DAY,
  DEFAULT_CALENDAR,
  endOfDay,
  epochMs,
  HOUR,
  isoTime,
  isTimeZone,
  readDeadline,
  startOfDay,
  WEEKDAYS,
  type Calendar,
} from '../../src/domain';

const berlin: Calendar = { ...DEFAULT_CALENDAR, timeZone: 'Europe/Berlin' };
const newYork: Calendar = { ...DEFAULT_CALENDAR, timeZone: 'America/New_York' };
const daily: Calendar['workingDays'] = WEEKDAYS;

describe('addWorkingDays without a calendar', () => {
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

/** Each `from` and expectation with the offset that holds there, so that the wall-clock time can be read off. */
describe('addWorkingDays by a calendar', () => {
  test.each<[string, Calendar, string, number, string]>([
    ['keeps the wall-clock time into summer', berlin, '2026-03-27T09:00:00+01:00', 1, '2026-03-30T09:00:00+02:00'],
    ['and into winter', berlin, '2026-10-23T09:00:00+02:00', 1, '2026-10-26T09:00:00+01:00'],
    [
      'a time that is left out is an hour later',
      { ...berlin, workingDays: daily },
      '2026-03-28T02:30:00+01:00',
      1,
      '2026-03-29T03:30:00+02:00',
    ],
    [
      'only on that day: the days after have the time again',
      { ...berlin, workingDays: daily },
      '2026-03-28T02:30:00+01:00',
      2,
      '2026-03-30T02:30:00+02:00',
    ],
    [
      'a time that comes twice is the first',
      { ...berlin, workingDays: daily },
      '2026-10-24T02:30:00+02:00',
      1,
      '2026-10-25T02:30:00+02:00',
    ],
    [
      'from the second of the two it keeps the time all the same',
      { ...berlin, workingDays: daily },
      '2026-10-25T02:30:00+01:00',
      1,
      '2026-10-26T02:30:00+01:00',
    ],
    [
      'half an hour left out',
      { ...DEFAULT_CALENDAR, timeZone: 'Australia/Lord_Howe', workingDays: daily },
      '2026-10-03T02:15:00+10:30',
      1,
      '2026-10-04T02:45:00+11:00',
    ],
    [
      'midnight left out stays on its day',
      { ...DEFAULT_CALENDAR, timeZone: 'America/Santiago', workingDays: daily },
      '2026-09-05T00:10:00-04:00',
      1,
      '2026-09-06T01:10:00-03:00',
    ],
    [
      'a day that a zone left out was nobody’s working day',
      { ...DEFAULT_CALENDAR, timeZone: 'Pacific/Apia' },
      '2011-12-29T09:00:00-10:00',
      1,
      '2012-01-02T09:00:00+14:00',
    ],
    [
      'the day is the zone’s: Friday evening there, Saturday in UTC',
      newYork,
      '2026-11-27T22:00:00-05:00',
      1,
      '2026-11-30T22:00:00-05:00',
    ],
    [
      'the day is the zone’s: Monday morning there, Sunday in UTC',
      { ...DEFAULT_CALENDAR, timeZone: 'Pacific/Auckland' },
      '2026-11-23T08:00:00+13:00',
      1,
      '2026-11-24T08:00:00+13:00',
    ],
    [
      'holidays are passed over',
      { ...berlin, holidays: ['2026-12-25', '2026-12-24'] },
      '2026-12-23T09:00:00+01:00',
      1,
      '2026-12-28T09:00:00+01:00',
    ],
    [
      'a holiday on a weekend takes nothing away',
      { ...berlin, holidays: ['2026-12-26'] },
      '2026-12-25T09:00:00+01:00',
      1,
      '2026-12-28T09:00:00+01:00',
    ],
    [
      'a whole week of holidays, over the end of the year',
      { ...berlin, holidays: ['2026-12-28', '2026-12-29', '2026-12-30', '2026-12-31', '2027-01-01'] },
      '2026-12-25T17:00:00+01:00',
      2,
      '2027-01-05T17:00:00+01:00',
    ],
    [
      'a leap day may be a holiday',
      { ...berlin, holidays: ['2028-02-29'] },
      '2028-02-28T09:00:00+01:00',
      1,
      '2028-03-01T09:00:00+01:00',
    ],
    [
      'from a holiday, the first is the next working day',
      { ...berlin, holidays: ['2026-12-25'] },
      '2026-12-25T09:00:00+01:00',
      1,
      '2026-12-28T09:00:00+01:00',
    ],
    [
      'none is the same moment, on a holiday too',
      { ...berlin, holidays: ['2026-12-25'] },
      '2026-12-25T09:00:00+01:00',
      0,
      '2026-12-25T09:00:00+01:00',
    ],
    [
      'other weeks: Sunday to Thursday',
      { ...DEFAULT_CALENDAR, timeZone: 'Asia/Riyadh', workingDays: ['sun', 'mon', 'tue', 'wed', 'thu'] },
      '2026-11-26T09:00:00+03:00',
      1,
      '2026-11-29T09:00:00+03:00',
    ],
    [
      'one day a week is enough',
      { ...berlin, workingDays: ['wed'], holidays: ['2026-12-02'] },
      '2026-11-25T09:00:00+01:00',
      1,
      '2026-12-09T09:00:00+01:00',
    ],
    ['milliseconds are kept', berlin, '2026-11-23T09:00:00.123+01:00', 1, '2026-11-24T09:00:00.123+01:00'],
  ])('%s', (_claim, calendar, from, days, expected) => {
    expect(isoTime(addWorkingDays(epochMs(from), days, calendar))).toBe(isoTime(epochMs(expected)));
  });
});

describe('addWorkingDays, whatever the calendar', () => {
  const first = Date.UTC(2026, 0, 1);
  const moments = fc.integer({ min: first, max: Date.UTC(2031, 0, 1) });
  const counts = fc.integer({ min: 1, max: 40 });
  const dates = fc.integer({ min: 0, max: 5 * 365 }).map((day) => isoTime(first + day * DAY).slice(0, 10));
  const calendars = fc.record({
    timeZone: fc.constantFrom(
      ...['UTC', 'Europe/Berlin', 'America/New_York', 'America/Santiago', 'Asia/Kolkata', 'Asia/Kathmandu'],
      ...['Australia/Lord_Howe', 'Pacific/Auckland', 'Pacific/Kiritimati', 'Africa/Casablanca', 'America/St_Johns'],
    ),
    workingDays: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    holidays: fc.array(dates, { maxLength: 40 }),
  });

  /** By another way than the code's: what a clock there shows, as text. */
  function clock(at: number, timeZone: string): { date: string; weekday: string; time: string } {
    const date = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(at);
    const weekday = new Intl.DateTimeFormat('en', { timeZone, weekday: 'short' }).format(at).toLowerCase();
    const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(at);
    return { date, weekday, time };
  }

  const isWorkingDay = (at: number, { timeZone, workingDays, holidays }: Calendar): boolean => {
    const { date, weekday } = clock(at, timeZone);
    return (workingDays as readonly string[]).includes(weekday) && !holidays.includes(date);
  };

  test('it ends on a working day, with as many in between as it should, at the same time of day', () => {
    fc.assert(
      fc.property(moments, counts, calendars, (from, days, calendar) => {
        const at = addWorkingDays(from, days, calendar);
        expect(isWorkingDay(at, calendar)).toBe(true);
        const [start, end] = [clock(from, calendar.timeZone), clock(at, calendar.timeZone)];
        let passed = 0;
        // Midnights in UTC name each date once, whatever the zone does.
        for (let day = epochMs(start.date) + DAY; day <= epochMs(end.date); day += DAY) {
          const isFree = calendar.holidays.includes(isoTime(day).slice(0, 10));
          if (!isFree && calendar.workingDays.includes(WEEKDAYS[new Date(day).getUTCDay()] ?? 'sun')) passed += 1;
        }
        expect(passed).toBe(days);
        // Whichever moment first shows that time on that day; another time only where none does.
        const around = Array.from({ length: 25 }, (_, index) => at + ((index - 12) * HOUR) / 4);
        const first = around.find((moment) => {
          const shown = clock(moment, calendar.timeZone);
          return shown.time === start.time && shown.date === end.date;
        });
        expect(first ?? at).toBe(at);
      }),
    );
  });

  test('a later start never ends on an earlier day, and between two working days never earlier', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 0, max: 10 * DAY }), counts, calendars, (from, later, days, calendar) => {
        const [one, other] = [addWorkingDays(from, days, calendar), addWorkingDays(from + later, days, calendar)];
        expect(clock(other, calendar.timeZone).date >= clock(one, calendar.timeZone).date).toBe(true);
        // In the hour that comes twice the clock runs back, and what follows the clock does too.
        const isOrdered = isWorkingDay(from, calendar) && isWorkingDay(from + later, calendar) && later > HOUR;
        expect(isOrdered && other < one).toBe(false);
      }),
    );
  });

  test('more days end later', () => {
    fc.assert(
      fc.property(moments, counts, counts, calendars, (from, days, more, calendar) => {
        expect(addWorkingDays(from, days + more, calendar)).toBeGreaterThan(addWorkingDays(from, days, calendar));
        expect(addWorkingDays(from, days, calendar)).toBeGreaterThan(from);
      }),
    );
  });

  test('some days and then more are all of them at once, unless the stop between lost the time of day', () => {
    fc.assert(
      fc.property(moments, counts, counts, calendars, (from, days, more, calendar) => {
        const stop = addWorkingDays(from, days, calendar);
        fc.pre(clock(stop, calendar.timeZone).time === clock(from, calendar.timeZone).time);
        expect(addWorkingDays(stop, more, calendar)).toBe(addWorkingDays(from, days + more, calendar));
      }),
    );
  });

  test('the plain calendar is what there was before', () => {
    fc.assert(
      fc.property(moments, counts, (from, days) => {
        expect(addWorkingDays(from, days, DEFAULT_CALENDAR)).toBe(addWorkingDays(from, days));
      }),
    );
  });
});

describe('isTimeZone', () => {
  test.each([
    ['UTC', true],
    ['Europe/Berlin', true],
    ['America/Argentina/Buenos_Aires', true],
    ['Europe/Atlantis', false],
    ['+02:00', false],
    ['', false],
    ['Berlin', false],
  ])('%s: %s', (name, expected) => {
    expect(isTimeZone(name)).toBe(expected);
  });
});

describe('a day in a zone', () => {
  test.each([
    ['UTC', '2026-11-27', '2026-11-27T00:00:00Z', '2026-11-27T23:59:59Z'],
    ['Europe/Berlin', '2026-11-27', '2026-11-26T23:00:00Z', '2026-11-27T22:59:59Z'],
    ['America/Los_Angeles', '2026-11-27', '2026-11-27T08:00:00Z', '2026-11-28T07:59:59Z'],
    ['Pacific/Kiritimati', '2026-11-27', '2026-11-26T10:00:00Z', '2026-11-27T09:59:59Z'],
    ['Asia/Kolkata', '2026-11-27', '2026-11-26T18:30:00Z', '2026-11-27T18:29:59Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z'],
    ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z'],
    // The clock goes from 24:00 back to 23:00, from 01:00 back to 00:00, and from 24:00 on to 01:00.
    ['America/Asuncion', '2024-03-23', '2024-03-23T03:00:00Z', '2024-03-24T03:59:59Z'],
    ['America/Havana', '2026-10-31', '2026-10-31T04:00:00Z', '2026-11-01T03:59:59Z'],
    ['Africa/Cairo', '2026-04-23', '2026-04-22T22:00:00Z', '2026-04-23T21:59:59Z'],
  ])('of %s: %s begins at %s and ends at %s', (timeZone, day, begins, ends) => {
    expect(isoTime(startOfDay(epochMs(day), timeZone))).toBe(begins);
    expect(isoTime(endOfDay(epochMs(day), timeZone))).toBe(ends);
  });
});

describe('readDeadline', () => {
  test('a date without a time is the end of that day in the zone, and any other time is itself', () => {
    expect(isoTime(readDeadline('2027-03-31', 'America/Los_Angeles'))).toBe('2027-04-01T06:59:59Z');
    expect(isoTime(readDeadline('2027-03-31T12:00:00Z', 'America/Los_Angeles'))).toBe('2027-03-31T12:00:00Z');
    expect(readDeadline('soon', 'UTC')).toBeNaN();
    expect(readDeadline('0001-01-01', 'Europe/Berlin')).toBeLessThan(0);
  });
});
