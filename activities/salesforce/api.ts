import { ApplicationFailure } from '@temporalio/activity';
import { unlessCancelled } from '../deadline';
import type { Write } from '../write-once';
import { rejected } from '../failure';
import { createHttp, type Answer, type HttpSettings, type Request } from '../http';
import { codeOf, failureFromAnswer, refusal } from './failure';
import type { Session, Sessions } from './sign-in';

/** The one place that names the version. Each is served for years; what we use is there since 46 (collections' upsert). */
const API = '/services/data/v62.0';

/** A collection of two hundred takes longer than a record. */
const COLLECTION_TIMEOUT_MS = 30_000;

/** Salesforce takes no more in one collection. */
export const MOST_RECORDS = 200;

export type Fields = Readonly<Record<string, unknown>>;

/** By its external id. */
export interface Keyed {
  readonly object: string;
  readonly keyField: string;
  readonly key: string;
}

/** What became of one record of a collection; `code` of one that was refused. */
export type Part = { readonly ok: true } | { readonly ok: false; readonly code: string };

/**
 * The calls that we need of Salesforce's REST API, each by the process's session: one that has expired is replaced once.
 * Our own over jsforce: that one does not encode an external id, follows redirects with the token, and keeps neither the
 * status nor `Retry-After` of an error.
 * @throws `salesforce.unavailable` (retries), `salesforce.rejected`.
 */
export interface SalesforceApi {
  /** All rows of a query that has few. */
  readonly query: (soql: string) => Promise<readonly Fields[]>;
  /** Make the record of this key, or change it. */
  readonly upsert: (record: Keyed, fields: Fields) => Promise<void>;
  readonly update: (object: string, id: string, fields: Fields) => Promise<void>;
  /** At most `MOST_RECORDS`, each for itself; the answers in the order of `records`. */
  readonly upsertAll: (of: Omit<Keyed, 'key'>, records: readonly Fields[]) => Promise<readonly Part[]>;
}

export function createSalesforceApi(
  sessions: Sessions,
  write: Write,
  settings: Pick<HttpSettings, 'fetch' | 'timeoutMs'> = {},
): SalesforceApi {
  const call = createCall(sessions, write, settings);

  async function query(soql: string): Promise<readonly Fields[]> {
    const { body } = await call({ method: 'GET', path: `/query?q=${encodeURIComponent(soql)}` });
    const { records, done } = (body ?? {}) as { records?: unknown; done?: unknown };
    if (!Array.isArray(records) || done !== true) throw notSalesforce();
    return records as readonly Fields[];
  }

  async function upsert({ object, keyField, key }: Keyed, fields: Fields): Promise<void> {
    const path = `/sobjects/${object}/${keyField}/${encodeURIComponent(key)}`;
    await once(() => call({ method: 'PATCH', path, body: fields })).then(requireSuccess);
  }

  async function update(object: string, id: string, fields: Fields): Promise<void> {
    requireSuccess(
      await call({ method: 'PATCH', path: `/sobjects/${object}/${encodeURIComponent(id)}`, body: fields }),
    );
  }

  async function upsertAll(
    { object, keyField }: Omit<Keyed, 'key'>,
    records: readonly Fields[],
  ): Promise<readonly Part[]> {
    const { body } = await call(
      {
        method: 'PATCH',
        path: `/composite/sobjects/${object}/${keyField}`,
        body: {
          allOrNone: false,
          records: records.map((fields) => ({ attributes: { type: object }, ...fields })),
        },
      },
      COLLECTION_TIMEOUT_MS,
    );
    // A 200 says that the request could be read; what became of a record, its part says.
    if (!Array.isArray(body) || body.length !== records.length) throw notSalesforce();
    return body.map(partOf);
  }

  return { query, upsert, update, upsertAll };
}

/** One call by the session; one that has expired is replaced, and the call sent again: nothing was done by it. */
function createCall(
  sessions: Sessions,
  write: Write,
  settings: Pick<HttpSettings, 'fetch' | 'timeoutMs'>,
): (request: Request, timeoutMs?: number) => Promise<Answer> {
  const send = ({ url, token }: Session, request: Request, timeoutMs?: number): Promise<Answer> => {
    const headers = (): Record<string, string> => ({ authorization: `Bearer ${token}`, accept: 'application/json' });
    const failure = failureFromAnswer;
    const limits = { ...settings, ...(timeoutMs !== undefined && { timeoutMs }) };
    const http = createHttp({ system: 'salesforce', baseUrl: `${url}${API}`, headers, write, failure, ...limits });
    return http.read(request);
  };

  return async (request, timeoutMs) => {
    const session = await unlessCancelled(sessions.current());
    try {
      return await send(session, request, timeoutMs);
    } catch (error) {
      if (!isExpired(error)) throw error;
      sessions.drop(session);
    }
    try {
      return await send(await unlessCancelled(sessions.current()), request, timeoutMs);
    } catch (error) {
      if (isExpired(error)) sessions.refuse(error);
      throw error;
    }
  };
}

/** Two that make the record of one key at the same moment: the second finds it there the next time. */
async function once<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || detailsOf(error).code !== 'DUPLICATE_VALUE') throw error;
    return attempt();
  }
}

function partOf(part: unknown): Part {
  const { success, errors } = (part ?? {}) as { success?: unknown; errors?: unknown };
  if (success === true) return { ok: true };
  return { ok: false, code: codeOf(errors) ?? 'UNKNOWN' };
}

/** 204, or a body that says so: a maintenance page that comes as 200 has written nothing. */
function requireSuccess({ status, body }: Answer): void {
  if (status === 204) return;
  const { success, errors } = (body ?? {}) as { success?: unknown; errors?: unknown };
  if (success === true) return;
  const code = codeOf(errors);
  throw code === undefined ? notSalesforce() : refusal(code, { status });
}

function notSalesforce(): ApplicationFailure {
  return rejected('salesforce', 'did not answer as Salesforce does: is SALESFORCE_LOGIN_URL right?');
}

function isExpired(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && detailsOf(error).status === 401;
}

function detailsOf({ details }: ApplicationFailure): { readonly status?: unknown; readonly code?: unknown } {
  return details?.[0] ?? {};
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\f': 'f', '\b': 'b' };

/** A text as a SOQL literal (SOQL reference, "Quoted String Escape Sequences"). */
export function literal(text: string): string {
  const escaped = text.replace(/[\\'"\n\r\t\f\b]/g, (character) => `\\${ESCAPES[character] ?? character}`);
  return `'${escaped}'`;
}
