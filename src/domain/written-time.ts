import { DEFAULT_CALENDAR } from './calendar';
import { epochMs } from './time';

/** Of these, one knows the short name that people of the zone use: en-GB says CET, en-US says PST, en-AU says AEDT. */
const LOCALES = ['en-GB', 'en-US', 'en-CA', 'en-AU', 'en-IN', 'en-NZ', 'en-ZA'] as const;

/**
 * A moment as a person writes it, in a time zone and with its name: `Friday, 27 November 2026, 17:00 CET`. What is no
 * ISO 8601 time stays as it is.
 */
export function writtenTime(iso: string, timeZone: string = DEFAULT_CALENDAR.timeZone): string {
  const at = epochMs(iso);
  if (Number.isNaN(at)) return iso;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'long',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = value;
  const { weekday, day, month, year, hour, minute } = part;
  return `${weekday}, ${day} ${month} ${year}, ${hour}:${minute} ${zoneName(at, timeZone)}`;
}

function zoneName(at: number, timeZone: string): string {
  const names = LOCALES.map((locale) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' });
    return format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  });
  const name = names.find((each) => !/^(GMT|UTC)[+-]/.test(each));
  return name ?? `${names[0]} (${timeZone})`;
}
