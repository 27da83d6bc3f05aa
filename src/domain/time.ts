export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const ISO_8601 = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Epoch milliseconds of an ISO 8601 date or date and time; without a zone it is UTC. NaN when it is neither: `Date.parse`
 * alone would take `March 2027` too, in the machine's zone, and make the 2nd of March of `2026-02-30`.
 */
export function epochMs(iso: string): number {
  const [, date, time, , , zone] = ISO_8601.exec(iso) ?? [];
  if (date === undefined || !isCalendarDay(date)) return NaN;
  return Date.parse(time !== undefined && zone === undefined ? `${iso}Z` : iso);
}

function isCalendarDay(date: string): boolean {
  const at = Date.parse(date);
  return !Number.isNaN(at) && isoTime(at).startsWith(date);
}

/** ISO 8601 in UTC, to the second where there is no more to say: `2026-11-23T09:00:00Z`. */
export function isoTime(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
