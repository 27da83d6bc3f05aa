import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import type { Logger } from '../../telemetry';

/** Fast shutdown first (clients are cut, the data is flushed), then an immediate one (the next start recovers), then the kernel. */
const SHUTDOWN = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

const POLL_MS = 20;

/** End the server `pid` of this data directory, and wait until it is gone. @throws Error when it cannot be ended. */
export async function endPostmaster(pid: number, clusterDir: string): Promise<void> {
  for (const { signal, waitMs } of SHUTDOWN) {
    if (!isPostmasterOf(pid, clusterDir)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < waitMs; waited += POLL_MS) {
      if (!isPostmasterOf(pid, clusterDir)) return;
      await setTimeout(POLL_MS);
    }
  }
  if (isPostmasterOf(pid, clusterDir)) throw new Error(`PostgreSQL (process ${pid}) does not end`);
}

/**
 * A server outlives a parent that was killed: end what `postmaster.pid` names, if that is still this directory's server.
 * A number that another process has by now would keep the next server from starting: then the file goes. Of a process
 * that is gone the file stays, since PostgreSQL itself looks whether children of it still write.
 */
export async function endLeftOver(clusterDir: string, log: Logger): Promise<void> {
  const pid = readPid(clusterDir);
  if (pid === undefined) return;
  if (isPostmasterOf(pid, clusterDir)) {
    log.warn({ pid }, 'a PostgreSQL that was left over is ended first');
    await endPostmaster(pid, clusterDir);
  }
  if (isAlive(pid)) rmSync(join(clusterDir, 'postmaster.pid'), { force: true });
}

function readPid(clusterDir: string): number | undefined {
  try {
    const [line = ''] = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n', 1);
    const pid = Number(line);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isNativeError(error) && 'code' in error && error.code === 'EPERM';
  }
}

/** By its command line: a process number is soon another process's. One that is dead and not yet reaped has none. */
function isPostmasterOf(pid: number, clusterDir: string): boolean {
  return process.platform === 'linux' ? isInProc(pid, clusterDir) : isInPs(pid, clusterDir);
}

function isInProc(pid: number, clusterDir: string): boolean {
  try {
    const [command = '', flag, directory] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(command) === 'postgres' && flag === '-D' && directory === clusterDir;
  } catch {
    return false;
  }
}

/** `ps` joins the arguments: ours begin with the directory. */
function isInPs(pid: number, clusterDir: string): boolean {
  try {
    const line = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
    const [command = '', ...rest] = line.split(` -D ${clusterDir} `);
    return basename(command) === 'postgres' && rest.length > 0;
  } catch {
    return false;
  }
}
