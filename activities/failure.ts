import { ApplicationFailure } from '@temporalio/activity';

/** The one classification of what a system answers: try again, or a person has to look. */

/**
 * `<system>.unavailable`: may pass on a later attempt, so it retries.
 * `retryAfterMs`: the system's own wish, becomes the next delay.
 */
export function unavailable(
  system: string,
  what: string,
  details: object = {},
  retryAfterMs?: number,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: `${system}.unavailable`,
    message: `${system} ${what}`,
    details: [details],
    ...(retryAfterMs !== undefined && retryAfterMs > 0 && { nextRetryDelay: retryAfterMs }),
  });
}

/** `<system>.rejected`: the same call would be refused again, so it does not retry; the step parks. */
export function rejected(system: string, what: string, details: object = {}): ApplicationFailure {
  return ApplicationFailure.create({
    type: `${system}.rejected`,
    message: `${system} ${what}`,
    details: [details],
    nonRetryable: true,
  });
}

/**
 * 408, 425, 429 and 5xx may pass; any other status is our fault or the settings', and will not.
 * `code` is the far side's error code. Its body is never kept: failures are stored in history.
 */
export function failureFromStatus(system: string, status: number, headers: Headers, code?: string): ApplicationFailure {
  const details = { status, ...(code !== undefined && { code }) };
  if (mayPass(status))
    return unavailable(system, `answered ${status}`, details, retryAfterMs(headers.get('retry-after'), Date.now()));
  const hint = status === 401 || status === 403 ? ': its credentials were refused' : '';
  return rejected(system, `answered ${status}${hint}`, details);
}

/** 408, 425, 429 and 5xx. */
export function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3), as milliseconds from `now`, a day at most. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), 86_400_000);
}

/** A call that brought no answer: refused, reset, timed out. What is kept is the error's code, which names no one. */
export function failureFromNetwork(system: string, error: unknown): ApplicationFailure {
  return unavailable(system, 'did not answer', { code: networkCode(error) });
}

function networkCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
