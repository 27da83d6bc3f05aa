import { constants } from 'node:os';

/**
 * The signals that ask a process to stop. This module is loaded before everything else: process 1 of a container ignores a
 * signal that it does not listen for, and loading the rest takes up to a second.
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export type StopCause = (typeof SIGNALS)[number] | 'disconnect';

let onSignal: (signal: (typeof SIGNALS)[number]) => void = endAtOnce;

for (const signal of SIGNALS) process.on(signal, () => onSignal(signal));

/** As if nobody listened. Process 1 survives that, and exits as a shell would report it. */
function endAtOnce(signal: (typeof SIGNALS)[number]): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setImmediate(() => process.exit(128 + constants.signals[signal]));
}

/**
 * Resolves when this process shall stop: at a signal, or, when `mt dev` started it, because `mt dev` is gone. From this
 * call on the first signal no longer ends the process; the next one does at once, after `beforeEnd`.
 */
export function stopAsked(beforeEnd: () => void = () => undefined): Promise<StopCause> {
  return new Promise((resolve) => {
    onSignal = (first) => {
      onSignal = (next) => {
        beforeEnd();
        endAtOnce(next);
      };
      resolve(first);
    };
    process.once('disconnect', () => resolve('disconnect'));
    if (process.send !== undefined && !process.connected) resolve('disconnect');
  });
}
