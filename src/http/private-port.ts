import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import type { OpsToken } from '../settings';
import type { CappedLog } from '../telemetry';
import { withTimeout } from '../with-timeout';
import { bearerOf, credentialOf } from './access';
import { createApp, placeOf } from './app';
import { guardOrigin } from './guard-origin';
import { createLimitedServer, SERVER_LIMITS, type LimitedServer, type ServerLimits } from './limited-server';
import { FORBIDDEN, METHOD_NOT_ALLOWED, NO_CREDENTIAL, NOT_FOUND, sendProblem } from './problem';

export interface PrivateCall {
  /** The credential's name: the actor of whatever is changed. */
  readonly by: string;
  readonly query: URLSearchParams;
}

export type PrivateReply = { readonly json: unknown } | { readonly contentType: string; readonly body: string };

export interface PrivateRoute {
  /** The least role that may call it; an operator may do whatever a viewer may. */
  readonly role: OpsToken['role'];
  readonly handle: (call: PrivateCall) => PrivateReply | Promise<PrivateReply>;
}

const METHODS = ['GET', 'POST'] as const;

/** By method and path: `GET /metrics`. GET answers HEAD too. */
export type PrivateRoutes = Readonly<Record<`${(typeof METHODS)[number]} /${string}`, PrivateRoute>>;

export interface PrivatePortOptions {
  /** Called at each request, so that they can change. */
  readonly tokens: () => readonly OpsToken[];
  readonly routes: PrivateRoutes;
  readonly log: CappedLog;
  readonly limits?: Partial<ServerLimits>;
}

export type PrivatePort = LimitedServer;

/**
 * The private server: metrics, and what operators ask of a process. It may listen on every interface, as it has to in a
 * container: each path but `/healthz` needs a credential (`Authorization: Bearer`), on loopback too. Every refusal is
 * `application/problem+json` (RFC 9457).
 */
export function createPrivatePort(options: PrivatePortOptions): PrivatePort {
  const limits = { ...SERVER_LIMITS, ...options.limits };
  return createLimitedServer(application(options, limits.handleMs), limits);
}

interface Locals {
  credential: OpsToken;
}

/** In this order: the origin, the credential, the path and method, the role. A caller without a credential learns of no path. */
function application({ tokens, routes, log }: PrivatePortOptions, handleMs: number): Express {
  const app = createApp();
  app.use(guardOrigin());
  app.get('/healthz', (_request, response) => void response.json({ ok: true }));
  app.use((request, response, next) => {
    const credential = credentialOf(bearerOf(request.headers.authorization), tokens());
    Object.assign(response.locals, { credential });
    if (credential === undefined) sendProblem(request, response, NO_CREDENTIAL);
    else next();
  });
  for (const path of new Set(Object.keys(routes).map((name) => name.slice(name.indexOf('/')))))
    addRoute(app, path, routes, (name, route) => handler(name, route, log, handleMs));
  app.use((request, response) => sendProblem(request, response, NOT_FOUND));
  app.use(((_error, request, response, next) => {
    if (response.headersSent) next(new Error('failed after the answer had begun'));
    else sendProblem(request, response, { status: 500, detail: 'This failed; the log says where.' });
  }) satisfies ErrorRequestHandler);
  return app;
}

function addRoute(
  app: Express,
  path: string,
  routes: PrivateRoutes,
  handlerOf: (name: string, route: PrivateRoute) => RequestHandler,
): void {
  const target = app.route(path);
  const allowed: string[] = [];
  for (const method of METHODS) {
    const name = `${method} /${path.slice(1)}` as const;
    const route = routes[name];
    if (route === undefined) continue;
    target[method === 'GET' ? 'get' : 'post'](handlerOf(name, route));
    allowed.push(method === 'GET' ? 'GET, HEAD' : method);
  }
  const headers = { allow: allowed.join(', ') };
  target.all((request, response) => sendProblem(request, response, { ...METHOD_NOT_ALLOWED, headers }));
}

function handler(name: string, { role, handle }: PrivateRoute, log: CappedLog, handleMs: number): RequestHandler {
  return async (request, response) => {
    const { credential } = response.locals as Locals;
    const by = credential.name;
    if (role === 'operator' && credential.role !== 'operator') {
      sendProblem(request, response, FORBIDDEN);
      return;
    }
    if (role === 'operator') log.write('info', 'asked', { name, by }, 'an operator asked for something');
    const query = new URLSearchParams(request.url.split('?', 2)[1]);
    const handled = Promise.resolve().then(() => handle({ by, query }));
    handled.catch((error: unknown) => {
      log.write('error', 'private-port', { name, ...placeOf(error) }, 'a request to the private port failed');
    });
    const reply = await withTimeout(handled, handleMs);
    if (reply === 'timeout') sendProblem(request, response, { status: 503, detail: 'This took too long.' });
    else if ('json' in reply) response.json(reply.json);
    else response.setHeader('content-type', reply.contentType).end(reply.body);
  };
}
