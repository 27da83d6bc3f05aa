import type { IncomingMessage, ServerResponse } from 'node:http';

const TITLES = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

export interface Problem {
  readonly status: keyof typeof TITLES;
  /** Never a value of the request. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answer with `application/problem+json` (RFC 9457). */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  { status, detail, headers }: Problem,
): void {
  const body = JSON.stringify({ type: 'about:blank', title: TITLES[status], status, detail });
  send(request, response, status, { 'content-type': 'application/problem+json', ...headers }, body);
}

/** Answer with a whole body; nothing once there was an answer. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // A body that nobody has read would be taken for the next request.
    ...(isBodyPending(request) && { connection: 'close' }),
  });
  response.end(body);
}

function isBodyPending({ headers, complete }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
}
