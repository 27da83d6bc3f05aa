import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { isBodyPending } from './body';
import { refusals, RETRY_AFTER_SECONDS, type Rule } from './refusals/rules';

type Headers = Readonly<Record<string, string | number>>;

/** How long a client that is still sending may take to see our answer, in ms. */
const LINGER_MS = 1000;

interface RefuseOptions {
  readonly headers?: Headers;
  /** Replaces the rule's own sentence. */
  readonly detail?: string;
  /** Extension members of the problem (RFC 9457 §3.2). */
  readonly more?: object;
}

/** Answer with the rule's `application/problem+json` (RFC 9457). */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  rule: Rule,
  { headers = {}, detail = refusals[rule].detail, more }: RefuseOptions = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = problem(rule, detail, more);
  response.writeHead(refusals[rule].status, { ...problemHeaders(rule, body), ...headers, ...hangUp(request) });
  if (isBodyPending(request)) linger(request, response, body);
  else response.end(body);
}

/** The same for a request that could not even be read: straight to its socket, which is then closed. */
export function refuseSocket(socket: Duplex, rule: Rule): void {
  if (!socket.writable) return void socket.destroy();
  const { status, detail } = refusals[rule];
  const body = problem(rule, detail);
  const headers = Object.entries({ ...problemHeaders(rule, body), connection: 'close' });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function problem(rule: Rule, detail: string, more: object = {}): string {
  const { title, status } = refusals[rule];
  return JSON.stringify({ type: 'about:blank', title, status, detail, ...more });
}

function problemHeaders(rule: Rule, body: string): Headers {
  return {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...((refusals[rule].status === 503 || refusals[rule].status === 429) && { 'retry-after': RETRY_AFTER_SECONDS }),
  };
}

function hangUp(request: IncomingMessage): Headers {
  return isBodyPending(request) ? { connection: 'close' } : {};
}

/**
 * Closing while the client sends makes its kernel drop our answer unread (RFC 9112 §9.6): the whole answer goes out,
 * and for a moment what still comes is read and dropped.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end).once('close', end).resume();
}
