import { execFileSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { withTimeout } from '../with-timeout';

/**
 * A process: its number, and when it started. The number alone may be another process's by now, so nothing that we did
 * not start just now is signalled by its number alone: we never end a process that is not our own.
 */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

interface Seen extends ProcessId {
  readonly command: string;
}

/** The process that has the number `pid` now; undefined when there is none, or only a dead one that nobody has reaped. */
export function seeProcess(pid: number): Seen | undefined {
  try {
    return process.platform === 'linux' ? inProc(pid) : inPs(pid);
  } catch {
    return undefined;
  }
}

export function isRunning(id: ProcessId): boolean {
  return seeProcess(id.pid)?.started === id.started;
}

/** Send `signal` to the process, or to its whole group, unless it is gone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, to: 'process' | 'group' = 'process'): void {
  if (!isRunning(id)) return;
  try {
    process.kill(to === 'group' ? -id.pid : id.pid, signal);
  } catch (error) {
    // It ended meanwhile, or leads no group.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Signals that end a process, each with the time that it may take until the next one follows. */
export type EndingSignals = readonly (readonly [signal: NodeJS.Signals, waitMs: number])[];

/** SIGTERM, and SIGKILL when the process has not ended after `graceMs`. */
export function gracefully(graceMs: number, first: NodeJS.Signals = 'SIGTERM'): EndingSignals {
  return [
    [first, graceMs],
    ['SIGKILL', 10_000],
  ];
}

/** End a child of ours whose end settles `exited`. @returns whether it is gone. */
export function endChild(child: ChildProcess, exited: Promise<unknown>, signals: EndingSignals): Promise<boolean> {
  return end(
    (signal) => child.kill(signal),
    async (ms) => (await withTimeout(exited, ms)) !== 'timeout',
    signals,
  );
}

/** End a process that need not be our child. @returns whether it is gone. */
export function endProcess(id: ProcessId, signals: EndingSignals): Promise<boolean> {
  return end(
    (signal) => signalProcess(id, signal),
    (ms) => isGoneWithin(id, ms),
    signals,
  );
}

async function end(
  send: (signal: NodeJS.Signals) => void,
  isGone: (withinMs: number) => Promise<boolean>,
  signals: EndingSignals,
): Promise<boolean> {
  for (const [signal, waitMs] of signals) {
    send(signal);
    if (await isGone(waitMs)) return true;
  }
  return false;
}

const POLL_MS = 25;

async function isGoneWithin(id: ProcessId, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
    if (!isRunning(id)) return true;
    await delay(POLL_MS);
  }
  return !isRunning(id);
}

function inProc(pid: number): Seen | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the program's name, which may hold spaces and brackets: the state is field 3, the start time (ticks) field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const ticks = fields[19];
  if (state === 'Z' || state === 'X' || ticks === undefined) return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  return { pid, started: `${bootId()}:${ticks}`, command };
}

/** Ticks are counted from the start of the machine. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function inPs(pid: number): Seen | undefined {
  const line = execFileSync('ps', ['-ww', '-o', 'state=,lstart=,command=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, LC_ALL: 'C' },
  });
  // `S+   Mon Nov 23 22:46:00 2026 node …`
  const [, state, started, command] = /^\s*(\S+)\s+(\w+ \w+ +\d+ [\d:]+ \d+)\s+(.*)$/m.exec(line) ?? [];
  if (state === undefined || started === undefined || state.startsWith('Z')) return undefined;
  return { pid, started, command: command ?? '' };
}
