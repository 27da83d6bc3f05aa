import { z } from 'zod';

const modes = ['ok', 'down', 'error', 'slow', 'rate-limit', 'lost-response'] as const;

/** The body of `PUT /_faults/<system>`. */
export const faultSchema = z.strictObject({
  mode: z.enum(modes),
  /** What `error` answers; 500 over HTTP and 451 over SMTP when absent. From 500 on, SMTP refuses permanently. */
  status: z.int().min(400).max(599).optional(),
  /** Waited before anything is done, in every mode but `down`; 1000 when `slow` names none. */
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** What `rate-limit` asks the caller to wait; 1 when absent. SMTP has no field for it. */
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  /** For so many calls, then `ok`. */
  calls: z.int().min(1).max(1_000_000).optional(),
});

export const faultModes: readonly string[] = modes;

export type Fault = z.infer<typeof faultSchema>;

/** How one system misbehaves now. Not kept over a restart: stand-ins start healthy. */
export interface FaultSwitch {
  /** What a call would meet, without counting one. */
  readonly current: () => Fault;
  /** What this call meets. Counts it: the last of `calls` leaves the system `ok`. */
  readonly take: () => Fault;
  readonly set: (fault: Fault) => void;
}

export const HEALTHY: Fault = { mode: 'ok' };

export function createFaultSwitch(): FaultSwitch {
  let current = HEALTHY;
  return {
    current: () => current,
    take: () => {
      const fault = current;
      if (fault.calls === 1) current = HEALTHY;
      else if (fault.calls !== undefined) current = { ...fault, calls: fault.calls - 1 };
      return fault;
    },
    set: (fault) => {
      current = fault.mode === 'ok' ? HEALTHY : fault;
    },
  };
}

/** How long a call waits before anything is done, in ms. */
export function latencyOf(fault: Fault): number {
  if (fault.mode === 'down') return 0;
  return fault.latencyMs ?? (fault.mode === 'slow' ? 1000 : 0);
}
