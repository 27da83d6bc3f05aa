import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import { MINUTE, SECOND } from '../domain';
import type { ReceiverSettings } from '../settings';
import type { Accepted } from './accept';
import { refuse, refuseSocket } from './problem';
import { boundConnections, createBudget, type Budget } from './admission';
import type { CappedLog } from '../telemetry';
import type { RawDelivery } from './verify';
import type { Readiness } from './readiness';
import { createReceive, headerValues, type ReceiveDeps } from './receive';
import { refusals, type Rule } from './refusals';
import { createApp, IDLE_MS, isUnused, limitSilence, placeOf, serve, trackRequests } from '../http';

export interface ReceiverDeps extends ReceiveDeps {
  readonly settings: Pick<ReceiverSettings, 'companyId' | 'timeZone' | 'delivery' | 'trustProxy'>;
  readonly readiness: () => Promise<Readiness>;
  readonly log: CappedLog;
  readonly observe?: Observer | undefined;
  readonly limits?: Partial<typeof LIMITS>;
}

/** Called after each answer: for metrics, and to explain refusals. */
export interface Observer {
  readonly answered: (outcome: Accepted | 'quarantined', seconds: number) => void;
  readonly refused: (rule: Rule, address: string | undefined, delivery?: RawDelivery) => void;
}

export interface Receiver {
  /** Not listening yet. */
  readonly server: Server;
  /** Stop listening, answer what has begun, at most for `limits.closeMs`. */
  readonly close: () => Promise<void>;
}

export const MAX_CONNECTIONS = 4000;

/** Bounds in time, size and number that apply before anything of a request is known. */
const LIMITS = {
  /** From the first byte of a request to the end of its headers. */
  headersMs: 10 * SECOND,
  /** To the end of its body. */
  requestMs: 30 * SECOND,
  /** Of a connection before its first request, and between two. */
  idleMs: IDLE_MS,
  checkEveryMs: SECOND,
  headerBytes: 16 * 1024,
  /** Of one request. Node keeps each in an object of its own: 16 KiB of the shortest use a quarter of a megabyte. */
  headers: 128,
  closeMs: 10 * SECOND,
  /** Without a byte to or from a connection that has made a request. Longer than anything that we let a sender wait for. */
  silenceMs: MINUTE,
  /** At once, and each with a file descriptor; twice the deliveries, so that there is one to close for a new one. */
  connections: MAX_CONNECTIONS,
  /** Being received or handled at once. */
  deliveries: 2000,
  /** Of all bodies at once. Temporal's client and the spool hold copies of those that are being stored. */
  bodyBytes: 64 * 1024 * 1024,
};

/**
 * The public server: `POST /webhooks/mindtickle`, `GET /healthz`, `GET /readyz`. A 2xx promises the sender that the event
 * is stored; every other answer is `application/problem+json` (RFC 9457) and stored nothing.
 */
export function createReceiver(deps: ReceiverDeps): Receiver {
  const bounds = { ...LIMITS, ...deps.limits };
  const server = createServer({
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    connectionsCheckingInterval: bounds.checkEveryMs,
    maxHeaderSize: bounds.headerBytes,
    requireHostHeader: false,
    // Not even when NODE_OPTIONS says so.
    insecureHTTPParser: false,
  });
  server.maxHeadersCount = bounds.headers;
  const shutdown = trackRequests(server, bounds.closeMs);
  limitSilence(server, bounds);
  const budget = createBudget({ ...bounds, now: () => performance.now() });
  const turnAwaySocket = (rule: Rule, { remoteAddress }: { readonly remoteAddress?: string | undefined }): void => {
    const address = bareAddress(remoteAddress);
    logRefusal(deps.log, rule, address);
    deps.observe?.refused(rule, address);
  };
  boundConnections(server, {
    ...bounds,
    isBusy: budget.isBusy,
    onShed: (socket) => turnAwaySocket('overload', socket),
  });
  const app = application(deps, budget, bounds.headers);
  serve(server, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const rule = CLIENT_ERRORS[error.code ?? ''] ?? 'request';
    if (isUnused(error, socket)) return;
    if (error.code === 'ECONNRESET') return void socket.destroy();
    turnAwaySocket(rule, socket as Duplex & { remoteAddress?: string });
    void shutdown.answered(socket).then((isAnswered) => (isAnswered ? socket.end() : refuseSocket(socket, rule)));
  });
  return { server, close: () => shutdown.close() };
}

/** Node's codes for what is wrong before there is a request; any other is a malformed one. */
const CLIENT_ERRORS: Readonly<Partial<Record<string, Rule>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-time',
  HPE_HEADER_OVERFLOW: 'request-headers',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'size',
};

