import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A request comes by one of these. `checkContinue` and `checkExpectation` are those with an `Expect` header. */
export const REQUEST_EVENTS = ['request', 'checkContinue', 'checkExpectation'] as const;

export interface Shutdown {
  /** Stop listening, end idle connections, let what has begun be answered; after `limitMs` cut what is left. */
  readonly close: () => Promise<void>;
  /**
   * Resolves once no whole request of this connection waits for its answer. True: the request that is not whole has had
   * its answer too, before its end, and another one would be read as the next request's.
   */
  readonly answered: (socket: Duplex) => Promise<boolean>;
}

/** Keep track of what a server has begun. Call it before any other listener for requests is added. */
export function trackRequests(server: Server, limitMs: number): Shutdown {
  const begun = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let isClosing = false;

  const track = (_request: IncomingMessage, response: ServerResponse): void => {
    begun.add(response);
    if (isClosing) response.setHeader('connection', 'close');
    response.once('close', () => {
      begun.delete(response);
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
  };
  for (const event of REQUEST_EVENTS) server.on(event, track);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => void sockets.delete(socket));
  });

  const close = async (): Promise<void> => {
    isClosing = true;
    // Of pipelined requests only the last one may say so: the connection ends with the answer that says it.
    for (const response of new Map([...begun].map((each) => [each.req.socket, each])).values())
      if (!response.headersSent) response.setHeader('connection', 'close');
    // Node counts a connection that has sent nothing yet among the busy ones.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => server.closeAllConnections(), limitMs);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(timer);
  };

  const answered = async (socket: Duplex): Promise<boolean> => {
    const open = [...begun].filter(({ req }) => req.socket === socket);
    const whole = open.filter(({ req }) => req.complete);
    await Promise.all(whole.map((response) => new Promise((resolve) => response.once('close', resolve))));
    return open.some(({ req, headersSent }) => !req.complete && headersSent);
  };
  return { close, answered };
}
