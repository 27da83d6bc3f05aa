import { ApplicationFailure } from '@temporalio/activity';
import type { Pool } from 'pg';
import type { Policy, SalesforceNames } from '../../src/domain';
import type { ConnectorDeps } from '../connector';
import { unlessCancelled } from '../deadline';
import { rejected } from '../failure';
import { createHttp, type HttpAnswer, type HttpRequest } from '../http';
import type { Confirm, Write } from '../write-once';
import { codeOf, failureFromAnswer, salesforceRefusal } from './failure';
import type { Session, Sessions } from './sign-in';

/** The one place that names the version. Each is served for years; what we use exists since 46 (upsert of collections). */
const API = '/services/data/v62.0';

/** A collection of two hundred needs more time than a record. */
const COLLECTION_TIMEOUT_MS = 30_000;

/** Salesforce accepts no more in one collection. */
export const MAX_RECORDS = 200;

export type Fields = Readonly<Record<string, unknown>>;

/** By its external id. */
export interface Keyed {
  readonly object: string;
  readonly keyField: string;
  readonly key: string;
}

/** The outcome of one record of a collection; `code` when it was refused. */
export type RecordOutcome = { readonly ok: true } | { readonly ok: false; readonly code: string };

/**
 * The calls that we need of Salesforce's REST API, each by the process's session: one that has expired is replaced once.
 * We do not use jsforce: it does not encode an external id, follows redirects with the token, and keeps neither the status
 * nor `Retry-After` of an error.
 * @throws `salesforce.unavailable` (retries), `salesforce.rejected`.
 */
export interface SalesforceApi {
  /** What the org says of an object's fields, as far as our user sees them; null: it has no such object. */
  readonly describe: (object: string) => Promise<readonly FieldDescription[] | null>;
  /** All rows of a query that has few. */
  readonly query: (soql: string) => Promise<readonly Fields[]>;
  /** Make the record of this key, or change it. */
  readonly upsert: (record: Keyed, fields: Fields) => Promise<void>;
  readonly update: (object: string, id: string, fields: Fields) => Promise<void>;
  /** At most `MAX_RECORDS`, each on its own; the outcomes are in the order of `records`. */
  readonly upsertAll: (of: Omit<Keyed, 'key'>, records: readonly Fields[]) => Promise<readonly RecordOutcome[]>;
}

/** A field, as the org describes it (REST API Developer Guide, "sObject Describe"). */
export interface FieldDescription {
  readonly name: string;
  readonly externalId?: boolean;
  readonly restrictedPicklist?: boolean;
  readonly picklistValues?: readonly { readonly value?: unknown; readonly active?: unknown }[];
}

/** What the activities of Salesforce share. */
export interface SalesforceParts {
  readonly api: SalesforceApi;
  readonly names: SalesforceNames;
  readonly pool: Pool;
  readonly write: Write;
  readonly confirm: Confirm;
  /** Whom we never change. */
  readonly isProtected: Policy['protected'];
}

export function createSalesforceApi(
  sessions: Sessions,
  write: Write,
  deps: Pick<ConnectorDeps, 'fetch' | 'timeoutMs'>,
): SalesforceApi {
  const call = createCall(sessions, write, deps);

  async function describe(object: string): Promise<readonly FieldDescription[] | null> {
    const path = `/sobjects/${object}/describe`;
    const what = `describe ${object}`;
    const { status, body } = await call({ method: 'GET', path, accept: [404], call: what });
    if (status === 404) return null;
    const { fields } = (body ?? {}) as { fields?: unknown };
    if (!Array.isArray(fields)) throw notSalesforce(what);
    return fields as readonly FieldDescription[];
  }

  async function query(soql: string): Promise<readonly Fields[]> {
    const [, object = ''] = /FROM (\w+)/.exec(soql) ?? [];
    const path = `/query?q=${encodeURIComponent(soql)}`;
    const what = `query ${object}`;
    const { body } = await call({ method: 'GET', path, call: what });
    const { records, done } = (body ?? {}) as { records?: unknown; done?: unknown };
    if (!Array.isArray(records) || done !== true) throw notSalesforce(what);
    return records as readonly Fields[];
  }

  async function upsert({ object, keyField, key }: Keyed, fields: Fields): Promise<void> {
    const path = `/sobjects/${object}/${keyField}/${encodeURIComponent(key)}`;
    const request = { method: 'PATCH', path, body: fields, call: writing(object) };
    requireSuccess(await once(() => call(request)), object);
  }

  async function update(object: string, id: string, fields: Fields): Promise<void> {
    const path = `/sobjects/${object}/${encodeURIComponent(id)}`;
    requireSuccess(await call({ method: 'PATCH', path, body: fields, call: writing(object) }), object);
  }

  async function upsertAll(
    { object, keyField }: Omit<Keyed, 'key'>,
    records: readonly Fields[],
  ): Promise<readonly RecordOutcome[]> {
    const { body } = await call(
      {
        method: 'PATCH',
        path: `/composite/sobjects/${object}/${keyField}`,
        call: writing(object),
        body: {
          allOrNone: false,
          records: records.map((fields) => ({ attributes: { type: object }, ...fields })),
        },
      },
      COLLECTION_TIMEOUT_MS,
    );
    // A 200 says that the request could be read; each record has its own outcome.
    if (!Array.isArray(body) || body.length !== records.length) throw notSalesforce(writing(object));
    return body.map(outcomeOf);
  }

  return { describe, query, upsert, update, upsertAll };
}

/** One call by the session. An expired session is replaced and the call sent again: the first call did nothing. */
function createCall(sessions: Sessions, write: Write, deps: Pick<ConnectorDeps, 'fetch' | 'timeoutMs'>) {
  const send = ({ url, token }: Session, request: HttpRequest, timeoutMs = deps.timeoutMs): Promise<HttpAnswer> => {
    const headers = (): Record<string, string> => ({ authorization: `Bearer ${token}`, accept: 'application/json' });
    const own = { system: 'salesforce', baseUrl: `${url}${API}`, headers, write, failure: failureFromAnswer } as const;
    return createHttp({ ...own, fetch: deps.fetch, timeoutMs }).read(request);
  };

  return async (request: HttpRequest, timeoutMs?: number): Promise<HttpAnswer> => {
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

function outcomeOf(record: unknown): RecordOutcome {
  const { success, errors } = (record ?? {}) as { success?: unknown; errors?: unknown };
  if (success === true) return { ok: true };
  return { ok: false, code: codeOf(errors) ?? 'UNKNOWN' };
}

/** 204, or a body that says so: a maintenance page that comes as 200 has written nothing. */
function requireSuccess({ status, body }: HttpAnswer, object: string): void {
  if (status === 204) return;
  const { success, errors } = (body ?? {}) as { success?: unknown; errors?: unknown };
  if (success === true) return;
  const code = codeOf(errors);
  const call = writing(object);
  throw code === undefined ? notSalesforce(call) : salesforceRefusal(code, { status, call });
}

/** What a write is called in failures. */
export function writing(object: string): string {
  return `write ${object}`;
}

function notSalesforce(call: string): ApplicationFailure {
  return rejected('salesforce', 'did not answer as Salesforce does: is SALESFORCE_LOGIN_URL right?', { call });
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