function application(deps: ReceiverDeps, budget: Budget, maxHeaders: number): Express {
  const app = createApp().set('trust proxy', deps.settings.trustProxy);
  const turnAway: TurnAway = (request, response, rule, { allow, delivery } = {}) => {
    const address = bareAddress(request.ip);
    // How it could not be stored is logged where that is known.
    if (rule !== 'unavailable') logRefusal(deps.log, rule, address);
    refuse(request, response, rule, allow === undefined ? {} : { headers: { allow } });
    deps.observe?.refused(rule, address, delivery);
  };
  const onlyBy =
    (allow: string) =>
    (request: Request, response: Response): void =>
      turnAway(request, response, 'method', { allow });

  app.use((request, response, next) => {
    // Node drops those beyond its limit without a word, and one of them may be ours.
    if (request.rawHeaders.length >= 2 * maxHeaders) turnAway(request, response, 'request-headers');
    else if (isHostRight(request)) next();
    else turnAway(request, response, 'request');
  });
  app
    .route(['/webhooks/mindtickle', '/webhooks/mindtickle/'])
    .post(receiveDelivery(deps, budget, turnAway))
    .all(onlyBy('POST'));
  app
    .route('/healthz')
    .get((_request, response) => void response.json({ ok: true }))
    .all(onlyBy('GET, HEAD'));
  app.route('/readyz').get(answerReadiness(deps)).all(onlyBy('GET, HEAD'));
  app.use((request, response) => turnAway(request, response, 'path'));
  app.use(failure(deps.log));
  return app;
}

/** RFC 9112 §3.2. Node would answer a request without one without a body, and take two. */
function isHostRight(request: Request): boolean {
  const { length } = headerValues(request, 'host');
  return length === 1 || (length === 0 && request.httpVersion !== '1.1');
}

type TurnAway = (request: Request, response: Response, rule: Rule, more?: Refused) => void;
type Handler = (request: Request, response: Response) => Promise<void>;

interface Refused {
  /** Of the `Allow` header. */
  readonly allow?: string;
  readonly delivery?: RawDelivery | undefined;
}

function receiveDelivery(deps: ReceiverDeps, budget: Budget, turnAway: TurnAway): Handler {
  const receive = createReceive(deps, budget);
  return async (request, response) => {
    const begunAt = performance.now();
    const outcome = await receive(request, response);
    if (outcome.kind === 'gone') return;
    if (outcome.kind === 'refused') {
      turnAway(request, response, outcome.rule, outcome);
      return;
    }
    const { accepted, workflowId, isQuarantined } = outcome;
    const duplicate = accepted === 'duplicate' || accepted === 'conflict';
    answer(response, { received: true, duplicate, ...(accepted === 'spooled' && { spooled: true }), workflowId });
    // What was known before is no further delivery that waits for a person.
    const counted = isQuarantined && !duplicate ? 'quarantined' : accepted;
    deps.observe?.answered(counted, (performance.now() - begunAt) / SECOND);
  };
}

/** As `response.json` has it, at a fifth of its cost: it is the answer to every delivery. */
function answer(response: Response, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function answerReadiness({ readiness }: ReceiverDeps): Handler {
  return async (request, response) => {
    const state = await readiness();
    if (state.ready) response.set('cache-control', 'no-store').json(state);
    else refuse(request, response, 'unavailable', { detail: state.reason, more: { spool: state.spool } });
  };
}

/** What we did not foresee: not stored as far as we know. Its message may quote the request, so only its place is logged. */
function failure(log: CappedLog): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    log.write('error', 'failure', placeOf(error), 'a request failed unexpectedly');
    if (response.headersSent) next(new Error('failed after the answer had begun'));
    else refuse(request, response, 'failure');
  };
}

function logRefusal(log: CappedLog, rule: Rule, address: string | undefined): void {
  const { level, status } = refusals[rule];
  log.write(level, rule, { status, address }, 'refused');
}

/** As some proxies write it, with brackets or a port or both. */
const ADORNED = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::\d+)?$/i;

/**
 * An address in its bare form; undefined for anything else. Where no proxy writes `X-Forwarded-For`, a stranger
 * can write any text there, which must reach no log.
 */
export function bareAddress(text: string | undefined): string | undefined {
  // A zone is free text, and names a network interface of this machine.
  const [address = ''] = text?.split('%') ?? [];
  const [, six, four] = ADORNED.exec(address) ?? [];
  const bare = six ?? four ?? address;
  // How a socket that listens for both families names an IPv4 client.
  return isIP(bare) > 0 ? bare.replace(/^::ffff:(?=\d+\.)/i, '') : undefined;
}
