import { setTimeout as delay } from 'node:timers/promises';

/** One process of the stack, or one with its helper, that is up. */
export interface Running {
  /** By the names of `dev.json`. */
  readonly pids: Readonly<Record<string, number>>;
  /** What the progress line says of it. */
  readonly detail: string;
  /** Resolves when it is gone, with how it ended. */
  readonly exited: Promise<string>;
  /** Within a bound; by force at the end of it. */
  readonly stop: () => Promise<void>;
}

export interface Part<R extends Running = Running> {
  readonly name: string;
  /** Start it and wait until it is ready; the same ports each time. Aborted or failed: nothing of it is left running. */
  readonly launch: (signal: AbortSignal) => Promise<R>;
}

export interface Observer {
  readonly died: (name: string, how: string) => void;
  readonly restarted: (name: string, running: Running) => void;
  readonly failed: (name: string, error: Error, againInMs: number) => void;
}

export interface Supervised<R extends Running = Running> {
  readonly name: string;
  /** The first start. @throws what `launch` throws. */
  readonly start: () => Promise<R>;
  /** What is up now; undefined while it is being started. */
  readonly current: () => R | undefined;
  /** End it for good, also in the middle of a start. */
  readonly stop: () => Promise<void>;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** One that lived as long was well: its next end begins with the shortest delay again. */
const SETTLED_MS = 60_000;

type Wait = (ms: number, signal: AbortSignal) => Promise<void>;
const waitReally: Wait = (ms, signal) => delay(ms, undefined, { signal });

/** Keep a part running: one that ends by itself is started again, after a delay that grows while it keeps ending. */
export function supervise<R extends Running>(
  part: Part<R>,
  observer: Observer,
  { wait = waitReally, now = Date.now }: { readonly wait?: Wait; readonly now?: () => number } = {},
): Supervised<R> {
  const stopping = new AbortController();
  let running: R | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  let failures = 0;

  const launch = async (): Promise<R> => {
    running = await part.launch(stopping.signal);
    void watch(running, now());
    return running;
  };

  const watch = async (watched: R, since: number): Promise<void> => {
    const how = await watched.exited;
    if (stopping.signal.aborted) return;
    running = undefined;
    if (now() - since > SETTLED_MS) failures = 0;
    observer.died(part.name, how);
    underWay = startAgain();
  };

  const startAgain = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
      failures += 1;
      try {
        await wait(delayMs, stopping.signal);
        observer.restarted(part.name, await launch());
        return;
      } catch (error) {
        if (isAborted(stopping.signal)) return;
        observer.failed(part.name, error as Error, Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures));
      }
    }
  };

  const start = (): Promise<R> => {
    const first = launch();
    underWay = first;
    return first;
  };

  const stop = async (): Promise<void> => {
    stopping.abort();
    await underWay.catch(() => undefined);
    await running?.stop();
  };
  return { name: part.name, start, current: () => running, stop };
}

/** A function, because the compiler takes the loop's condition for the last word. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
