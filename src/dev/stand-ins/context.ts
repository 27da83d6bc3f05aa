import type { z } from 'zod';
import type { Logger } from '../../telemetry';
import type { FaultSwitch } from './faults';
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
