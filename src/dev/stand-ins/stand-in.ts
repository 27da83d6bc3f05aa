import type { RequestHandler } from 'express';
import type { Logger } from '../../telemetry';
import type { Faults } from './faults';
import type { Html } from './html';
import type { Store } from './store';

/** What every stand-in is given: nothing of it is its own. */
export interface World {
  /** The bearer token that HTTP systems ask for. */
  readonly token: string;
  /** PEM of the public key that a JWT bearer is checked by; absent: none is taken. */
  readonly signInKey?: string | undefined;
  readonly log: Logger;
  readonly store: Store;
  readonly faults: Faults;
  readonly now: () => Date;
  /** Resolves after so many ms; rejects when the stand-ins stop first. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** One system that speaks its own protocol. A further one is a file that makes this, and a line in `systems.ts`. */
export interface StandIn<State extends object = object> {
  /** What it holds, as `GET /_state` shows it. */
  readonly state: () => State;
  /** The same for people: the system's column of the page. */
  readonly show: () => Html;
  /** Its HTTP protocol, mounted at `/<system>`. */
  readonly router?: RequestHandler;
}

/** A stand-in whose protocol is not HTTP, and listens on a port of its own. */
export interface ListeningStandIn<State extends object = object> extends StandIn<State> {
  /** Resolves to its URL once it listens on loopback; `port` 0 is any free one. */
  readonly listen: (port: number) => Promise<string>;
  readonly stop: () => Promise<void>;
}
