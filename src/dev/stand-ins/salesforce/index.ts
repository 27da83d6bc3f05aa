import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { html, type Html } from '../html';
import { httpCalls } from '../http-calls';
import { cut } from '../page-parts';
import { objects, seedRecords, type Refusal, type StoredRecord } from './objects';
import { createRecords, isRefusal, recordsSchema, type Records, type Written } from './records';
import { createSignIn, type SignIn } from './sign-in';
import { runQuery } from './soql';
import type { StandIn, World } from '../stand-in';

export interface SalesforceState {
  /** Users, logins, contacts and training records, as queries give them. */
  readonly records: readonly { readonly type: string; readonly Id: string; readonly [field: string]: unknown }[];
}

const collection = z.strictObject({
  allOrNone: z.literal(false).optional(),
  records: z.array(z.looseObject({ attributes: z.object({ type: z.string() }) })).max(200),
});

/**
 * Salesforce's REST API at `/salesforce`: sign-in, the queries that we ask, upserts by external id one by one and in
 * collections, updates by id. Not everything that an org does (no triggers, rules or sharing), but as strict where the
 * documents are clear: an unknown field, a text that is too long, an external id with `/`, `%` or `.` in a path, a session
 * that nobody used for two hours.
 */
export function salesforce(world: World): StandIn<SalesforceState> {
  const held = world.store.hold('salesforce', recordsSchema, seedRecords);
  const signIn = createSignIn(world, (username) => mayUserSignIn(held.read(), username));
  const router = express.Router();
  router.use(httpCalls({ system: 'salesforce', contentTypes: ['application/json'], refuse }, world));
  router.post('/services/oauth2/token', express.urlencoded({ extended: false }), grant(signIn));
  const api = express.Router();
  router.use('/services/data/:version', authenticate(signIn), requireVersion, countUsage(), api);
  addResources(api, createRecords(held), () => held.read());
  router.use((_request, response) => sendErrors(response, 404, notFound));
  router.use(failures(world));
  return {
    state: () => ({ records: held.read().map(({ type, Id, fields }) => ({ type, Id, ...fields })) }),
    show: () => show(held.read()),
    router,
  };
}

const notFound: Refusal = { code: 'NOT_FOUND', message: 'The requested resource does not exist', fields: [] };

function addResources(api: express.Router, records: Records, all: () => readonly StoredRecord[]): void {
  api.get('/query', ({ query }, response) => {
    const found = typeof query['q'] === 'string' ? runQuery(query['q'], all()) : notFound;
    if ('code' in found) sendErrors(response, 400, found);
    else response.json({ totalSize: found.length, done: true, records: found });
  });

  api.patch('/sobjects/:type/:id', ({ params, body }, response) => {
    const written =
      objects[params.type] === undefined ? notFound : records.update(params.type, params.id, valuesOf(body));
    if (isRefusal(written)) sendErrors(response, written.code === 'NOT_FOUND' ? 404 : 400, written);
    else response.sendStatus(204);
  });

  api.patch('/sobjects/:type/:keyField/:key', ({ params, body }, response) => {
    const { type, keyField, key } = params;
    const isReadable = objects[type] !== undefined && !/[/%.]/.test(key);
    const written = isReadable ? records.upsert(type, keyField, key, valuesOf(body)) : notFound;
    if (isRefusal(written)) sendErrors(response, written.code === 'NOT_FOUND' ? 404 : 400, written);
    else response.status(written.created ? 201 : 200).json({ ...written, success: true, errors: [] });
  });

  api.patch('/composite/sobjects/:type/:keyField', ({ params, body }, response) => {
    const { type, keyField } = params;
    const read = collection.safeParse(body);
    if (!read.success || read.data.records.some(({ attributes }) => attributes.type !== type)) {
      sendErrors(response, 400, { code: 'INVALID_INPUT', message: 'The collection cannot be read', fields: [] });
      return;
    }
    const values = read.data.records.map((record) => without(record, 'attributes'));
    const written = objects[type] === undefined ? notFound : records.upsertAll(type, keyField, values);
    if ('code' in written) sendErrors(response, written.code === 'NOT_FOUND' ? 404 : 400, written);
    else response.json(written.map(part));
  });
}

function without(record: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([field]) => field !== name));
}

function part(written: Written): object {
  if (!isRefusal(written)) return { ...written, success: true, errors: [] };
  const { code: statusCode, message, fields } = written;
  return { success: false, errors: [{ statusCode, message, fields }] };
}

function valuesOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function grant(signIn: SignIn): RequestHandler {
  return (request, response) => {
    const answer = signIn.grant(valuesOf(request.body), `http://${request.headers.host ?? ''}${request.baseUrl}`);
    response.status('error' in answer ? 400 : 200).json(answer);
  };
}

