import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when the child is gone, or never came to be, with how: `exit code 1`, `signal SIGKILL`. */
export function howItEnds(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
  });
}

/** SIGTERM, and SIGKILL when it has not ended (`exited`) after `graceMs`; resolves when it is gone. */
export async function endChild(child: ChildProcess, exited: Promise<string>, graceMs: number): Promise<void> {
  const patience = new AbortController();
  child.kill('SIGTERM');
  const isGone = await Promise.race([
    exited.then(() => true),
    delay(graceMs, false, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  if (!isGone) child.kill('SIGKILL');
  await exited;
}
