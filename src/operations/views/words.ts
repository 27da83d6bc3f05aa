/** How values and times are written for people. */

/** Local time with its offset, as `2026-11-28 10:12:03 GMT+01:00`. What is no time stays as it is. */
export function localTime(iso: string, timeZone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const known = formats.get(timeZone) ?? formatOf(timeZone);
  formats.set(timeZone, known);
  const parts = known.formatToParts(at);
  const part = (wanted: string): string => parts.find(({ type }) => type === wanted)?.value ?? '';
  const [date, time] = [DATE, TIME].map((names) => names.map(part));
  return `${date?.join('-') ?? ''} ${time?.join(':') ?? ''} ${part('timeZoneName')}`;
}

const DATE = ['year', 'month', 'day'];
const TIME = ['hour', 'minute', 'second'];

/** Each takes longer to make than a page to draw. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const twoDigits = {
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  } as const;
  return new Intl.DateTimeFormat('en-GB', {
    ...twoDigits,
    year: 'numeric',
    hourCycle: 'h23',
    timeZone,
    timeZoneName: 'longOffset',
  });
}

/** `2026-11-28 09:12:03 UTC`. */
export function utcTime(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** JSON as `active: true, group: Sales`; of nothing an empty text. */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  return Object.entries(value)
    .map(([key, held]) => `${key}: ${isNested(held) ? `(${inWords(held)})` : inWords(held) || 'none'}`)
    .join(', ');
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