function authenticate({ isSignedIn }: SignIn): RequestHandler {
  return ({ headers }, response, next) => {
    if (isSignedIn(headers.authorization)) next();
    else sendErrors(response, 401, { code: 'INVALID_SESSION_ID', message: 'Session expired or invalid', fields: [] });
  };
}

/** Those with collections' upsert, up to one that is not there yet. */
const requireVersion = ({ params }: Request<{ version: string }>, response: Response, next: () => void): void => {
  const [, major = '0'] = /^v(\d{2,3})\.0$/.exec(params.version) ?? [];
  if (Number(major) >= 46 && Number(major) <= 66) next();
  else sendErrors(response, 404, notFound);
};

function countUsage(): RequestHandler {
  let calls = 0;
  return (_request, response, next) => {
    calls += 1;
    response.set('Sforce-Limit-Info', `api-usage=${calls}/15000`);
    next();
  };
}

function mayUserSignIn(records: readonly StoredRecord[], username: string): boolean {
  const user = records.find(({ type, fields }) => type === 'User' && fields['Username'] === username);
  const login = records.find(({ type, fields }) => type === 'UserLogin' && fields['UserId'] === user?.Id);
  return user?.fields['IsActive'] === true && login?.fields['IsFrozen'] === false;
}

function sendErrors(response: Response, status: number, { code: errorCode, message, fields }: Refusal): void {
  response.status(status).json([{ message, errorCode, fields }]);
}

/** What the fault switch's statuses are in Salesforce's words. */
const CODES: Readonly<Record<number, string>> = {
  400: 'UNABLE_TO_LOCK_ROW',
  401: 'INVALID_SESSION_ID',
  403: 'REQUEST_LIMIT_EXCEEDED',
  404: 'NOT_FOUND',
  429: 'REQUEST_LIMIT_EXCEEDED',
  503: 'SERVER_UNAVAILABLE',
};

function refuse(response: Response, status: number, message: string): void {
  if (response.req.path.startsWith('/services/oauth2/'))
    response
      .status(status)
      .json({ error: status >= 500 ? 'server_error' : 'invalid_grant', error_description: message });
  else sendErrors(response, status, { code: CODES[status] ?? 'UNKNOWN_EXCEPTION', message, fields: [] });
}

function failures({ log }: World): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error.status ?? 500;
    if (status >= 500) log.error({ err: error }, 'the Salesforce stand-in failed');
    const code = status >= 500 ? 'UNKNOWN_EXCEPTION' : 'JSON_PARSER_ERROR';
    sendErrors(response, status, { code, message: error.message, fields: [] });
  };
}

/** Of each object: what is shown in a column, and under it in small. */
const SHOWN: Readonly<Record<string, readonly (readonly [field: string, small?: string])[]>> = {
  Training_Status__c: [['Title__c', 'External_Key__c'], ['Status__c'], ['Score__c'], ['Progress__c']],
  Contact: [['LastName', 'Email'], ['MindTickle_User_Id__c']],
  User: [['Name', 'Username'], ['Sign-in']],
};

function show(records: readonly StoredRecord[]): Html {
  const isFrozen = (id: string): boolean =>
    records.some(({ type, fields }) => type === 'UserLogin' && fields['UserId'] === id && fields['IsFrozen'] === true);
  return html`${Object.entries(SHOWN).map(([type, columns]) => {
    const rows = records
      .filter((record) => record.type === type)
      .map(({ Id, fields }) => ({ 'Sign-in': isFrozen(Id) ? 'frozen' : 'open', ...fields }));
    return html`<table>
      <caption>
        ${type}
      </caption>
      <thead>
        <tr>
          ${columns.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (fields) =>
            html`<tr>
              ${columns.map((column) => cell(fields, column))}
            </tr>`,
        )}
      </tbody>
    </table>`;
  })}`;
}

const NUMBERS = ['Score__c', 'Progress__c'];

function heading([name]: readonly [string, string?]): Html {
  const label = name.replace(/__c$/, '').replaceAll('_', ' ');
  return html`<th scope="col" class="${NUMBERS.includes(name) ? 'number' : ''}">${cut(label)}</th>`;
}

function cell(fields: Readonly<Record<string, unknown>>, [name, small]: readonly [string, string?]): Html {
  const textOf = (field: string): string => {
    const value = fields[field];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const text = textOf(name);
  return html`<td class="${text === 'frozen' ? 'no' : ''}">
    ${text}${small === undefined ? null : html`<small>${cut(textOf(small))}</small>`}
  </td>`;
}
