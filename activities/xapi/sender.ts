import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure, asyncLocalStorage } from '@temporalio/activity';
import { HOUR } from '../../src/domain';
import { rejected } from '../failure';
import type { Http } from '../http';
import { alone, withCertificate, type Statement } from './statement';

/** Stored, but the store takes no attachments, or the policy sends none. */
export const ALONE = 'without the certificate';

/** `unchanged`: it was there already. */
export type Sent = 'done' | 'unchanged' | typeof ALONE;

export interface Sender {
  readonly send: (statement: Statement, certificate: Uint8Array) => Promise<Sent>;
  readonly holds: (statement: Statement) => Promise<boolean>;
}

const STORE = 'store the statement';

/** So many answers 5xx to the multipart form, one after another, are about the form if the statement alone passes. */
const MAX_FAILURES = 3;

/**
 * The certificate is worth less than the statement: where a store does not take the multipart form (part 3 §1.5.2), the
 * statement is sent alone. Ralph 5.1 answers it with 500, or with 422. For an hour no further form is tried then.
 */
export function createSender(http: Http, attachments: 'auto' | 'never', now: () => number = Date.now): Sender {
  let failures = 0;
  let aloneUntil = attachments === 'never' ? Infinity : 0;

  async function send(statement: Statement, certificate: Uint8Array): Promise<Sent> {
    if (now() < aloneUntil) return sendAlone(statement);
    try {
      const sent = await put(statement, withCertificate(statement, certificate));
      failures = 0;
      return sent;
    } catch (error) {
      const status = statusOf(error);
      failures = status >= 500 ? failures + 1 : failures;
      if (!isAboutForm(status) && failures < MAX_FAILURES) throw error;
      return sendInstead(statement, error);
    }
  }

  async function sendInstead(statement: Statement, refusal: unknown): Promise<Sent> {
    const sent = await sendAlone(statement).catch((error: unknown) => {
      // A store that is away refuses both: then it is not about the form.
      throw statusOf(refusal) >= 500 ? refusal : error;
    });
    aloneUntil = now() + HOUR;
    const log = asyncLocalStorage.getStore()?.log;
    log?.warn('the record store takes no attachments: statements are sent without the certificate', { system: 'xapi' });
    return sent;
  }

  async function sendAlone(statement: Statement): Promise<Sent> {
    const sent = await put(statement, alone(statement));
    return sent === 'done' ? ALONE : sent;
  }

  async function put(
    statement: Statement,
    { contentType, raw }: ReturnType<typeof withCertificate | typeof alone>,
  ): Promise<'done' | 'unchanged'> {
    const headers = { 'content-type': contentType };
    const request = { method: 'PUT', path: pathOf(statement), raw, headers, accept: [409] };
    const { status } = await http.read({ ...request, call: STORE });
    if (status === 204) return 'done';
    // A sign-in page answers 200 to anything.
    if (status !== 409) throw noStore(status, STORE);
    if (!(await holds(statement)))
      throw rejected('xapi', 'holds another statement under this id', { status, call: STORE });
    return 'unchanged';
  }

  async function holds(statement: Statement): Promise<boolean> {
    const request = { method: 'GET', path: pathOf(statement), accept: [404] };
    const { status, body } = await http.read({ ...request, call: 'read the statement' });
    return status !== 404 && isDeepStrictEqual(essenceOf(bareStatement(body)), essenceOf(statement));
  }

  return { send, holds };
}

/** Of a refusal that may be about the form: not our credentials, the address, the statement's id, or the moment. */
function isAboutForm(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 404, 408, 409, 425, 429].includes(status);
}

/** 0 where there was no answer. */
function statusOf(error: unknown): number {
  const details = error instanceof ApplicationFailure ? (error.details?.[0] as { status?: unknown } | undefined) : {};
  return typeof details?.status === 'number' ? details.status : 0;
}

export function noStore(status: number, call: string): Error {
  return rejected('xapi', 'did not answer as a record store: is XAPI_URL right?', { status, call });
}

function pathOf({ id }: Statement): string {
  return `/statements?statementId=${id}`;
}

/** Some stores answer with a list of one (Ralph does). */
function bareStatement(body: unknown): unknown {
  const { statements } = (body ?? {}) as { statements?: unknown };
  return Array.isArray(statements) ? statements[0] : body;
}

/** What a statement says, without what a store may add or write differently: names, its own times, its authority. */
const ESSENCE = [
  ...['actor.account.homePage', 'actor.account.name', 'verb.id', 'object.id'],
  ...['result.score.scaled', 'result.score.raw', 'result.score.min', 'result.score.max'],
  ...['result.completion', 'result.success'],
];

function essenceOf(statement: unknown): readonly unknown[] {
  return [...ESSENCE.map((path) => valueAt(statement, path)), Date.parse(String(valueAt(statement, 'timestamp')))];
}

function valueAt(statement: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce((held: unknown, key) => (held as Readonly<Record<string, unknown>> | null | undefined)?.[key], statement);
}
