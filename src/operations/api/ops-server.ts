import type { ErrorRequestHandler, Express, RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { MINUTE } from '../../domain';
import {
  createApp,
  createLimitedServer,
  guardOrigin,
  NOT_FOUND,
  placeOf,
  sendProblem,
  SERVER_LIMITS,
  type LimitedServer,
} from '../../http';
import type { OpsToken } from '../../settings';
import type { CappedLog } from '../../telemetry';
import type { Changes } from '../changes';
import { createCodecRouter, type CodecOptions } from '../codec';
import { defineOperation, type Operation } from '../operation';
import { PAGE_SECURITY_POLICY } from '../page/page';
import { createAccess } from './access';
import { createCache } from './cache';
import { faultOfSite, guardChange } from './guard-change';
import { limitChanges, limitFailures } from './limits';
import { openApiOf } from './open-api';
import { addOperations, addPath, parseJson } from './routes';
import { beginSession, endSession } from './session-routes';
import { createSessions } from './sessions';
import { createStream } from './stream';

/** What `/api/me` says of this deployment. */
export interface Deployment {
  readonly companyId: string;
  /** IANA. */
  readonly timeZone: string;
  readonly temporalUi: string | null;
  readonly version: string;
}

export interface OpsServerOptions {
  readonly operations: readonly Operation[];
  /** Called at each request, so that they can change. */
  readonly tokens: () => readonly OpsToken[];
  readonly changes: Changes;
  readonly deployment: Deployment;
  /** Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly log: CappedLog;
  /** Reads what is encrypted for Temporal Web UI, at `allowedOrigin`; absent: nothing is. */
  readonly codec?: Pick<CodecOptions, 'codec' | 'allowedOrigin'> | undefined;
  /** The page's own routes; absent: there is no page. */
  readonly page?: Router | undefined;
  /** Where people reach this server, if that is a public name. */
  readonly ownUrl?: string | undefined;
  /** How many proxies are in front. */
  readonly trustProxy?: number | undefined;
  /** The header in which the proxy names the user. */
  readonly userHeader?: string | undefined;
  readonly limits?: Partial<typeof OPS_LIMITS> | undefined;
  /** A clock in ms; it need not know the date. */
  readonly now?: () => number;
  /** An answer that does not fit its output: an error in tests. */
  readonly misfit?: 'fail' | 'log';
}

export interface OpsServer extends LimitedServer {
  /** How many are connected to the stream. */
  readonly viewers: () => number;
}

const OPS_LIMITS = {
  ...SERVER_LIMITS,
  // Viewers' streams, and what they ask.
  connections: 1024,
  viewers: 250,
  heartbeatMs: MINUTE / 4,
  changesPerMinute: 240,
  wrongTokensPerMinute: 20,
};

/**
 * The server of the operations: JSON API, live changes, metrics and the page. Every path but `/healthz` needs a credential:
 * `Authorization: Bearer`, or the cookie for which `POST /api/session` exchanges a token. A browser without one gets the
 * page to log in, with status 401.
 */
export function createOpsServer(options: OpsServerOptions): OpsServer {
  const limits = { ...OPS_LIMITS, ...options.limits };
  const { now = () => performance.now(), log, changes, tokens, trustProxy = 0 } = options;
  const sessions = createSessions({ tokens, now });
  const failures = limitFailures(limits.wrongTokensPerMinute);
  // Without a proxy in front, whoever asks could write the header.
  const userHeader = trustProxy > 0 ? options.userHeader : undefined;
  const access = createAccess({ tokens, sessions, failures, userHeader, log });
  const { isStillAllowed } = access;
  const { viewers: maxViewers, heartbeatMs } = limits;
  const stream = createStream({ changes, isStillAllowed, maxViewers, heartbeatMs });
  const app = createApp().set('trust proxy', trustProxy);
  if (options.codec !== undefined)
    app.use(createCodecRouter({ ...options.codec, ownUrl: options.ownUrl, guard: access.guard }));
  addFirst(app, options);
  app.post('/api/session', needOwnSite, parseJson, beginSession({ tokens, sessions, failures, log }));
  app.use(access.guard, guardChange);
  addPath(app, '/metrics', [['GET', [metricsOf(options)]]]);
  addPath(app, '/api/session', [['DELETE', [endSession({ sessions })]]], ['POST']);
  addPath(app, '/api/stream', [['GET', [stream.handler]]]);
  addApi(app, options, limits);
  if (options.page !== undefined) app.use(options.page);
  addLast(app, log);
  const { server, close } = createLimitedServer(app, limits);
  return {
    server,
    viewers: stream.viewers,
    close: () => {
      stream.close();
      return close();
    },
  };
}

function addFirst(app: Express, { ownUrl }: OpsServerOptions): void {
  app.use(guardOrigin(ownUrl));
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: PAGE_SECURITY_POLICY },
      // A name may have other servers on it: whoever ends TLS decides.
      strictTransportSecurity: false,
    }),
  );
  app.get('/healthz', (_request, response) => void response.json({ ok: true }));
}

