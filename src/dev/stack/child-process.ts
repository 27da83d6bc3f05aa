import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { endChild, howItEnds } from '../process';
import { lastLines, limitLog } from './logs';

export interface ChildOptions<Ready> {
  /** Arguments of `mt`. */
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** What it says is added here. */
  readonly logFile: string;
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs: number;
  readonly readyWhen: ReadyWhen<Ready>;
  /** Told the process id before the child is ready. */
  readonly onSpawn: (pid: number) => void;
  /** Aborted: the child is ended. */
  readonly signal: AbortSignal;
}

/** Resolves when the child is ready; aborted when nobody waits any more. */
export type ReadyWhen<Ready> = (child: ChildProcess, signal: AbortSignal) => Promise<Ready>;

export interface Child<Ready> {
  readonly pid: number;
  readonly ready: Ready;
  readonly exited: Promise<string>;
  readonly stop: () => Promise<void>;
}

/** A ledger that recovers from a crash may take two minutes by itself. */
const READY_TIMEOUT_MS = 150_000;
const ASK_EVERY_MS = 25;
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * Start another `mt` as a process of its own, in a group of its own so that Ctrl-C reaches only us, and wait until it is
 * ready. It has a channel to us, and ends by itself when we are gone.
 * @throws Error with the child's last words when it ends before it is ready, or is not ready in time.
 */
export async function startChild<Ready>(options: ChildOptions<Ready>): Promise<Child<Ready>> {
  const child = launch(options);
  const exited = howItEnds(child);
  const stop = (): Promise<void> => endChild(child, exited, options.graceMs);
  if (child.pid === undefined) throw new Error(await exited);
  options.onSpawn(child.pid);
  const stopNow = (): void => void stop();
  options.signal.addEventListener('abort', stopNow, { once: true });
  try {
    const ready = await readiness(child, exited, options);
    return { pid: child.pid, ready, exited, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', stopNow);
  }
}

function launch({ args, env, logFile }: ChildOptions<unknown>): ChildProcess {
  limitLog(logFile);
  const output = openSync(logFile, 'a', 0o600);
  try {
    return spawn(process.execPath, [entryPoint(), ...args], {
      detached: true,
      env,
      stdio: ['ignore', output, output, 'ipc'],
    });
  } finally {
    closeSync(output);
  }
}

/** The compiled command line: beside this file, or, where the sources themselves are run (tests), in dist/. */
function entryPoint(): string {
  const beside = resolve(__dirname, '../../cli.js');
  if (existsSync(beside)) return beside;
  const built = resolve(__dirname, '../../../dist/src/cli.js');
  if (existsSync(built)) return built;
  throw new Error('there is no dist/: run `npm run build`');
}

/** The child says so, in a message of the form `schema`. */
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
  return async (_child, signal) => {
    while (!(await isAnswering(url, signal))) await delay(ASK_EVERY_MS, undefined, { signal });
  };
}

function isAnswering(url: string, signal: AbortSignal): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) }).then(
    (response) => response.ok,
    () => false,
  );
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
    throw new Error(`was not ready in ${READY_TIMEOUT_MS / 1000} s; see ${logFile}`);
  });
  const ready = readyWhen(child, over.signal);
  // Whichever two of the three lose the race have nobody who listens.
  for (const loser of [ready, ended, late]) loser.catch(() => undefined);
  try {
    return await Promise.race([ready, ended, late]);
  } finally {
    over.abort();
  }
}
