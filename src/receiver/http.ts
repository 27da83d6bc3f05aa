import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type ErrorRequestHandler, type Request, type Response } from 'express';
import { SECOND } from '../domain/time';
import type { ReceiverSettings } from '../settings';
import type { Accept } from './accept';
import { refuse, refuseSocket } from './answer';
import { readBody } from './body';
import type { CappedLog } from './capped-log';
import { examine, type Incoming, type Terms } from './examine';
import type { Readiness } from './readiness';
import { MAX_BODY_BYTES, refusals, type Rule } from './refusals';
import { REQUEST_EVENTS, trackRequests } from './shutdown';
import { limits, type Limits } from './limits';

export interface ReceiverDeps {
  readonly settings: Pick<ReceiverSettings, 'secrets' | 'companyId' | 'delivery' | 'trustProxy'>;
  readonly accept: Accept;
  readonly readiness: () => Promise<Readiness>;
  readonly log: CappedLog;
  /** Epoch ms. */
  readonly now: () => number;
  readonly limits?: Partial<Limits>;
}

export interface Receiver {
  /** Not listening yet. */
  readonly server: Server;
  /** Stop listening, answer what has begun, at most for `limits.closeMs`. */
  readonly close: () => Promise<void>;
}

/**
 * The public server: `POST /webhooks/mindtickle`, `GET /healthz`, `GET /readyz`. A 2xx promises the sender that the event
 * is stored; every other answer is `application/problem+json` (RFC 9457) and stored nothing.
 */
export function createReceiver(deps: ReceiverDeps): Receiver {
  const bounds = { ...limits, ...deps.limits };
  const server = createServer({
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.keepAliveMs,
    connectionsCheckingInterval: bounds.checkEveryMs,
    maxHeaderSize: bounds.headerBytes,
    requireHostHeader: false,
  });
  const shutdown = trackRequests(server, bounds.closeMs);
  const app = application(deps);
  for (const event of REQUEST_EVENTS) server.on(event, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const rule = CLIENT_ERRORS[error.code ?? ''] ?? 'request';
    if (error.code === 'ECONNRESET') return void socket.destroy();
    logRefusal(deps.log, rule, (socket as Duplex & { remoteAddress?: string }).remoteAddress);
    void shutdown.answered(socket).then(() => refuseSocket(socket, rule));
  });
  return { server, close: () => shutdown.close() };
}

/** Node's codes for what is wrong before there is a request; any other is a malformed one. */
const CLIENT_ERRORS: Readonly<Partial<Record<string, Rule>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-time',
  HPE_HEADER_OVERFLOW: 'request-headers',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'size',
};

function application(deps: ReceiverDeps): express.Express {
  const app = express().disable('x-powered-by').disable('etag').set('trust proxy', deps.settings.trustProxy);
  const turnAway = (request: Request, response: Response, rule: Rule, allow?: string): void => {
    logRefusal(deps.log, rule, request.ip);
    refuse(request, response, rule, { headers: allow === undefined ? {} : { allow } });
  };
  const onlyBy =
    (allow: string) =>
    (request: Request, response: Response): void =>
      turnAway(request, response, 'method', allow);

  app.use((request, response, next) => {
    // RFC 9112 §3.2. Node would answer it without a body.
    if (request.httpVersion === '1.1' && request.headers.host === undefined) turnAway(request, response, 'request');
    else next();
  });
  app.route('/webhooks/mindtickle').post(receiveDelivery(deps, turnAway)).all(onlyBy('POST'));
  app
    .route('/healthz')
    .get((_request, response) => void response.json({ ok: true }))
    .all(onlyBy('GET, HEAD'));
  app.route('/readyz').get(answerReadiness(deps)).all(onlyBy('GET, HEAD'));
  app.use((request, response) => turnAway(request, response, 'path'));
  app.use(failure(deps.log));
  return app;
}

type TurnAway = (request: Request, response: Response, rule: Rule) => void;
type Handler = (request: Request, response: Response) => Promise<void>;

function receiveDelivery(deps: ReceiverDeps, turnAway: TurnAway): Handler {
  const terms = termsOf(deps.settings);
  return async (request, response) => {
    const outcome = await receive(request, response, deps, terms);
    if (outcome === 'gone') return;
    if (outcome === 'unavailable') refuse(request, response, outcome);
    else if (typeof outcome === 'string') turnAway(request, response, outcome);
    else response.json({ received: true, ...outcome });
  };
}

/** The order of the checks is the contract's: encoding, size, then what `examine` has, then the start. */
async function receive(
  request: Request,
  response: Response,
  { settings, accept, now }: ReceiverDeps,
  terms: Terms,
): Promise<Rule | 'gone' | { readonly duplicate: boolean; readonly workflowId: string }> {
  if (!isIdentity(request.headers['content-encoding'])) return 'encoding';
  const body = await readBody(request, response, MAX_BODY_BYTES);
  if (body === 'gone') return 'gone';
  if (body === 'too-large') return 'size';
  const examined = examine(incoming(request, settings.delivery, body), terms, now());
  if (!examined.ok) return examined.rule;
  const accepted = await accept(examined.received);
  if (accepted === 'unavailable' || accepted === 'replay-limit') return accepted;
  return { duplicate: accepted === 'duplicate', workflowId: examined.received.delivery.eventId };
}

function termsOf({ secrets, companyId, delivery }: ReceiverDeps['settings']): Terms {
  const { windowBackSeconds, windowAheadSeconds } = delivery;
  return {
    secrets,
    companyId,
    window: { backMs: windowBackSeconds * SECOND, aheadMs: windowAheadSeconds * SECOND },
  };
}

function incoming(request: IncomingMessage, names: ReceiverSettings['delivery'], rawBody: Buffer): Incoming {
  return {
    signature: literal(request, names.signatureHeader),
    timestamp: literal(request, names.timestampHeader),
    eventId: literal(request, names.eventIdHeader),
    rawBody,
  };
}

/** Repeated headers joined as RFC 9110 §5.3 has it: none of our three grammars has a comma, so they are malformed. */
function literal(request: IncomingMessage, name: string): string | undefined {
  return request.headersDistinct[name]?.join(', ');
}

function isIdentity(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity';
}

function answerReadiness({ readiness }: ReceiverDeps): Handler {
  return async (request, response) => {
    const state = await readiness();
    if (state.ready) response.set('cache-control', 'no-store').json({ ready: true });
    else refuse(request, response, 'unavailable', { detail: state.reason });
  };
}

/** What we did not foresee: not stored as far as we know. Its message may quote the request, so only its place is logged. */
function failure(log: CappedLog): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { name, stack } = error instanceof Error ? error : new Error();
    const at = stack?.split('\n').filter((line) => line.startsWith('    at '));
    log.write('error', 'failure', { name, at: at?.slice(0, 5) }, 'a request failed unexpectedly');
    if (response.headersSent) next(new Error('failed after the answer had begun'));
    else refuse(request, response, 'failure');
  };
}

function logRefusal(log: CappedLog, rule: Rule, address: string | undefined): void {
  const { level, status } = refusals[rule];
  log.write(level, rule, { status, address: address?.slice(0, 64) }, 'refused');
}
