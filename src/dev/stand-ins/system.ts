import type { RequestHandler } from 'express';
import type { SystemContext } from './context';
import type { Html } from './html';
import type { Protocol } from './protocol';

export type { SystemContext } from './context';

interface Shown<State extends object> {
  /** What it holds, as `GET /_state` shows it. */
  readonly state: () => State;
  /** The same for people: the system's card on the page. */
  readonly card: () => Html;
}

/** A system that speaks HTTP, under `/<system>`. */
export interface HttpStandIn<State extends object> extends Shown<State> {
  readonly protocols: readonly Protocol[];
  /** Where under `/<system>` its connector is pointed to. */
  readonly clientPath: string;
  /** Its own controls, under `/_<system>`. */
  readonly control?: RequestHandler;
}

/** A system that speaks something else, on a port of its own. */
export interface ListeningStandIn<State extends object> extends Shown<State> {
  /** Resolves to its URL once it listens on loopback; `port` 0 is any free one. */
  readonly listen: (port: number) => Promise<string>;
  readonly stop: () => Promise<void>;
}

type StandIn = HttpStandIn<object> | ListeningStandIn<object>;

/** How a system is stood in for. */
export type System = (context: SystemContext) => StandIn;

export interface RunningSystem {
  readonly context: SystemContext;
  readonly standIn: StandIn;
}
