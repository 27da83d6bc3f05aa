import express, { type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { CLIENT_ID } from '../../people';
import { messages, type Html } from '../html';
import { Refusal, requireAuthorization } from '../protocol';
import type { Stored } from '../store';
import type { HttpStandIn, SystemContext } from '../system';
import { malformed, readParts, type BodyPart } from './multipart';
import { isSame, readStatement, type Statement } from './statement';

const storedSchema = z.object({
  /** Oldest first. */
  statements: z.array(
    z.object({
      /** As it was sent, and with what the store adds: id, version, authority, stored, and timestamp where it had none. */
      statement: z.looseObject({ id: z.string() }),
      /** What came with it; the bytes themselves are not kept. */
      files: z.array(z.object({ contentType: z.string(), bytes: z.int(), sha2: z.string() })),
    }),
  ),
});

type Statements = z.infer<typeof storedSchema>;

const VERSION = '1.0.3';

/**
 * A learning record store: the statements resource of xAPI 1.0.3, at `/xapi/statements`, behind HTTP Basic. PUT of one
 * statement, as JSON or with its attachments as multipart/mixed, and GET. It checks what the specification says a store
 * must refuse: version header, ids, IRIs, unknown properties, hashes. A statement sent again without `timestamp` is
 * another one, for the store has filled in its own.
 */
export function xapi(context: SystemContext): HttpStandIn<Statements> {
  const stored = context.open<Statements>(storedSchema, () => ({ statements: [] }));
  const { token, now } = context;
  const routes = express.Router();
  routes.use((_request, response, next) => {
    response.set('X-Experience-API-Version', VERSION);
    next();
  });
  routes.get('/about', (_request, response) => void response.json({ version: [VERSION] }));
  const basic = `Basic ${Buffer.from(`${CLIENT_ID}:${token}`).toString('base64')}`;
  const unauthorized = new Refusal(401, 'unauthorized', 'Key or secret are missing or wrong');
  routes.use(requireAuthorization(basic, unauthorized, 'Basic realm="xAPI"'), checkVersion);
  routes
    .route('/statements')
    .put((request, response) => put(request, response, stored, now()))
    .get((request, response) => get(request, response, stored, now()))
    .all((_request, response) => {
      response.set('Allow', 'GET, PUT');
      throw new Refusal(405, 'method', 'Statements are PUT one by one here.');
    });
  const parsers = [express.raw({ type: () => true, limit: '10mb' })];
  return {
    protocols: [{ path: '/', parsers, routes, refuse }],
    clientPath: '',
    state: stored.read,
    card: () => card(stored.read()),
  };
}

const checkVersion: RequestHandler = (request, _response, next) => {
  // 1.0 means 1.0.0, and every 1.0.x is accepted (part 3 §3.3).
  if (!/^1\.0(\.\d+)?$/.test(request.get('X-Experience-API-Version') ?? ''))
    throw malformed('X-Experience-API-Version is missing, or not 1.0.x');
  next();
};

/** @throws Refusal */
function put(request: Request, response: Response, stored: Stored<Statements>, now: Date): void {
  const statementId = idOf(request);
  const { json, files } = readBody(request);
  const statement = readStatement(json, statementId, files);
  const { statements } = stored.read();
  const known = statements.find((one) => one.statement.id === statementId);
  const at = now.toISOString();
  // What is filled in is this moment's: sent again without a timestamp it is another statement.
  const complete = { ...statement, timestamp: statement.timestamp ?? at };
  if (known !== undefined && !isSame(known.statement as Statement, complete))
    throw new Refusal(409, 'conflict', 'There is another statement of this id');
  if (known === undefined) {
    const authority = { objectType: 'Agent', account: { homePage: 'http://127.0.0.1/xapi', name: CLIENT_ID } };
    const kept = { ...complete, id: statementId, stored: at, version: VERSION, authority };
    const sizes = files.map(({ contentType, content, sha2 }) => ({ contentType, bytes: content.length, sha2 }));
    stored.write({ statements: [...statements, { statement: kept, files: sizes }] });
  }
  response.sendStatus(204);
}

/** @throws Refusal */
function get(request: Request, response: Response, stored: Stored<Statements>, now: Date): void {
  response.set('X-Experience-API-Consistent-Through', now.toISOString());
  const all = stored.read().statements.map(({ statement }) => statement);
  if (request.query['statementId'] === undefined) {
    response.json({ statements: all.reverse(), more: '' });
    return;
  }
  const statementId = idOf(request);
  const found = all.find(({ id }) => id === statementId);
  if (found === undefined) throw new Refusal(404, 'not-found', 'There is no statement of this id');
  response.json(found);
}

function idOf({ query }: Request): string {
  const id = z.uuid().safeParse(query['statementId']);
  if (!id.success) throw malformed('statementId is missing, or no UUID');
  return id.data.toLowerCase();
}

function readBody(request: Request): { readonly json: unknown; readonly files: readonly BodyPart[] } {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const contentType = request.get('Content-Type') ?? '';
  if (/^application\/json\s*(;|$)/i.test(contentType)) return { json: parseJson(bytes), files: [] };
  const [first, ...files] = readParts(contentType, bytes);
  if (first === undefined || !/^application\/json\s*(;|$)/i.test(first.contentType))
    throw malformed('The first part is to be application/json');
  return { json: parseJson(first.content), files };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw malformed('The statement is not JSON');
  }
}

function refuse(response: Response, { status, message }: Refusal): void {
  response.status(status).json({ error: { status, message } });
}

function card({ statements }: Statements): Html {
  return messages(
    statements.map(({ statement, files }) => {
      const course = text(statement, 'object.definition.name.en-US');
      const verb = text(statement, 'verb.id').split('/').at(-1) ?? '';
      return {
        key: statement.id,
        title: `${verb}: ${course === '' ? text(statement, 'object.id') : course}`,
        about: [
          `${text(statement, 'actor.account.name')} · ${text(statement, 'timestamp')}`,
          ...files.map(({ contentType, bytes, sha2 }) => `${contentType}, ${bytes} bytes, SHA-256 ${sha2}`),
        ],
        text: JSON.stringify(statement, null, 2),
      };
    }),
  );
}

function text(statement: object, path: string): string {
  const found = path
    .split('.')
    .reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], statement);
  return typeof found === 'string' ? found : '';
}
