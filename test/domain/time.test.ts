import { DAY, epochMs, HOUR, isoTime, isPlausibleTime, readTime } from '../../src/domain';

const NOON = Date.UTC(2026, 10, 23, 12);

describe('epochMs', () => {
  test.each([
    ['a date alone is midnight in UTC', '2026-11-23', NOON - 12 * HOUR],
    ['a time in UTC', '2026-11-23T12:00:00Z', NOON],
    ['a time without a zone is UTC', '2026-11-23T12:00:00', NOON],
    ['a time to the minute without a zone is UTC', '2026-11-23T12:00', NOON],
    ['a fraction without a zone is UTC', '2026-11-23T12:00:00.250', NOON + 250],
    ['nanoseconds are cut to milliseconds', '2026-11-23T12:00:00.250999999Z', NOON + 250],
    ['an offset ahead of UTC', '2026-11-23T17:30:00+05:30', NOON],
    ['an offset without a colon', '2026-11-23T17:30:00+0530', NOON],
    ['an offset behind UTC', '2026-11-23T07:00:00-05:00', NOON],
    ['an offset that moves the date', '2026-11-24T01:00:00+13:00', NOON],
    ['the leap day of a leap year', '2028-02-29', Date.UTC(2028, 1, 29)],
  ])('%s', (_claim, text, expected) => {
    expect(epochMs(text)).toBe(expected);
  });

  test.each([
    '',
    'soon',
    '1',
    '2026',
    '2026-11',
    '2026-1-1',
    '23.11.2026',
    'March 2027',
    'Mon, 23 Nov 2026 12:00:00 GMT',
    '2026-11-23 12:00',
    '2026-11-23T12',
    '2026-11-23T25:00:00Z',
    '2026-13-01',
    '2026-02-30',
    '2026-02-29',
    '2026-04-31T10:00:00Z',
    ' 2026-11-23',
    '2026-11-23T12:00:00Z and more',
  ])('%j is no date', (text) => {
    expect(epochMs(text)).toBeNaN();
  });
});

describe('isoTime', () => {
  test.each([
    [NOON, '2026-11-23T12:00:00Z'],
    [NOON + 5, '2026-11-23T12:00:00.005Z'],
    [NOON + DAY, '2026-11-24T12:00:00Z'],
  ])('%d is %s', (at, text) => {
    expect(isoTime(at)).toBe(text);
  });

  test('epochMs reads what it writes', () => {
    for (const at of [0, NOON, NOON + 1, NOON - 40 * 365 * DAY]) expect(epochMs(isoTime(at))).toBe(at);
  });
});

describe('readTime', () => {
  test.each<[string, unknown, number]>([
    ['ISO 8601', '2026-11-23T12:00:00Z', NOON],
    ['a space for the T', '2026-11-23 12:00:00', NOON],
    ['a space and an offset of hours, as Postgres writes it', '2026-11-23 14:00:00+02', NOON],
    ['a space and a zone', '2026-11-23 12:00 UTC', NOON],
    ['small letters (RFC 3339 §5.6)', '2026-11-23t12:00:00z', NOON],
    ['a comma before the fraction', '2026-11-23T12:00:00,5Z', NOON + 500],
    ['a leap second', '2026-11-23T11:59:60Z', NOON],
    ['the end of a day as 24:00', '2026-11-22T24:00:00Z', NOON - 12 * HOUR],
    ['space around', ' 2026-11-23T12:00:00Z\n', NOON],
    ['Unix seconds', NOON / 1000, NOON],
    ['Unix milliseconds', NOON, NOON],
    ['Unix seconds with a fraction', NOON / 1000 + 0.25, NOON + 250],
    ['Unix seconds as a text', String(NOON / 1000), NOON],
    ['Unix milliseconds as a text', String(NOON), NOON],
    ['the beginning of Unix time', 0, 0],
    ['a year before the calendar', '0001-01-01T00:00:00Z', -62135596800000],
  ])('reads %s', (_what, value, at) => {
    expect(readTime(value)).toEqual({ at, isDay: false });
  });

  test('knows a date without a time', () => {
    expect(readTime('2026-11-23')).toEqual({ at: NOON - 12 * HOUR, isDay: true });
  });

  test.each([
    null,
    undefined,
    '',
    ' ',
    true,
    {},
    [],
    NaN,
    Infinity,
    '1e20',
    '2026-02-30',
    '2026-11-23 24:01',
    'soon',
    '12:00',
  ])('%j is no time', (value) => {
    expect(readTime(value)).toBeNull();
  });
});

describe('isPlausibleTime', () => {
  test('is true from the year 2000 to 2200', () => {
    const years = [0, 1970, 1999, 2000, 2026, 2200, 2201, 9999].map((year) => new Date(0).setUTCFullYear(year));
    expect(years.map(isPlausibleTime)).toEqual([false, false, false, true, true, true, false, false]);
    for (const at of [NaN, Infinity, -Infinity, 1e300]) expect(isPlausibleTime(at)).toBe(false);
  });
});
