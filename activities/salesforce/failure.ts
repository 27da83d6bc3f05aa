import type { ApplicationFailure } from '@temporalio/activity';
import { failureFromStatus, mayPass, rejected, retryAfterMs, unavailable } from '../failure';

/** Salesforce counts calls by the day: a quota that is used up does not come back within a minute. */
const QUOTA_DELAY_MS = 15 * 60_000;

/** The quota, of calls or of concurrent calls; comes as 403. */
const QUOTA = new Set(['REQUEST_LIMIT_EXCEEDED']);

/** These may pass on a later attempt, whatever their status is (a locked row is a 400). */
const PASSING = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'SERVICE_UNAVAILABLE',
  'REQUEST_RUNNING_TOO_LONG',
  'QUERY_TIMEOUT',
  'API_CURRENTLY_DISABLED',
  'UNKNOWN_EXCEPTION',
]);

const FIELDS = "name our fields in the policy's `salesforce`, and let the integration user see them";
const DATA = 'change the rule or the field in Salesforce';

/** What to do about the refusals that somebody can fix. */
const ADVICE: Readonly<Record<string, string>> = {
  INVALID_FIELD: FIELDS,
  INVALID_FIELD_FOR_INSERT_UPDATE: FIELDS,
  INVALID_TYPE: "name our object in the policy's `salesforce`, and let the integration user see it",
  NOT_FOUND: "name our object and its external id in the policy's `salesforce`, and let the integration user see them",
  REQUIRED_FIELD_MISSING: 'a field is required that we do not write: give it a default, or make it optional',
  DUPLICATE_EXTERNAL_ID: 'several records have one key: merge them, and make the external id field unique',
  DUPLICATE_VALUE: 'another record has this value in a unique field: merge them',
  DUPLICATES_DETECTED: 'a duplicate rule blocks it: exempt the integration user',
  FIELD_CUSTOM_VALIDATION_EXCEPTION: `a validation rule blocks it: ${DATA}`,
  FIELD_INTEGRITY_EXCEPTION: DATA,
  STRING_TOO_LONG: 'a text is longer than its field: make it longer',
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: "name the picklist's values in the policy's `salesforce.statuses`",
  API_DISABLED_FOR_ORG: 'the edition or the user has no API access',
};

const PERMISSION = 'give the integration user the permission (Manage Users, to freeze one)';

/** Salesforce may accept the same record a little later. */
export function isPassing(code: string): boolean {
  return PASSING.has(code) || QUOTA.has(code);
}

/** A sentence with what to do, when we know it. */
export function salesforceRefusal(code: string, details: Readonly<Record<string, unknown>> = {}): ApplicationFailure {
  const advice = ADVICE[code] ?? (code.startsWith('INSUFFICIENT_ACCESS') ? PERMISSION : undefined);
  const hint = advice === undefined ? '' : ` (${advice})`;
  return rejected('salesforce', `refused: ${code}${hint}`, { ...details, code });
}

/** The failure of one record of a collection. */
export function failureOfRecord(code: string, call: string): ApplicationFailure {
  return isPassing(code)
    ? unavailable('salesforce', `did not accept the record: ${code}`, { code, call })
    : salesforceRefusal(code, { call });
}

/**
 * Errors come as `[{ errorCode, message, fields }]`, and the code says more than the status (REST API Developer Guide,
 * "Status Codes and Error Responses"). 300: several records have the external id. The message is never kept: it quotes
 * what was written.
 */
export function failureFromAnswer(status: number, headers: Headers, body: unknown): ApplicationFailure {
  const code = status === 300 ? 'DUPLICATE_EXTERNAL_ID' : codeOf(body);
  if (code === undefined) return failureFromStatus('salesforce', status, headers);
  const asked = retryAfterMs(headers.get('retry-after'), Date.now());
  const delay = asked ?? (QUOTA.has(code) ? QUOTA_DELAY_MS : undefined);
  if (isPassing(code)) return unavailable('salesforce', `answered ${status}: ${code}`, { status, code }, delay);
  const isOfStatus = status === 401 || mayPass(status);
  return isOfStatus ? failureFromStatus('salesforce', status, headers, code) : salesforceRefusal(code, { status });
}

/** The first code of an answer's errors; in a collection's outcomes it is called `statusCode`. */
export function codeOf(body: unknown): string | undefined {
  const [first] = (Array.isArray(body) ? body : []) as readonly unknown[];
  if (typeof first !== 'object' || first === null) return undefined;
  const { errorCode, statusCode } = first as { errorCode?: unknown; statusCode?: unknown };
  return asCode(errorCode) ?? asCode(statusCode);
}

/** A code is kept only when it looks like one of Salesforce's: `NOT_FOUND`. */
function asCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Z]+(_[A-Z0-9]+)+$/.test(code) && code.length <= 64 ? code : undefined;
}
