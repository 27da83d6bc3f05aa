import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { MINUTE, SECOND } from '../domain';
import { serve } from './app';
import { IDLE_MS, isUnused, limitSilence } from './idle';
import { sendProblemTo } from './problem';
import { trackRequests } from './shutdown';

export const SERVER_LIMITS = {
  /** From the first byte of a request to the end of its headers. */
  headersMs: 5 * SECOND,
  requestMs: 10 * SECOND,
  /** How long a route may work before the answer is 503. */
  handleMs: 30 * SECOND,
  connections: 256,
  closeMs: 2 * SECOND,
};

export type ServerLimits = typeof SERVER_LIMITS;

export interface LimitedServer {
  /** Not listening yet. */
  readonly server: Server;
  /** Stop listening, answer what has begun, at most for `limits.closeMs`. */
  readonly close: () => Promise<void>;
}

/** A server for an application that ends slow, silent and unreadable requests itself. */
export function createLimitedServer(app: Express, limits: ServerLimits): LimitedServer {
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: SECOND,
  });
  server.maxConnections = limits.connections;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!isUnused(error, socket)) sendProblemTo(socket, { status: 400, detail: 'This is no whole HTTP request.' });
  });
  const { close } = trackRequests(server, limits.closeMs);
  limitSilence(server, { idleMs: IDLE_MS, silenceMs: limits.requestMs + limits.handleMs + MINUTE });
  serve(server, app);
  return { server, close };
}
