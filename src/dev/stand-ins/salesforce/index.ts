import express, { type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { cut, html, marked, table, type Html } from '../html';
import { Refusal, type Protocol } from '../protocol';
import type { HttpStandIn, SystemContext } from '../system';
import { described, refusal, seedRecords, type StoredRecord } from './objects';
import { notFound, recordsSchema, update, upsert, upsertAll, type Records, type Written } from './records';
import { createSignIn, type SignIn } from './sign-in';
import { runQuery } from './soql';

interface SalesforceState {
  /** Users, logins, contacts and training records, as queries give them. */
  readonly records: readonly { readonly type: string; readonly Id: string; readonly [field: string]: unknown }[];
}

const collection = z.strictObject({
  allOrNone: z.literal(false).optional(),
  records: z
    .array(
      z
        .looseObject({ attributes: z.object({ type: z.string() }) })
        .transform(({ attributes, ...fields }) => ({ type: attributes.type, fields })),
    )
    .max(200),
});

/**
 * Salesforce's REST API at `/salesforce`: sign-in, the queries that we ask, upserts by external id one by one and in
 * collections, updates by id. Not everything that an org does (no triggers, rules or sharing), but as strict where the
 * documents are clear: an unknown field, a text that is too long, an external id with `/`, `%` or `.` in a path, a session
 * that nobody used for two hours.
 */
export function salesforce(context: SystemContext): HttpStandIn<SalesforceState> {
  const records = context.open(recordsSchema, seedRecords);
  const signIn = createSignIn(context, (username) => canSignIn(records.read(), username));
  const routes = express.Router();
  routes.use('/:version', authenticate(signIn), requireVersion, countUsage(), resources(records));
  return {
    protocols: [
      oauth(signIn),
      { path: '/', routes: express.Router().use('/services/data', routes), refuse: refuseCall },
    ],
    clientPath: '',
    state: () => ({ records: records.read().map(({ type, Id, fields }) => ({ type, Id, ...fields })) }),
    card: () => card(records.read()),
  };
}

function oauth(signIn: SignIn): Protocol {
  const grant: RequestHandler = (request, response) => {
    const loginUrl = `http://${request.headers.host ?? ''}${request.baseUrl.replace('/services/oauth2', '')}`;
    const answer = signIn.grant(valuesOf(request.body), loginUrl);
    response.status('error' in answer ? 400 : 200).json(answer);
  };
  return {
    path: '/services/oauth2',
    parsers: [express.urlencoded({ extended: false })],
    routes: express.Router().post('/token', grant),
    refuse: (response, { status, message }) => {
      const error = status >= 500 ? 'server_error' : 'invalid_grant';
      response.status(status).json({ error, error_description: message });
    },
  };
}

function resources(records: Records): express.Router {
  const api = express.Router();

  api.get('/query', ({ query }, response) => {
    if (typeof query['q'] !== 'string') throw refusal('MALFORMED_QUERY', 'there is no query');
    const found = runQuery(query['q'], records.read());
    response.json({ totalSize: found.length, done: true, records: found });
  });

  api.get('/sobjects/:type/describe', ({ params }, response) => {
    response.json({ name: params.type, fields: described(params.type) });
  });

  api.patch('/sobjects/:type/:id', ({ params, body }, response) => {
    update(records, params.type, params.id, valuesOf(body));
    response.sendStatus(204);
  });

  api.patch('/sobjects/:type/:keyField/:key', ({ params, body }, response) => {
    const { type, keyField, key } = params;
    if (/[/%.]/.test(key)) throw notFound();
    const written = upsert(records, type, keyField, key, valuesOf(body));
    response.status(written.created ? 201 : 200).json(resultOf(written));
  });

  api.patch('/composite/sobjects/:type/:keyField', ({ params, body }, response) => {
    const { type, keyField } = params;
    const parsed = collection.safeParse(body);
    if (!parsed.success || parsed.data.records.some((record) => record.type !== type))
      throw refusal('INVALID_INPUT', 'The collection cannot be read');
    const values = parsed.data.records.map(({ fields }) => fields);
    response.json(upsertAll(records, type, keyField, values).map(resultOf));
  });
  return api;
}

function resultOf(written: Written | Refusal): object {
  if (!(written instanceof Refusal)) return { ...written, success: true, errors: [] };
  const { code: statusCode, message, fields } = written;
  return { success: false, errors: [{ statusCode, message, fields }] };
}

function valuesOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function authenticate({ isSignedIn }: SignIn): RequestHandler {
  return ({ headers }, _response, next) => {
    if (!isSignedIn(headers.authorization)) throw refusal('INVALID_SESSION_ID', 'Session expired or invalid');
    next();
  };
}

/** Those with collections' upsert, up to one that is not there yet. */
const requireVersion: RequestHandler<{ version: string }> = ({ params }, _response, next) => {
  const [, major = '0'] = /^v(\d{2,3})\.0$/.exec(params.version) ?? [];
  if (Number(major) < 46 || Number(major) > 66) throw notFound();
  next();
};

function countUsage(): RequestHandler {
  let calls = 0;
  return (_request, response, next) => {
    calls += 1;
    response.set('Sforce-Limit-Info', `api-usage=${calls}/15000`);
    next();
  };
}

function canSignIn(records: readonly StoredRecord[], username: string): boolean {
  const user = records.find(({ type, fields }) => type === 'User' && fields['Username'] === username);
  const login = records.find(({ type, fields }) => type === 'UserLogin' && fields['UserId'] === user?.Id);
  return user?.fields['IsActive'] === true && login?.fields['IsFrozen'] === false;
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

function refuseCall(response: Response, { status, code, message, fields }: Refusal): void {
  const ours: Readonly<Record<string, string | undefined>> = {
    fault: CODES[status],
    'unknown-path': 'NOT_FOUND',
    unreadable: 'JSON_PARSER_ERROR',
  };
  const isOurs = [...Object.keys(ours), 'failed'].includes(code);
  response.status(status).json([{ message, errorCode: isOurs ? (ours[code] ?? 'UNKNOWN_EXCEPTION') : code, fields }]);
}

/** Of each object: what is shown in a column, and under it in small. */
const SHOWN: Readonly<Record<string, readonly (readonly [field: string, small?: string])[]>> = {
  Training_Status__c: [['Title__c', 'External_Key__c'], ['Status__c'], ['Score__c'], ['Progress__c']],
  Contact: [['LastName', 'Email'], ['MindTickle_User_Id__c']],
  User: [['Name', 'Username'], ['Sign-in']],
};

const NUMBERS = ['Score__c', 'Progress__c'];

function card(records: readonly StoredRecord[]): Html {
  const isFrozen = (id: string): boolean =>
    records.some(({ type, fields }) => type === 'UserLogin' && fields['UserId'] === id && fields['IsFrozen'] === true);
  const tables = Object.entries(SHOWN).map(([type, columns]) =>
    table({
      caption: type,
      columns: columns.map(([name]) => ({
        label: name.replace(/__c$/, '').replaceAll('_', ' '),
        className: NUMBERS.includes(name) ? 'number' : '',
      })),
      rows: records
        .filter((record) => record.type === type)
        .map(({ Id, fields }) => {
          const all = { 'Sign-in': isFrozen(Id) ? 'frozen' : 'open', ...fields };
          return columns.map(([name, small]) => cell(all, name, small));
        }),
    }),
  );
  return html`${tables}`;
}

function cell(fields: Readonly<Record<string, unknown>>, name: string, small?: string): Html {
  const textOf = (field: string): string => {
    const value = fields[field];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const text = textOf(name);
  const below = small === undefined ? null : html`<small>${cut(textOf(small))}</small>`;
  return html`${text === 'frozen' ? marked(text, false) : text}${below}`;
}
