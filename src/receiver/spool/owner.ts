import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile, type FileLock } from '../../file-lock';

/** A receiver that is replaced closes its spool within this time, and its successor waits for it. */
const PATIENCE_MS = 12_000;
const POLL_MS = 200;

/**
 * Take a spool's directory for this process, by a lock of the kernel: a heartbeat cannot do it, since a process that was
 * frozen goes on acknowledging into files that its successor has already read.
 * @throws Error when another process keeps it, or the file system has no locks.
 */
export async function takeOwnership(dir: string, patienceMs = PATIENCE_MS): Promise<FileLock> {
  const path = join(dir, 'owner.lock');
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = lockFile(path, `process ${process.pid} on ${hostname()}`);
    if (lock !== undefined) return lock;
    if (performance.now() >= deadline) throw new Error(refusal(dir, readFileSync(path, 'utf8')));
    await delay(POLL_MS);
  }
}

function refusal(dir: string, owner: string): string {
  const fix = 'stop that one first (a frozen one too), or use a DATA_DIR of its own: each receiver needs one';
  return `The spool in ${dir} belongs to another process that runs (${owner}): ${fix}`;
}
