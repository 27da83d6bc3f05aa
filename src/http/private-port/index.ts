import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MINUTE, SECOND } from '../../domain';
import type { CappedLog } from '../../telemetry';
import type { OpsToken } from '../../settings';
import { bearerOf, whoHas } from './access';
import { send, sendProblem, type Problem } from './answer';
import { faultOfOrigin } from './origin';

export type Role = OpsToken['role'];

/** Who asks, and what for. */
export interface PrivateCall {
  /** The credential's name: the actor of whatever is changed. */
  readonly by: string;
  readonly query: URLSearchParams;
}

export type PrivateReply = { readonly json: unknown } | { readonly contentType: string; readonly body: string };

export interface PrivateRoute {
  /** The least role that may ask; an operator may whatever a viewer may. */
  readonly role: Role;
  readonly handle: (call: PrivateCall) => PrivateReply | Promise<PrivateReply>;
}

/** By method and path: `GET /metrics`. GET answers HEAD too. */
export type PrivateRoutes = Readonly<Record<`${'GET' | 'POST'} /${string}`, PrivateRoute>>;

export interface PrivatePortOptions {
  /** Asked at each request, so that they can change. */
  readonly tokens: () => readonly OpsToken[];
  readonly routes: PrivateRoutes;
  readonly log: CappedLog;
  readonly limits?: Partial<PrivatePortLimits>;
}

export interface PrivatePortLimits {
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How long a route may take to answer. */
  readonly handleMs: number;
  readonly connections: number;
  readonly closeMs: number;
}

export interface PrivatePort {
  /** Not listening yet. */
  readonly server: Server;
  /** Stop listening, answer what has begun, at most for `limits.closeMs`. */
  readonly close: () => Promise<void>;
}

const LIMITS: PrivatePortLimits = {
  headersMs: 5 * SECOND,
  requestMs: 10 * SECOND,
  handleMs: 30 * SECOND,
  connections: 256,
  closeMs: 2 * SECOND,
};

/**
 * The private server: metrics, and what people ask of a process. It may listen on every interface, as it has to in a
 * container: each path but `/healthz` needs a credential (`Authorization: Bearer`), on loopback too. Every refusal is
 * `application/problem+json` (RFC 9457).
 */
export function createPrivatePort(options: PrivatePortOptions): PrivatePort {
  const limits = { ...LIMITS, ...options.limits };
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: MINUTE,
    connectionsCheckingInterval: SECOND,
  });
  server.maxConnections = limits.connections;
  server.setTimeout(limits.requestMs + limits.handleMs + MINUTE);
  const find = createFind(options);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const found = find(request);
    if ('status' in found) sendProblem(request, response, found);
    else void answer(request, response, found, options.log, limits.handleMs);
  });
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), limits.closeMs);
    await closed;
    clearTimeout(timer);
  };
  return { server, close };
}

interface Found {
  readonly name: string;
  readonly route: PrivateRoute;
  readonly call: PrivateCall;
}

const HEALTH: PrivateRoute = { role: 'viewer', handle: () => ({ json: { ok: true } }) };

/** The order: where it comes from, who asks, what for, and may they. Who has no credential learns of no path. */
function createFind({ tokens, routes }: PrivatePortOptions): (request: IncomingMessage) => Found | Problem {
  const pick = createPick(routes);
  return (request) => {
    const fault = faultOfOrigin(request.headers);
    if (fault !== undefined) return { status: 403, detail: fault };
    const [path = '', search] = (request.url ?? '').split('?', 2);
    const query = new URLSearchParams(search);
    const method = request.method === 'HEAD' ? 'GET' : String(request.method);
    const name = `${method} ${path}`;
    if (name === 'GET /healthz') return { name, route: HEALTH, call: { by: 'anyone', query } };
    const who = whoHas(bearerOf(request.headers.authorization), tokens());
    if (who === undefined) return UNKNOWN;
    const route = pick(path, method);
    if ('status' in route) return route;
    return mayAsk(who, route) ? { name, route, call: { by: who.name, query } } : FORBIDDEN;
  };
}

function mayAsk({ role }: OpsToken, route: PrivateRoute): boolean {
  return role === 'operator' || route.role === 'viewer';
}

function createPick(routes: PrivateRoutes): (path: string, method: string) => PrivateRoute | Problem {
  const byPath = new Map<string, Map<string, PrivateRoute>>();
  for (const [name, route] of Object.entries(routes)) {
    const [method = '', path = ''] = name.split(' ');
    byPath.set(path, (byPath.get(path) ?? new Map<string, PrivateRoute>()).set(method, route));
  }
  return (path, method) => {
    const methods = byPath.get(path);
    if (methods === undefined) return { status: 404, detail: 'There is nothing at this path.' };
    const allow = [...methods.keys()].map((each) => (each === 'GET' ? 'GET, HEAD' : each)).join(', ');
    return (
      methods.get(method) ?? {
        status: 405,
        detail: 'The Allow header says which methods this path takes.',
        headers: { allow },
      }
    );
  };
}

const FORBIDDEN: Problem = { status: 403, detail: 'This needs a credential of the role operator.' };
const UNKNOWN: Problem = {
  status: 401,
  detail: 'Send a token of OPS_TOKENS: `Authorization: Bearer <token>`.',
  headers: { 'www-authenticate': 'Bearer realm="mindtickle"' },
};

/** Never rejects. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { name, route, call }: Found,
  log: CappedLog,
  limitMs: number,
): Promise<void> {
  const timer = setTimeout(() => {
    sendProblem(request, response, { status: 503, detail: 'This took too long.' });
  }, limitMs);
  try {
    if (route.role === 'operator') log.write('info', 'asked', { name, by: call.by }, 'an operator asked for something');
    const reply = await route.handle(call);
    const { contentType, body } =
      'json' in reply ? { contentType: 'application/json', body: JSON.stringify(reply.json) } : reply;
    send(request, response, 200, { 'content-type': contentType }, body);
  } catch (error) {
    // Its message may quote anything, so only its place is logged.
    const at = error instanceof Error ? error.stack?.split('\n').filter((line) => line.startsWith('    at ')) : [];
    log.write('error', 'private-port', { name, at: at?.slice(0, 5) }, 'a request to the private port failed');
    sendProblem(request, response, { status: 500, detail: 'This failed; the log says where.' });
  } finally {
    clearTimeout(timer);
  }
}
