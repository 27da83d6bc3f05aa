import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, seeProcess, type ProcessId } from '../../process-id';

/** How long its maker may take to write its name into it. */
const UNWRITTEN_MS = 1_000;
const POLL_MS = 50;

export type Locked = { readonly release: () => void } | { readonly holder: ProcessId };

/**
 * Take the lock file `path` for this process, or say who has it. A lock counts as long as its maker runs: one that was
 * killed holds nothing, whoever has its process number by now.
 */
export async function takeLock(path: string): Promise<Locked> {
  const own = seeProcess(process.pid);
  if (own === undefined) throw new Error('neither /proc nor ps can be read: processes cannot be told apart');
  const text = JSON.stringify({ pid: own.pid, started: own.started });
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    if (create(path, text)) return { release: () => releaseIfOurs(path, text) };
    const seen = read(path);
    const holder = parse(seen);
    if (holder !== undefined && isRunning(holder)) return { holder };
    if (holder !== undefined || waitedMs > UNWRITTEN_MS) setAside(path, seen);
    await delay(POLL_MS);
  }
}

/** Who holds the lock file `path` now; undefined when nobody does that still runs. */
export function holderOf(path: string): ProcessId | undefined {
  const holder = parse(read(path));
  return holder !== undefined && isRunning(holder) ? holder : undefined;
}

function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Remove a dead process's lock; if another process did so first and holds its own by now, that one goes back. */
function setAside(path: string, seen: string | undefined): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = read(aside);
  if (moved !== seen && moved !== undefined) create(path, moved);
  rmSync(aside, { force: true });
}

function releaseIfOurs(path: string, text: string): void {
  if (read(path) === text) rmSync(path, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string | undefined): ProcessId | undefined {
  try {
    const { pid, started } = JSON.parse(text ?? '') as Partial<ProcessId>;
    return pid === undefined || started === undefined ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}
