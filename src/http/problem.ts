import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** An answer as `application/problem+json` (RFC 9457). */
export interface HttpProblem {
  readonly status: number;
  /** The status's own words when it is absent. */
  readonly title?: string;
  /** Never a value of the request. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Extension members (RFC 9457 §3.2). */
  readonly more?: object;
}

export const NO_CREDENTIAL: HttpProblem = {
  status: 401,
  detail: 'Send a token of OPS_TOKENS: `Authorization: Bearer <token>`.',
  headers: { 'www-authenticate': 'Bearer realm="mindtickle"' },
};
export const FORBIDDEN: HttpProblem = { status: 403, detail: 'This needs a credential of the role operator.' };
export const NOT_FOUND: HttpProblem = { status: 404, detail: 'There is nothing at this path.' };
/** Whoever sends it adds `allow`. */
export const METHOD_NOT_ALLOWED: HttpProblem = {
  status: 405,
  detail: 'The Allow header says which methods this path accepts.',
};

/** How long a client that is still sending may take to read our answer, in ms. */
const LINGER_MS = 1000;

/** Does nothing once an answer has begun. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, problem: HttpProblem): void {
  if (response.headersSent || response.destroyed) return;
  const { headers, body } = render(problem);
  const isPending = isBodyPending(request);
  response.writeHead(problem.status, { ...headers, ...(isPending && { connection: 'close' }) });
  if (isPending) linger(request, response, body);
  else response.end(body);
}

/** The same for a request that could not even be read: straight to its socket, which is then closed. */
export function sendProblemTo(socket: Duplex, problem: HttpProblem): void {
  if (!socket.writable) return void socket.destroy();
  const { headers, body } = render(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    ...Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function render({ status, title = STATUS_CODES[status], detail, headers, more }: HttpProblem) {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, ...more });
  return {
    headers: {
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...headers,
    },
    body,
  };
}

/** Whether the client is still sending, or about to. */
export function isBodyPending({ headers, complete }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
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
