import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MINUTE, SECOND } from '../domain';
import { REQUEST_EVENTS } from './shutdown';

/** Longer than the 600 s after which the most patient of the common balancers ends an idle connection itself. */
export const IDLE_MS = 10 * MINUTE + 20 * SECOND;

/**
 * A connection without a request may stay for `idleMs`: balancers open some ahead. From its first request on, `silenceMs`
 * without a byte ends it.
 */
export function limitSilence(server: Server, { idleMs, silenceMs }: { idleMs: number; silenceMs: number }): void {
  server.setTimeout(silenceMs);
  server.keepAliveTimeout = idleMs;
  server.on('connection', (socket) => void socket.setTimeout(idleMs));
  // Node sets it only where a request follows another one.
  for (const event of REQUEST_EVENTS)
    server.on(event, ({ socket }: IncomingMessage) => void socket.setTimeout(silenceMs));
}

/**
 * Is this `clientError` about a connection that has sent nothing yet? Node measures the time for the headers from the
 * connecting on, and anew from the first byte: before that, nothing is late.
 */
export function isUnused({ code }: NodeJS.ErrnoException, socket: Duplex): boolean {
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' && (socket as Duplex & Partial<Pick<Socket, 'bytesRead'>>).bytesRead === 0;
}
