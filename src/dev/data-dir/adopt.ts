import { rmSync } from 'node:fs';
import type { DataDir } from './paths';
import { readDevJson } from './dev-json';
import { takeLock } from './lock';
import { endLeftovers } from './registry';

/**
 * Take the data directory for this process, and end what an `mt dev` that was killed left running on it.
 * @returns what gives the directory back.
 * @throws Error naming the `mt dev` that already runs on it.
 */
export async function adoptDataDir(dir: DataDir, progress: (line: string) => void): Promise<() => void> {
  const lock = await takeLock(dir.lock);
  if ('holder' in lock) throw new Error(alreadyRuns(dir, lock.holder.pid));
  try {
    for (const file of [dir.devJson, dir.devLedger]) rmSync(file, { force: true }); // of one that is gone
    await endLeftovers(dir.processes, progress);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock.release;
}

function alreadyRuns(dir: DataDir, pid: number): string {
  const info = readDevJson(dir.path);
  const where =
    info === undefined ? 'it is still starting' : `receiver ${info.receiver}, Web UI ${info.temporalUi ?? 'unknown'}`;
  return `mt dev already runs on ${dir.path} as process ${pid} (${where}); stop it there with Ctrl-C, or choose another --data-dir`;
}
