export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const HAS_ZONE = /(Z|[+-]\d{2}:?\d{2})$/;

/** Epoch milliseconds of an ISO 8601 date or date and time; without a zone it is UTC. NaN when it is neither. */
export function epochMs(iso: string): number {
  const isDateAlone = !iso.includes('T');
  return Date.parse(isDateAlone || HAS_ZONE.test(iso) ? iso : `${iso}Z`);
}

/** ISO 8601 in UTC, to the second where there is no more to say: `2026-11-23T09:00:00Z`. */
export function isoTime(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
