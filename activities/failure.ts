import { ApplicationFailure } from '@temporalio/activity';
import type { OwnCause } from '../src/domain';
import { isUnavailable } from '../src/ledger';

/** The one classification of what a system answers: try again, or a person has to look. */

/** `call`: the call that failed, which the sentence then names. */
interface FailureDetails {
  readonly call?: string;
  /** Where it is about this person rather than about the system: what the case is searched for by. */
  readonly cause?: OwnCause;
  readonly [fact: string]: unknown;
}

/**
 * `<system>.unavailable`: may pass on a later attempt, so it retries.
 * `retryAfterMs`: what the system asks for; it becomes the next delay.
 */
export function unavailable(
  system: string,
  what: string,
  details: FailureDetails = {},
  retryAfterMs?: number,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: `${system}.unavailable`,
    message: sentenceOf(system, what, details),
    // Beside the delay of the retry: only the details reach the workflow, which says when the next try is.
    details: [{ ...details, ...(retryAfterMs !== undefined && retryAfterMs > 0 && { retryAfterMs }) }],
    ...(retryAfterMs !== undefined && retryAfterMs > 0 && { nextRetryDelay: retryAfterMs }),
  });
}

/** `<system>.rejected`: the same call would be refused again, so it does not retry; the step parks. */
export function rejected(system: string, what: string, details: FailureDetails = {}): ApplicationFailure {
  return ApplicationFailure.create({
    type: `${system}.rejected`,
    message: sentenceOf(system, what, details),
    details: [details],
    nonRetryable: true,
  });
}

function sentenceOf(system: string, what: string, { call }: FailureDetails): string {
  return call === undefined ? `${system} ${what}` : `${system}: ${call}: ${what}`;
}

/**
 * The same failure, with the call that it came of: `slack: chat.postMessage: answered 500`. Any other error is as it was.
 * `details.call` lets those who count by cause leave it out.
 */
export function ofCall(call: string | undefined, error: unknown): unknown {
  if (call === undefined || !(error instanceof ApplicationFailure)) return error;
  const [known = {}] = (error.details ?? []) as readonly (object | undefined)[];
  if ('call' in known) return error;
  const [system = '', ...words] = error.message.split(' ');
  const delay: unknown = Reflect.get(error, 'nextRetryDelay');
  return ApplicationFailure.create({
    type: String(error.type),
    message: sentenceOf(system, words.join(' '), { call }),
    details: [{ ...known, call }],
    nonRetryable: error.nonRetryable === true,
    ...(typeof delay === 'number' && { nextRetryDelay: delay }),
  });
}

/**
 * 408, 425, 429 and 5xx may pass; any other status is our fault or the settings', and will not.
 * `code` is the far side's error code. Its body is never kept: failures are stored in history.
 */
export function failureFromStatus(system: string, status: number, headers: Headers, code?: string): ApplicationFailure {
  const details = { status, ...(code !== undefined && { code }) };
  if (mayPass(status)) return unavailable(system, `answered ${status}`, details, delayOf(status, headers, Date.now()));
  if (status === 401 || status === 403) return credentialsRefused(system, status, details);
  return rejected(system, `answered ${status}`, details);
}

/**
 * `<system>.rejected`, in the same words for every system: they become the `why` of the step that parks. `answered`: the
 * status, or the system's own code; `details.status` is 401 or 403 then too, and all the processes that it stops share one
 * alert by it. `advice`: what to do about it.
 */
export function credentialsRefused(
  system: string,
  answered: number | string,
  details: FailureDetails,
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
export function failureFromNetwork(system: string, error: unknown): ApplicationFailure {
  const code = networkCode(error);
  const cause = causeOf(code);
  return unavailable(system, cause === undefined ? 'did not answer' : `did not answer: ${cause}`, { code });
}

/** What is known of a connection that failed, and what to do, by the code of Node.js. */
export function causeOf(code: string): string | undefined {
  return NOT_TRUSTED.includes(code) ? UNTRUSTED : CAUSES[code];
}

/** Of OpenSSL: a certificate that no known authority has signed. */
const NOT_TRUSTED: readonly string[] = [
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_UNTRUSTED', 'CERT_SIGNATURE_FAILURE'],
];

const UNTRUSTED =
  "the server's certificate is not trusted (NODE_EXTRA_CA_CERTS names a file with the certificate of its authority)";

const CAUSES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: is our clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host name",
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS at this port',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name could not be looked up',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to its host',
  ENETUNREACH: 'there is no route to its network',
  ...cutOff('ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'),
  ...tooLate('TimeoutError', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'),
};

function cutOff(...codes: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(codes.map((code) => [code, 'the connection was cut']));
}

function tooLate(...codes: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(codes.map((code) => [code, 'the time limit was reached']));
}

/** By its shape, not by its class: some errors come from a system's SDK, or from Node.js itself. */
export function networkCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { originalCode, code, name, cause } = error as {
    originalCode?: unknown;
    code?: unknown;
    name?: unknown;
    cause?: { code?: unknown } | null;
  };
  // nodemailer keeps the code of Node.js beside its own.
  return [cause?.code, originalCode, code, name].find((each) => typeof each === 'string') ?? 'unknown';
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