const needOwnSite: RequestHandler = (request, response, next) => {
  const fault = faultOfSite(request, false);
  if (fault !== undefined) sendProblem(request, response, { status: 403, detail: fault });
  else if (request.is('application/json') === 'application/json') next();
  else sendProblem(request, response, { status: 415, detail: 'Send the body as application/json.' });
};

function metricsOf({ metrics }: OpsServerOptions): RequestHandler {
  return async (_request, response) => {
    const { contentType, body } = await metrics();
    response.setHeader('content-type', contentType).end(body);
  };
}

function addApi(app: Express, options: OpsServerOptions, limits: typeof OPS_LIMITS): void {
  const { changes, deployment, log, now = () => performance.now(), misfit = 'log' } = options;
  const operations = [...options.operations, meOf(deployment)];
  const document = JSON.stringify(openApiOf(operations, deployment.version));
  addPath(app, '/api/openapi.json', [['GET', [(_request, response) => void response.type('json').send(document)]]]);
  addOperations(app, {
    operations,
    changes,
    cache: createCache({ changes, now }),
    limitChanges: limitChanges(limits.changesPerMinute),
    log,
    handleMs: limits.handleMs,
    misfit,
  });
}

function meOf(deployment: Deployment): Operation {
  return defineOperation({
    id: 'me',
    method: 'GET',
    path: '/api/me',
    role: 'viewer',
    summary: 'Who asks, and where.',
    input: z.object({}),
    output: z.object({
      name: z.string(),
      role: z.enum(['viewer', 'operator']),
      companyId: z.string(),
      timeZone: z.string(),
      temporalUi: z.string().nullable(),
      version: z.string(),
    }),
    isPersonal: true,
    handle: (_input, { by, role }) => Promise.resolve({ name: by, role, ...deployment }),
  });
}

function addLast(app: Express, log: CappedLog): void {
  app.use((request, response) => sendProblem(request, response, NOT_FOUND));
  app.use(((error: unknown, request, response, next) => {
    const { status = 500 } = error as { readonly status?: number };
    if (response.headersSent) {
      next(new Error('failed after the answer had begun'));
      return;
    }
    // Of the parsers of Express: the body or the path.
    if (status >= 400 && status < 500) {
      sendProblem(request, response, { status, detail: UNREADABLE[status] ?? 'This cannot be read.' });
      return;
    }
    log.write('error', 'ops-server', placeOf(error), 'a request failed');
    sendProblem(request, response, { status: 500, detail: 'This failed; the log says where.' });
  }) satisfies ErrorRequestHandler);
}

const UNREADABLE: Readonly<Record<number, string>> = {
  400: 'The body is not JSON, or the path is not encoded as UTF-8.',
  413: 'The body is larger than 1 MiB.',
  415: 'Send the body as application/json, in UTF-8 and not compressed.',
};
