import { DAY, isoTime, isPlausibleTime, readTime, SECOND } from './time';

/** As `Date.getUTCDay` counts them. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

/** When people work: `timeZone` by its IANA name, `holidays` as dates there, `YYYY-MM-DD`. */
export interface Calendar {
  readonly timeZone: string;
  /** At least one. */
  readonly workingDays: readonly Weekday[];
  readonly holidays: readonly string[];
}

/** What a policy without a calendar means: processes that began before there was one go on by it. */
export const DEFAULT_CALENDAR: Calendar = {
  timeZone: 'UTC',
  workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'],
  holidays: [],
};

/**
 * The moment with the wall-clock time of `from` on the `days`-th working day after the day of `from`; epoch ms. A time
 * that the clock leaves out on that day is as much later as the clock jumps; of a time that comes twice it is the first.
 * No days is `from` itself, on a holiday too.
 * @throws RangeError on a zone that is none: see `isTimeZone`.
 */
export function addWorkingDays(from: number, days: number, calendar: Calendar = DEFAULT_CALENDAR): number {
  const zone = openZone(calendar.timeZone);
  const isWorkingDay = workingDaysOf(calendar);
  let at = from;
  let wall = zone.wallAt(from);
  for (let left = days; left > 0;) {
    wall += DAY;
    if (!isWorkingDay(wall)) continue;
    const moment = zone.momentOf(wall);
    // A zone that changed sides of the date line left a whole day out (Apia, 30 December 2011): nobody worked on it.
    if (dateOf(zone.wallAt(moment)) !== dateOf(wall)) continue;
    at = moment;
    left -= 1;
  }
  return at;
}

/**
 * The last second of the day of `date`, whose beginning in UTC is given, in the zone; epoch ms. Where the clock changes at
 * midnight, the day is as long as its clock says.
 */
export function endOfDay(date: number, timeZone: string): number {
  return openZone(timeZone).momentOf(date + DAY) - SECOND;
}

/** The first moment of the day of `date`, whose beginning in UTC is given, in the zone; epoch ms. */
export function startOfDay(date: number, timeZone: string): number {
  return openZone(timeZone).momentOf(date);
}

/** A deadline or a last day as somebody wrote it, epoch ms: a date alone is the end of that day in the zone. NaN: it is no time. */
export function readDeadline(value: unknown, timeZone: string): number {
  const read = readTime(value);
  if (read === null) return NaN;
  return read.isDay && isPlausibleTime(read.at) ? endOfDay(read.at, timeZone) : read.at;
}

/** A name that `Intl` knows. An offset such as `+02:00` is none: it knows nothing of daylight saving. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    openZone(name);
    return true;
  } catch {
    return false;
  }
}

function workingDaysOf({ workingDays, holidays }: Calendar): (wall: number) => boolean {
  const names: ReadonlySet<string | undefined> = new Set(workingDays);
  const free = new Set(holidays);
  return (wall) => names.has(WEEKDAYS[new Date(wall).getUTCDay()]) && !free.has(dateOf(wall));
}

function dateOf(wall: number): string {
  return isoTime(wall).slice(0, 10);
}

/** A wall-clock time is kept as the epoch ms at which a clock in UTC shows it. */
interface Zone {
  readonly wallAt: (moment: number) => number;
  readonly momentOf: (wall: number) => number;
}

function openZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

  function offsetAt(moment: number): number {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(moment)) part[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / SECOND) * SECOND;
  }

  /** No offset is longer than a day, so the two are those before and after any change that is near. */
  function momentOf(wall: number): number {
    const before = offsetAt(wall - DAY);
    const after = offsetAt(wall + DAY);
    const shown = [wall - before, wall - after].filter((moment) => moment + offsetAt(moment) === wall);
    return shown.length === 0 ? wall - before : Math.min(...shown);
  }

  return { wallAt: (moment) => moment + offsetAt(moment), momentOf };
}
