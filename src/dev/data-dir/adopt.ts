import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile, type FileLock } from '../../file-lock';
import { readDevJson } from './dev-json';
import type { DataDir } from './paths';
import { endLeftovers } from './registry';

/**
 * Lock the data directory for this process, and end what an `mt dev` that was killed left running on it.
 * @returns what gives the directory back.
 * @throws Error naming the `mt dev` that already runs on it.
 */
export async function adoptDataDir(dir: DataDir, progress: (line: string) => void): Promise<() => void> {
  const lock = await lockDir(dir);
  const release = (): void => {
    // Before the lock goes: afterwards it may be another's file.
    if (lock.isInPlace()) rmSync(dir.lock, { force: true });
    lock.release();
  };
  try {
    for (const file of [dir.devJson, dir.devLedger, dir.devShared]) rmSync(file, { force: true }); // from one that was killed
    await endLeftovers(dir.processes, progress);
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

const ATTEMPTS = 5;
const ATTEMPT_PAUSE_MS = 50;

/** Not at the first attempt: `mt send` and others lock the file for a moment, to see whether we run. */
async function lockDir(dir: DataDir): Promise<FileLock> {
  for (let attempt = 1; ; attempt += 1) {
    const lock = lockFile(dir.lock, String(process.pid));
    if (lock !== undefined) return lock;
    if (attempt === ATTEMPTS) throw new Error(alreadyRuns(dir));
    await delay(ATTEMPT_PAUSE_MS);
  }
}

function alreadyRuns(dir: DataDir): string {
  const info = readDevJson(dir.path);
  const where =
    info === undefined ? 'it is still starting' : `receiver ${info.receiver}, Web UI ${info.temporalUi ?? 'unknown'}`;
  const pid = readFileSync(dir.lock, 'utf8');
  return `mt dev already runs on ${dir.path} as process ${pid} (${where}); stop it there with Ctrl-C, or choose another --data-dir`;
}
