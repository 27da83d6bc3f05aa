import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { REQUEST_EVENTS } from '../http';

/** One delivery that is being received or handled. */
export interface AdmissionSlot {
  /**
   * Counts so many bytes in all for this delivery. False: there is no room for them, and it has to be refused. Its bytes
   * count until `release`.
   */
  readonly reserve: (bytes: number) => boolean;
  /** Its body is whole: it is not shed any more. */
  readonly markWhole: () => void;
  /** Called when it is shed to make room for others. Its bytes no longer count. */
  readonly onShed: (listener: () => void) => void;
  readonly release: () => void;
}

export interface Budget {
  /** A slot for a delivery on this connection, until its release; undefined when a whole delivery is in every slot. */
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

interface Admitted {
  readonly socket: Socket;
  readonly since: number;
  bytes: number;
  shed: () => void;
}

/** A body that takes longer than this is slow: the sender's bodies are a few kilobytes, and come at once. */
const SLOW_MS = 1000;

/**
 * Bounds the deliveries and bytes in memory, by what has arrived, not by what is declared. No sender is known before the
 * body is whole and its signature is checked, so slow and large bodies are shed for others, the one that has been arriving
 * for longest first. No number of senders of unfinished bodies keeps an honest sender out. Whole bodies are never shed:
 * a stranger's is refused at once, and only an authentic one waits to be stored.
 */
export function createBudget({ deliveries, bodyBytes, now }: BudgetOptions): Budget {
  const inside = new Set<Admitted>();
  /** Those whose body is not whole, oldest first. */
  const arriving = new Set<Admitted>();
  const bySocket = new Map<Socket, number>();
  let bytes = 0;

  const count = (socket: Socket, change: 1 | -1): void => {
    const open = (bySocket.get(socket) ?? 0) + change;
    if (open > 0) bySocket.set(socket, open);
    else bySocket.delete(socket);
  };
  const release = (entry: Admitted): void => {
    arriving.delete(entry);
    if (!inside.delete(entry)) return;
    bytes -= entry.bytes;
    count(entry.socket, -1);
  };
  /** Sheds the oldest of those that may be shed. */
  const shedOldest = (mayBeShed: (each: Admitted) => boolean): Admitted | undefined => {
    for (const each of arriving) {
      if (!mayBeShed(each)) continue;
      release(each);
      each.shed();
      return each;
    }
    return undefined;
  };
  /** Bytes run out in a rush of honest bodies too: were equals shed then, none of them would ever be whole. */
  const reserve = (entry: Admitted, total: number): boolean => {
    const mayBeShed = (each: Admitted): boolean => each.bytes > total || now() - each.since >= SLOW_MS;
    while (bytes - entry.bytes + total > bodyBytes) {
      const shed = shedOldest(mayBeShed);
      if (shed === undefined || shed === entry) return false;
    }
    bytes += total - entry.bytes;
    entry.bytes = total;
    return true;
  };

  const enter = (socket: Socket): AdmissionSlot | undefined => {
    if (inside.size >= deliveries && shedOldest(() => true) === undefined) return undefined;
    const entry: Admitted = { socket, since: now(), bytes: 0, shed: () => undefined };
    inside.add(entry);
    arriving.add(entry);
    count(socket, 1);
    return {
      reserve: (total) => inside.has(entry) && reserve(entry, total),
      markWhole: () => void arriving.delete(entry),
      onShed: (listener) => (entry.shed = listener),
      release: () => release(entry),
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
  /** A connection with a delivery is not closed to make room. */
  readonly isBusy: (socket: Socket) => boolean;
  /** Called for each connection that is closed to make room. */
  readonly onShed: (socket: Socket) => void;
}

/**
 * Bounds a server's connections: one too many closes the one that has made no request for longest, without an answer.
 * An idle connection costs a stranger nothing, so refusing new ones would give the server to whoever came first.
 */
export function boundConnections(server: Server, options: ConnectionOptions): void {
  const { connections, isBusy, onShed } = options;
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
}
