import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process for good: its number, and when it started, since a number is soon another process's. */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

interface Seen extends ProcessId {
  readonly command: string;
}

const POLL_MS = 25;

/** The process that has the number `pid` now; undefined when there is none, or only a dead one that nobody has reaped. */
export function seeProcess(pid: number): Seen | undefined {
  try {
    return process.platform === 'linux' ? inProc(pid) : inPs(pid);
  } catch {
    return undefined;
  }
}

/** Whether `id` is running: the number alone does not say so. */
export function isRunning(id: ProcessId): boolean {
  return seeProcess(id.pid)?.started === id.started;
}

/** Send `signal` to the process, or to its whole group, unless it is gone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, to: 'process' | 'group' = 'process'): void {
  if (!isRunning(id)) return;
  try {
    process.kill(to === 'group' ? -id.pid : id.pid, signal);
  } catch (error) {
    // Gone meanwhile, or no leader of a group.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** End a process that is not our child: `signal`, and SIGKILL when it is still there after `graceMs`. */
export async function endProcess(id: ProcessId, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  signalProcess(id, signal);
  if (await isGoneWithin(id, graceMs)) return;
  signalProcess(id, 'SIGKILL');
  await isGoneWithin(id, graceMs);
}

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
