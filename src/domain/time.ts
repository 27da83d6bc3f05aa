export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Epoch milliseconds of an ISO 8601 date or date and time; without a zone it is UTC. NaN when it is neither: `Date.parse`
 * alone would take `March 2027` too, in the machine's zone, and make the 2nd of March of `2026-02-30`.
 */
export function epochMs(iso: string): number {
  const read = ISO_8601.test(iso) ? readTime(iso) : null;
  return read?.at ?? NaN;
}

/** A time as somebody wrote it. `isDay`: a date without a time, and `at` is its beginning in UTC. */
export interface TimeRead {
  /** Epoch ms. */
  readonly at: number;
  readonly isDay: boolean;
}

const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ] ?(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?$/;

const UNIX = /^-?\d{1,16}(\.\d{1,9})?$/;

/** Unix time from here on is in milliseconds: in seconds it would be the year 5138. */
const FIRST_IN_MS = 1e11;

/**
 * ISO 8601, also with a space for the `T` as databases write it, or Unix seconds or milliseconds, as a number or as a text.
 * Without a zone it is UTC. Null: it is none of these, or no day of the calendar.
 */
export function readTime(value: unknown): TimeRead | null {
  if (typeof value === 'number') return unixTime(value);
  const text = typeof value === 'string' ? value.trim() : '';
  return UNIX.test(text) ? unixTime(Number(text)) : dateTime(text);
}

function dateTime(text: string): TimeRead | null {
  const [, date, hours, minutes, seconds = '0', fraction = '', zone = 'Z'] = DATE_TIME.exec(text) ?? [];
  if (date === undefined || !isCalendarDay(date)) return null;
  if (hours === undefined) return { at: Date.parse(date), isDay: true };
  const offset = offsetMs(zone);
  const inDay = timeOfDay(Number(hours), Number(minutes), Number(seconds));
  if (offset === null || inDay === null) return null;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  return { at: Date.parse(date) + inDay + ms - offset, isDay: false };
}

/** In ms. A leap second is written :60 (RFC 3339 §5.7), and the end of a day may be 24:00. */
function timeOfDay(hours: number, minutes: number, seconds: number): number | null {
  if (minutes > 59 || seconds > 60 || hours > 24 || (hours === 24 && minutes + seconds > 0)) return null;
  return hours * HOUR + minutes * MINUTE + seconds * SECOND;
}

function unixTime(value: number): TimeRead | null {
  if (!Number.isFinite(value)) return null;
  return { at: Math.round(Math.abs(value) < FIRST_IN_MS ? value * SECOND : value), isDay: false };
}

function offsetMs(zone: string): number | null {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE);
}

function isCalendarDay(date: string): boolean {
  const at = Date.parse(date);
  return !Number.isNaN(at) && isoTime(at).startsWith(date);
}

const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2201, 0, 1);

/**
 * Whether a time is one that can be meant, and that Temporal, Postgres and each connector hold: `0001-01-01`, 1970 and
 * 9999 are what programs write for "none". Temporal's dates end in 2262.
 */
export function isPlausibleTime(at: number): boolean {
  return at >= EARLIEST && at < LATEST;
}

/** ISO 8601 in UTC, to the second where there is no more to say: `2026-11-23T09:00:00Z`. */
export function isoTime(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
