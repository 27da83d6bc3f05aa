import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { REQUEST_EVENTS } from '../http';

/** One delivery that is being received or handled. */
export interface AdmissionSlot {
  /**
   * Hold so many bytes in all. False: there is no room for them, and the delivery has to be refused.
   * Bytes that are given up count until `leave`.
   */
  readonly reserve: (bytes: number) => boolean;
  /** Its body is whole: it does not make room for others any more. */
  readonly markWhole: () => void;
  /** Called when it has to make room for others. Its bytes count no longer. */
  readonly onShed: (listener: () => void) => void;
  readonly release: () => void;
}

export interface Budget {
  /** A place for a delivery on this connection, until it leaves; undefined when every place is taken by a whole one. */
  readonly enter: (socket: Socket) => AdmissionSlot | undefined;
  readonly isBusy: (socket: Socket) => boolean;
  readonly usage: () => { readonly deliveries: number; readonly bytes: number };
}

export interface BudgetOptions {
  /** Deliveries at once. */
  readonly deliveries: number;
  /** Memory of all their bodies, before it is copied for Temporal or the spool. */
  readonly bodyBytes: number;
  /** A clock in ms; it need not know the date. */
  readonly now: () => number;
}

interface Held {
  readonly socket: Socket;
  readonly since: number;
  bytes: number;
  shed: () => void;
}

/** A body that takes longer than this is slow: the sender's bodies are a few kilobytes, and come at once. */
const SLOW_MS = 1000;

/**
 * Bounds what deliveries hold at once, by what has come of them, not by what they declare. Nobody is known before the
 * body is whole and its signature is checked, so who is slow or large makes room for who is not, the body that has been
 * coming for longest first. No sender of unfinished bodies, from however many addresses, keeps an honest one out.
 * Whole bodies are never shed: a stranger's is refused at once, and only an authentic one waits to be stored.
 */
export function createBudget({ deliveries, bodyBytes, now }: BudgetOptions): Budget {
  const inside = new Set<Held>();
  /** Those whose body is not whole, in the order in which they came. */
  const coming = new Set<Held>();
  const bySocket = new Map<Socket, number>();
  let bytes = 0;

  const count = (socket: Socket, change: 1 | -1): void => {
    const held = (bySocket.get(socket) ?? 0) + change;
    if (held > 0) bySocket.set(socket, held);
    else bySocket.delete(socket);
  };
  const release = (held: Held): void => {
    coming.delete(held);
    if (!inside.delete(held)) return;
    bytes -= held.bytes;
    count(held.socket, -1);
  };
  /** The one that has been coming for longest of those that may be shed. */
  const shedOldest = (mayBeShed: (each: Held) => boolean): Held | undefined => {
    for (const each of coming) {
      if (!mayBeShed(each)) continue;
      release(each);
      each.shed();
      return each;
    }
    return undefined;
  };
  /** Bytes run out in a rush of honest bodies too: were equals shed then, none of them would ever be whole. */
  const hold = (held: Held, total: number): boolean => {
    const mayBeShed = (each: Held): boolean => each.bytes > total || now() - each.since >= SLOW_MS;
    while (bytes - held.bytes + total > bodyBytes) {
      const shed = shedOldest(mayBeShed);
      if (shed === undefined || shed === held) return false;
    }
    bytes += total - held.bytes;
    held.bytes = total;
    return true;
  };

  const enter = (socket: Socket): AdmissionSlot | undefined => {
    if (inside.size >= deliveries && shedOldest(() => true) === undefined) return undefined;
    const held: Held = { socket, since: now(), bytes: 0, shed: () => undefined };
    inside.add(held);
    coming.add(held);
    count(socket, 1);
    return {
      reserve: (total) => inside.has(held) && hold(held, total),
      markWhole: () => void coming.delete(held),
      onShed: (listener) => (held.shed = listener),
      release: () => release(held),
    };
  };
  return {
    enter,
    isBusy: (socket) => bySocket.has(socket),
    usage: () => ({ deliveries: inside.size, bytes }),
  };
}

export interface ConnectionOptions {
  /** Connections at once. */
  readonly connections: number;
  /** How long one may say nothing and read nothing, in ms. */
  readonly silenceMs: number;
  /** One that a delivery is on is not closed to make room. */
  readonly isBusy: (socket: Socket) => boolean;
  /** Told of each one that is closed to make room. */
  readonly onShed: (socket: Socket) => void;
}

/**
 * Bounds a server's connections: one more closes, without a word, the one that has made no request for longest. An idle
 * connection costs a stranger nothing, so turning the new ones away would hand the server to whoever came first.
 */
export function boundConnections(server: Server, options: ConnectionOptions): void {
  const { connections, silenceMs, isBusy, onShed } = options;
  /** The one that made a request last comes last. */
  const open = new Set<Socket>();

  const shedOne = (): void => {
    for (const socket of open) {
      if (isBusy(socket)) continue;
      open.delete(socket);
      socket.destroy();
      onShed(socket);
      return;
    }
  };
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => void open.delete(socket));
    if (open.size > connections) shedOne();
  });
  for (const event of REQUEST_EVENTS)
    server.on(event, ({ socket }: IncomingMessage) => {
      if (open.delete(socket)) open.add(socket);
    });
  // Node's other limits are about requests alone: a client that reads no answer would stay for ever.
  server.setTimeout(silenceMs);
}
