import { readDeadline } from './calendar';
import type { Policy } from './policy';
import { isInvalidRequest, readTextFields } from './requests';
import { DAY } from './time';

/** The next thing that time itself brings to an open recertification. `at` in epoch ms. */
export type Moment =
  | { readonly kind: 'remind'; readonly at: number; readonly daysBefore: number }
  | { readonly kind: 'deadline'; readonly at: number }
  | { readonly kind: 'end'; readonly at: number };

/**
 * The first moment after `passed` (epoch ms of the last one handled, or of the start): reminders that are still ahead,
 * then the deadline, which comes however long past it is, then the end of the grace period.
 */
export function nextMoment(
  deadline: number,
  passed: number,
  hasLapsed: boolean,
  { remindDaysBefore, graceDays }: Policy['recertification'],
): Moment {
  if (hasLapsed) return { kind: 'end', at: deadline + graceDays * DAY };
  const reminders = [...new Set(remindDaysBefore)]
    .map((daysBefore) => ({ kind: 'remind', at: deadline - daysBefore * DAY, daysBefore }) as const)
    .filter(({ at, daysBefore }) => at > passed && daysBefore > 0)
    .sort((a, b) => a.at - b.at);
  return reminders[0] ?? { kind: 'deadline', at: deadline };
}

/**
 * What is wrong with a request to move the deadline, as a sentence; null: nothing. `now` in epoch ms; a date without a time is
 * the end of that day in the zone.
 */
export function deadlineFault(request: unknown, now: number, timeZone: string): string | null {
  const read = readTextFields(request, ['deadline', 'by', 'reason']);
  if (isInvalidRequest(read)) return read.problem;
  const at = readDeadline(read.deadline, timeZone);
  if (Number.isNaN(at)) return '`deadline` must be an ISO 8601 date, like 2027-03-31 or 2027-03-31T12:00:00Z';
  if (at <= now) return '`deadline` must be ahead of now';
  return at > now + 3650 * DAY ? '`deadline` must be within ten years' : null;
}
