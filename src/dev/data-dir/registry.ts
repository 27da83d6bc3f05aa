import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { endProcess, gracefully, isRunning, seeProcess, signalProcess, type ProcessId } from '../process';
import { writeWhole } from './paths';

const recorded = z.array(z.object({ name: z.string(), pid: z.number(), started: z.string() }));

/** The processes of a stack, on disk from the moment they exist: what a killed `mt dev` leaves behind is found by it. */
export interface Registry {
  readonly add: (name: string, pid: number) => void;
  /** Nothing is left: the file goes. */
  readonly clear: () => void;
}

export function openRegistry(file: string): Registry {
  const processes = new Map<string, ProcessId>();
  const add = (name: string, pid: number): void => {
    const seen = seeProcess(pid);
    if (seen === undefined) return; // It has ended already.
    processes.set(name, { pid, started: seen.started });
    writeWhole(file, JSON.stringify([...processes].map(([part, id]) => ({ name: part, ...id }))));
  };
  return { add, clear: () => rmSync(file, { force: true }) };
}

/** SIGKILL to all that still run, and to what they started. Waits for nothing, so it can be the last thing that we do. */
export function killRecorded(file: string): void {
  for (const id of readRecorded(file)) signalProcess(id, 'SIGKILL', 'group');
}

const GRACE_MS = 10_000;

/**
 * End what an `mt dev` that was killed left running: exactly the processes in its file that are still the same ones.
 * The last one started is ended first, so that nobody loses what it depends on.
 */
export async function endLeftovers(file: string, progress: (line: string) => void): Promise<void> {
  for (const { name, ...id } of readRecorded(file).reverse()) {
    if (!isRunning(id)) continue;
    progress(`ending ${name} (process ${id.pid}), left behind by an earlier mt dev`);
    // To PostgreSQL, SIGTERM means to wait for its clients.
    await endProcess(id, gracefully(GRACE_MS, name === 'ledger' ? 'SIGINT' : 'SIGTERM'));
  }
  rmSync(file, { force: true });
}

function readRecorded(file: string): z.infer<typeof recorded> {
  try {
    return recorded.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
