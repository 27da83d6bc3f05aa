import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { CLIENT_ID } from '../../people';
import { html, type Html } from '../html';
import { httpCalls } from '../http-calls';
import { entry } from '../page-parts';
import type { StandIn, World } from '../stand-in';
import type { Held } from '../store';
import { Malformed, readParts, type Part } from './multipart';
import { isSame, readStatement, type Statement } from './statement';

/** What came with a statement; the bytes themselves are not kept. */
const fileSchema = z.object({ contentType: z.string(), bytes: z.int(), sha2: z.string() });

const recordSchema = z.object({
  /** As it was sent, and with what the store adds: id, version, authority, stored, and timestamp where it had none. */
  statement: z.looseObject({ id: z.string() }),
  files: z.array(fileSchema),
});

const heldSchema = z.object({ records: z.array(recordSchema) });

type Records = z.infer<typeof heldSchema>;

/** The statements of `GET /_state`, oldest first. */
export interface XapiState {
  readonly statements: Records['records'];
}

const VERSION = '1.0.3';

/**
 * A learning record store: the statements resource of xAPI 1.0.3, at `/xapi/statements`, behind HTTP Basic. PUT of one
 * statement, as JSON or with its attachments as multipart/mixed, and GET. It checks what the specification says a store
 * must refuse: version header, ids, IRIs, unknown properties, hashes. A statement sent again without `timestamp` is
 * another one, for the store has filled in its own.
 */
export function xapi(world: World): StandIn<XapiState> {
  const held = world.store.hold<Records>('xapi', heldSchema, () => ({ records: [] }));
  const router = express.Router();
  const parsers = [express.raw({ type: () => true, limit: '10mb' })];
  router.use(httpCalls({ system: 'xapi', contentTypes: [], parsers, refuse }, world));
  router.use(answerVersion);
  router.get('/about', (_request, response) => void response.json({ version: [VERSION] }));
  router.use(authenticate(world.token), checkVersion);
  router.put('/statements', (request, response) => put(request, response, held, world.now()));
  router.get('/statements', (request, response) => get(request, response, held, world.now()));
  router.all('/statements', (_request, response) => {
    refuse(response.set('Allow', 'GET, PUT'), 405, 'Statements are PUT one by one here.');
  });
  router.use((_request, response) => refuse(response, 404, 'There are /xapi/about and /xapi/statements'));
  router.use(problems(world));
  return { state: () => ({ statements: held.read().records }), show: () => show(held.read()), router };
}

const answerVersion: RequestHandler = (_request, response, next) => {
  response.set('X-Experience-API-Version', VERSION);
  next();
};

function authenticate(token: string): RequestHandler {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(`Basic ${Buffer.from(`${CLIENT_ID}:${token}`).toString('base64')}`);
  return (request, response, next) => {
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) next();
    else refuse(response.set('WWW-Authenticate', 'Basic realm="xAPI"'), 401, 'Key or secret are missing or wrong');
  };
}

const checkVersion: RequestHandler = (request, response, next) => {
  // 1.0 means 1.0.0, and every 1.0.x is taken (part 3 §3.3).
  if (/^1\.0(\.\d+)?$/.test(request.get('X-Experience-API-Version') ?? '')) next();
  else refuse(response, 400, 'X-Experience-API-Version is missing, or not 1.0.x');
};

/** @throws Malformed, answered with 400. */
function put(request: Request, response: Response, held: Held<Records>, now: Date): void {
  const statementId = idOf(request);
  const { json, files } = readBody(request);
  const statement = readStatement(json, statementId, files);
  const { records } = held.read();
  const known = records.find((record) => record.statement.id === statementId);
  const at = now.toISOString();
  // What is filled in is this moment's: sent again without a timestamp it is another statement.
  const complete = { ...statement, timestamp: statement.timestamp ?? at };
  if (known !== undefined && !isSame(known.statement as Statement, complete)) {
    refuse(response, 409, 'There is another statement of this id');
    return;
  }
  if (known === undefined) {
    const authority = { objectType: 'Agent', account: { homePage: 'http://127.0.0.1/xapi', name: CLIENT_ID } };
    const stored = { ...complete, id: statementId, stored: at, version: VERSION, authority };
    const kept = files.map(({ contentType, content, sha2 }) => ({ contentType, bytes: content.length, sha2 }));
    held.write({ records: [...records, { statement: stored, files: kept }] });
  }
  response.sendStatus(204);
}

/** @throws Malformed */
function get(request: Request, response: Response, held: Held<Records>, now: Date): void {
  response.set('X-Experience-API-Consistent-Through', now.toISOString());
  const { records } = held.read();
  if (request.query['statementId'] === undefined) {
    const statements = records.map(({ statement }) => statement).reverse();
    response.json({ statements, more: '' });
    return;
  }
  const statementId = idOf(request);
  const found = records.find(({ statement }) => statement.id === statementId);
  if (found === undefined) refuse(response, 404, 'There is no statement of this id');
  else response.json(found.statement);
}

function idOf({ query }: Request): string {
  const id = z.uuid().safeParse(query['statementId']);
  if (!id.success) throw new Malformed('statementId is missing, or no UUID');
  return id.data.toLowerCase();
}

function readBody(request: Request): { readonly json: unknown; readonly files: readonly Part[] } {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const contentType = request.get('Content-Type') ?? '';
  if (/^application\/json\s*(;|$)/i.test(contentType)) return { json: parseJson(bytes), files: [] };
  const [first, ...files] = readParts(contentType, bytes);
  if (first === undefined || !/^application\/json\s*(;|$)/i.test(first.contentType))
    throw new Malformed('The first part is to be application/json');
  return { json: parseJson(first.content), files };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Malformed('The statement is not JSON');
  }
}

function refuse(response: Response, status: number, detail: string): void {
  response.status(status).json({ error: { status, message: detail } });
}

function problems({ log }: World): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error instanceof Malformed ? 400 : (error.status ?? 500);
    if (status >= 500) log.error({ err: error }, 'the xAPI stand-in failed');
    refuse(response, status, error.message);
  };
}

function show({ records }: Records): Html {
  if (records.length === 0) return html`<p class="none">No statement yet.</p>`;
  return html`${[...records].reverse().map(({ statement, files }) => {
    const course = text(statement, 'object.definition.name.en-US');
    return entry({
      key: statement.id,
      title: `${text(statement, 'verb.id').split('/').at(-1) ?? ''}: ${course === '' ? text(statement, 'object.id') : course}`,
      about: [
        `${text(statement, 'actor.account.name')} · ${text(statement, 'timestamp')}`,
        ...files.map(({ contentType, bytes, sha2 }) => `${contentType}, ${bytes} bytes, SHA-256 ${sha2}`),
      ],
      text: JSON.stringify(statement, null, 2),
    });
  })}`;
}

function text(statement: object, path: string): string {
  const found = path
    .split('.')
    .reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], statement);
  return typeof found === 'string' ? found : '';
}
