import { ApplicationFailure } from '@temporalio/activity';
import { isUnavailable } from '../src/ledger';

/** The one classification of what a system answers: try again, or a person has to look. */

/**
 * `<system>.unavailable`: may pass on a later attempt, so it retries.
 * `retryAfterMs`: what the system asks for; it becomes the next delay.
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
    // Beside the delay of the retry: only the details reach the workflow, which says when the next try is.
    details: [{ ...details, ...(retryAfterMs !== undefined && retryAfterMs > 0 && { retryAfterMs }) }],
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
 * `code` is the far side's error code. Its body is never kept: failures are stored in history. `call`: what was asked for.
 */
export function failureFromStatus(
  system: string,
  status: number,
  headers: Headers,
  code?: string,
  call?: string,
): ApplicationFailure {
  const details = { status, ...(code !== undefined && { code }) };
  const answered = `answered ${status}${named(call)}`;
  if (mayPass(status)) return unavailable(system, answered, details, delayOf(status, headers, Date.now()));
  // It is about the credential, whatever was asked for.
  if (status === 401) return credentialsRefused(system, status, details);
  if (status === 403) return credentialsRefused(system, `${status}${named(call)}`, details);
  return rejected(system, answered, details);
}

function named(call: string | undefined): string {
  return call === undefined ? '' : ` (${call})`;
}

/**
 * `<system>.rejected`, in the same words for every system: they become the `why` of the step that parks. `answered`: the
 * status, or the system's own code; `details.status` is 401 or 403 then too, and all the processes that it stops share one
 * alert by it. `advice`: what to do about it.
 */
export function credentialsRefused(
  system: string,
  answered: number | string,
  details: object,
  advice?: string,
): ApplicationFailure {
  const what = `answered ${answered}: its credentials were refused`;
  return rejected(system, advice === undefined ? what : `${what} (${advice})`, details);
}

/** The status that a failure of ours is about. */
export function statusOf(error: unknown): number | undefined {
  const details: unknown = error instanceof ApplicationFailure ? error.details?.[0] : undefined;
  const status = (details as { readonly status?: unknown } | undefined)?.status;
  return typeof status === 'number' ? status : undefined;
}

/** 408, 425, 429 and 5xx. */
export function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

function delayOf(status: number, headers: Headers, now: number): number | undefined {
  const asked = retryAfterMs(headers.get('retry-after'), now);
  if (asked !== undefined || status !== 429) return asked;
  return rateLimitResetMs(headers, now);
}

/**
 * Okta's `X-Rate-Limit-Reset`, in epoch seconds by the clock of the answer's `Date`, as milliseconds from then, a day at most.
 * A time in the past (others count seconds there) says nothing.
 */
export function rateLimitResetMs(headers: Headers, now: number): number | undefined {
  const reset = headers.get('x-rate-limit-reset');
  if (reset === null || !/^\d{10}$/.test(reset)) return undefined;
  const theirNow = Date.parse(headers.get('date') ?? '');
  const wait = Number(reset) * 1000 - (Number.isNaN(theirNow) ? now : theirNow);
  return wait > 0 ? Math.min(wait, 86_400_000) : undefined;
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3), as milliseconds from `now`, a day at most. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), 86_400_000);
}

/**
 * A call without an answer: refused, reset, timed out. The failure keeps the error's code, which names no one. A
 * certificate that is not trusted is one of them: somebody renews it, and then the step continues by itself.
 */
export function failureFromNetwork(system: string, error: unknown, call?: string): ApplicationFailure {
  return unavailable(system, `did not answer${named(call)}`, { code: networkCode(error) });
}

/** By its shape, not by its class: some errors come from a system's SDK, or from Node.js itself. */
function networkCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: { code?: unknown } | null };
  return [cause?.code, code, name].find((each) => typeof each === 'string') ?? 'unknown';
}

/**
 * Run one call to the ledger; its errors become ours.
 * @throws `ledger.unavailable` (retries) for whatever may pass; anything else is a bug and is thrown as it is.
 */
export async function askLedger<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'none';
    throw unavailable('ledger', 'did not answer', { code });
  }
}
