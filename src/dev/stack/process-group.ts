import { setTimeout as delay } from 'node:timers/promises';
import { lastLines } from '../child';

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
  readonly logFile: string;
  /** Start it and wait until it is ready; the same ports each time. Aborted or failed: nothing of it is left running. */
  readonly launch: (signal: AbortSignal) => Promise<R>;
}

/** All parts of one stack. */
export interface ProcessGroup {
  /** Start a part, say so, and keep it running from then on. @throws what its launch throws. */
  readonly start: <R extends Running>(part: Part<R>) => Promise<R>;
  /** The processes of everything that is up. */
  readonly pids: () => Readonly<Record<string, number>>;
  /** Called whenever `pids` has changed after a part was started again. */
  readonly onChange: (changed: () => void) => void;
  /** End all of them: those that accept work first, those that they depend on last. */
  readonly stop: () => Promise<void>;
}

const STOP_ORDER = ['receiver', 'ops', 'worker', 'stand-ins', 'temporal', 'ledger'];

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** After a life as long as this the delay is the shortest again. */
const SETTLED_MS = 60_000;

interface Clock {
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
}

const realClock: Clock = { wait: (ms, signal) => delay(ms, undefined, { signal }), now: Date.now };

export function createProcessGroup(progress: (line: string) => void, clock: Clock = realClock): ProcessGroup {
  const members: Member[] = [];
  let isStopping = false;
  let changed = (): void => undefined;

  const start = async <R extends Running>(part: Part<R>): Promise<R> => {
    if (isStopping) throw new Error('stopped while it was starting');
    const since = clock.now();
    const member = keepRunning(part, { progress, changed: () => changed(), clock });
    members.push(member);
    const running = await member.start().catch((error: unknown) => {
      throw new Error(`${part.name}: ${(error as Error).message}`, { cause: error });
    });
    progress(`${part.name.padEnd(10)} ${running.detail}, ready in ${((clock.now() - since) / 1000).toFixed(1)} s`);
    return running;
  };

  const stop = async (): Promise<void> => {
    isStopping = true;
    for (const name of STOP_ORDER) await members.find((member) => member.name === name)?.stop();
  };
  const pids = (): Readonly<Record<string, number>> =>
    Object.assign({}, ...members.map((member) => member.current()?.pids ?? {})) as Record<string, number>;
  return { start, pids, onChange: (listener) => (changed = listener), stop };
}

interface Member<R extends Running = Running> {
  readonly name: string;
  /** The first start. @throws what `launch` throws. */
  readonly start: () => Promise<R>;
  /** What is up now; undefined while it is being started. */
  readonly current: () => R | undefined;
  /** End it permanently, also in the middle of a start. */
  readonly stop: () => Promise<void>;
}

interface Surroundings {
  readonly progress: (line: string) => void;
  readonly changed: () => void;
  readonly clock: Clock;
}

/** A part that ends by itself is started again, after a delay that grows while it keeps ending. */
function keepRunning<R extends Running>(part: Part<R>, { progress, changed, clock }: Surroundings): Member<R> {
  const { name, logFile } = part;
  const stopping = new AbortController();
  let running: R | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  let failures = 0;
  const delayMs = (): number => Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);

  const launch = async (): Promise<R> => {
    running = await part.launch(stopping.signal);
    void watch(running, clock.now());
    return running;
  };

  const watch = async (watched: R, since: number): Promise<void> => {
    const how = await watched.exited;
    if (stopping.signal.aborted) return;
    running = undefined;
    if (clock.now() - since > SETTLED_MS) failures = 0;
    progress(`${name} ended (${how}); starting it again. Its last words:`);
    for (const line of lastLines(logFile)) progress(`  ${line}`);
    underWay = startAgain();
  };

  const startAgain = async (): Promise<void> => {
    while (!isAborted(stopping.signal)) {
      const waitMs = delayMs();
      failures += 1;
      try {
        await clock.wait(waitMs, stopping.signal);
        const { detail } = await launch();
        progress(`${name.padEnd(10)} ${detail}, up again`);
        changed();
        return;
      } catch (error) {
        if (!isAborted(stopping.signal))
          progress(`${name} could not be started: ${(error as Error).message}; again in ${delayMs() / 1000} s`);
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
  return { name, start, current: () => running, stop };
}

/** A function, because the compiler believes that nothing changes the signal within the loop. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
