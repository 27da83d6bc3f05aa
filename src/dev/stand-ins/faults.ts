import { z } from 'zod';

const modes = ['ok', 'down', 'error', 'slow', 'rate-limit', 'lost-response'] as const;

/** The body of `PUT /_faults/<system>`. */
export const faultSchema = z.strictObject({
  mode: z.enum(modes),
  /** What `error` answers; 500 over HTTP and 451 over SMTP when absent. From 500 on, SMTP refuses for good. */
  status: z.int().min(400).max(599).optional(),
  /** Waited before anything is done, in every mode but `down`; 1000 when `slow` names none. */
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** What `rate-limit` asks the caller to wait; 1 when absent. SMTP has no field for it. */
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  /** For so many calls, then `ok`. */
  calls: z.int().min(1).max(1_000_000).optional(),
});

/** What a body may hold, for the person whose body did not. */
export const allowedFaults =
  `mode is one of ${modes.join(', ')}; optional integers: status 400-599, latencyMs 0-600000, ` +
  'retryAfterSeconds 0-86400, calls 1-1000000';

export const faultModes: readonly string[] = modes;

export type Fault = z.infer<typeof faultSchema>;

/** How each system is made to misbehave now. Not kept over a restart: stand-ins start healthy. */
export interface Faults {
  /** What a call to the system would meet, without counting one. */
  readonly current: (system: string) => Fault;
  /** What this call meets. Counts it: the last of `calls` leaves the system `ok`. */
  readonly take: (system: string) => Fault;
  readonly set: (system: string, fault: Fault) => void;
  readonly clear: () => void;
}

const healthy: Fault = { mode: 'ok' };

export function createFaults(): Faults {
  const faults = new Map<string, Fault>();
  const current = (system: string): Fault => faults.get(system) ?? healthy;
  return {
    current,
    take: (system) => {
      const fault = current(system);
      if (fault.calls === 1) faults.delete(system);
      else if (fault.calls !== undefined) faults.set(system, { ...fault, calls: fault.calls - 1 });
      return fault;
    },
    set: (system, fault) => {
      if (fault.mode === 'ok') faults.delete(system);
      else faults.set(system, fault);
    },
    clear: () => faults.clear(),
  };
}

/** How long a call waits before anything is done, in ms. */
export function latencyOf(fault: Fault): number {
  if (fault.mode === 'down') return 0;
  return fault.latencyMs ?? (fault.mode === 'slow' ? 1000 : 0);
}
