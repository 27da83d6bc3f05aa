import type { z } from 'zod';
import type { Logger } from '../../telemetry';
import type { FaultSwitch } from './faults';
import type { Html } from './html';
import type { Protocol } from './protocol';
import type { Call, Stored } from './store';

/** What a stand-in is made with: its own name, state, fault switch and record of calls. */
export interface SystemContext {
  readonly name: string;
  /** The bearer token that HTTP systems ask for. */
  readonly token: string;
  /** PEM of the public key that a JWT bearer is checked by; absent: none is accepted. */
  readonly signInKey?: string | undefined;
  readonly log: Logger;
  readonly fault: FaultSwitch;
  readonly now: () => Date;
  /** Resolves after so many ms; rejects when the stand-ins stop first. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** The state, from the state file where that fits `schema`, else `seed`. A reset brings the seed back. */
  readonly open: <T>(schema: z.ZodType<T>, seed: () => T) => Stored<T>;
  readonly record: (call: Omit<Call, 'at' | 'system'>) => void;
}

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
