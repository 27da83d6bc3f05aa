import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { endChild, gracefully } from './process';

export interface ChildOptions<Ready> {
  /** The program to run; absent: `mt`, which gets a channel to us and ends by itself when we are gone. */
  readonly program?: string;
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** What it prints is added to this file; absent: dropped. */
  readonly logFile?: string | undefined;
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs: number;
  readonly readyWhen: ReadyWhen<Ready>;
  /** Called with the process id before the child is ready. */
  readonly onSpawn?: ((pid: number, exited: Promise<string>) => void) | undefined;
  /** Aborted before the child is ready: it is ended. */
  readonly signal?: AbortSignal | undefined;
}

/** Resolves when the child is ready; aborted when nobody waits any more. */
export type ReadyWhen<Ready> = (child: ChildProcess, signal: AbortSignal) => Promise<Ready>;

export interface Child<Ready> {
  readonly pid: number;
  readonly ready: Ready;
  /** Resolves when the process is gone, with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  readonly stop: () => Promise<void>;
}

/** A ledger that recovers from a crash may need two minutes by itself. */
const READY_TIMEOUT_MS = 150_000;
const POLL_MS = 25;
const ANSWER_TIMEOUT_MS = 1_000;
const MAX_LOG_BYTES = 10 << 20;

/**
 * Start a process in a group of its own, so that Ctrl-C reaches only us, and wait until it is ready.
 * @throws Error with the child's last log lines when it ends before it is ready, or is not ready in time.
 */
export async function startChild<Ready>(options: ChildOptions<Ready>): Promise<Child<Ready>> {
  const { signal } = options;
  const child = launch(options);
  const exited = howItEnds(child);
  const { pid } = child;
  const stop = async (): Promise<void> => {
    await endChild(child, exited, gracefully(options.graceMs));
  };
  if (pid === undefined) throw new Error(await exited);
  options.onSpawn?.(pid, exited);
  const onAbort = (): void => void stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    return { pid, ready: await readiness(child, exited, options), exited, stop };
  } catch (error) {
    await stop();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

function launch({ program, args, env, logFile }: ChildOptions<unknown>): ChildProcess {
  const output = logFile === undefined ? 'ignore' : openLog(logFile);
  const stdio = ['ignore', output, output] as const;
  try {
    return program === undefined
      ? spawn(process.execPath, [mtScript(), ...args], { detached: true, env, stdio: [...stdio, 'ipc'] })
      : spawn(program, args, { detached: true, env, stdio: [...stdio] });
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}

/** A log that has grown large begins anew. */
function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) truncateSync(file);
  return openSync(file, 'a', 0o600);
}

/** The compiled command line: beside this file, or, where the sources themselves are run (tests), in dist/. */
function mtScript(): string {
  const found = ['../cli.js', '../../dist/src/cli.js'].map((path) => resolve(__dirname, path)).find(existsSync);
  if (found === undefined) throw new Error('there is no dist/: run `npm run build`');
  return found;
}

function howItEnds(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
  });
}

/** @throws Error when the child ends first, or is late. */
async function readiness<Ready>(
  child: ChildProcess,
  exited: Promise<string>,
  { readyWhen, logFile }: ChildOptions<Ready>,
): Promise<Ready> {
  const over = new AbortController();
  const ended = exited.then((how) => {
    throw new Error(`ended before it was ready (${how}): ${lastLines(logFile).join(' | ')}`);
  });
  const late = delay(READY_TIMEOUT_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`was not ready in ${READY_TIMEOUT_MS / 1000} s; see ${logFile ?? 'nothing: it has no log'}`);
  });
  const ready = readyWhen(child, over.signal);
  // Nobody listens to the two that lose the race.
  for (const loser of [ready, ended, late]) loser.catch(() => undefined);
  try {
    return await Promise.race([ready, ended, late]);
  } finally {
    over.abort();
  }
}

/** The child sends a message of the form `schema`. */
export function says<Ready>(schema: z.ZodType<Ready>): ReadyWhen<Ready> {
  return (child) =>
    new Promise((resolveReady) => {
      child.on('message', (said) => {
        const parsed = schema.safeParse(said);
        if (parsed.success) resolveReady(parsed.data);
      });
    });
}

/** `url` answers 200. */
export function answers(url: string): ReadyWhen<void> {
  return (_child, signal) =>
    poll(signal, () =>
      fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) }).then(({ ok }) => ok),
    );
}

/** Call `isReady` again until it answers true. A rejection is no answer. */
export async function poll(signal: AbortSignal, isReady: () => Promise<boolean>): Promise<void> {
  while (!(await isReady().catch(() => false))) await delay(POLL_MS, undefined, { signal });
}

/** The last lines of a log, for a message about the end of its process. */
export function lastLines(file: string | undefined, count = 5): readonly string[] {
  const text = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.trimEnd().split('\n').slice(-count).filter(Boolean).map(plainly);
}

/** A line of our own log as a person reads it: time, message, and what went wrong; any other line as it is. */
function plainly(line: string): string {
  try {
    const { time, msg, err, cause } = JSON.parse(line) as Partial<Record<'time' | 'msg' | 'cause', string>> & {
      err?: { message?: string };
    };
    const why = err?.message ?? cause;
    return `${time ?? ''} ${msg ?? ''}${why === undefined ? '' : `: ${why}`}`.trim();
  } catch {
    return line;
  }
}
