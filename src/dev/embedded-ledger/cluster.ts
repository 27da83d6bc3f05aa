import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '../../telemetry';
import { endProcess, seeProcess, type EndingSignals } from '../process';
import { findBinaries, type Binaries } from './binaries';
import { clusterDirOf, POSTGRES_USER, serverIds, type Ids } from './can-run';

/** Name of the superuser and of the database. */
export const NAME = 'ledger';

/** Fast shutdown first (clients are cut, the data is flushed), then an immediate one (the next start recovers), then the kernel. */
export const SHUTDOWN: EndingSignals = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/**
 * Make the data directory's cluster where there is none: UTF-8, locale C, a password on every connection. It appears
 * whole or not at all. As root it belongs to user `postgres`, who is made where missing. @throws Error when `initdb` fails.
 */
export async function prepareCluster(dataDir: string, log: Logger): Promise<void> {
  const clusterDir = clusterDirOf(dataDir);
  if (existsSync(clusterDir)) return;
  const options = childOptions(clusterDir, log);
  const unfinished = `${clusterDir}.new`;
  const passwordFile = passwordFileOf(clusterDir);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  // `initdb` reads it as the server's user.
  const { uid, gid } = options;
  if (uid !== undefined && gid !== undefined) for (const path of [unfinished, passwordFile]) chownSync(path, uid, gid);
  const settings = [`--username=${NAME}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await promisify(execFile)(
    requireBinaries().initdb,
    [`--pgdata=${unfinished}`, ...settings, '--encoding=UTF8', '--locale=C'],
    options,
  );
  renameSync(unfinished, clusterDir);
}

/**
 * A server outlives a parent that was killed: end what `postmaster.pid` names, if it is still this directory's server.
 * A number that another process has by now, or a dead one that nobody reaps, would keep the next server from starting:
 * then the file goes. Of a process that is gone it stays, since PostgreSQL itself looks whether children of it still write.
 */
export async function endLeftOver(clusterDir: string, log: Logger): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]) : 0;
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  const seen = seeProcess(pid);
  if (seen?.command.includes(`postgres -D ${clusterDir} `) === true) {
    log.warn({ pid }, 'a PostgreSQL that was left over is ended first');
    if (!(await endProcess(seen, SHUTDOWN))) throw new Error(`PostgreSQL (process ${pid}) does not end`);
  }
  if (isTaken(pid)) rmSync(pidFile, { force: true });
}

/** Whether any process has the number, a dead one that nobody has reaped included. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function passwordFileOf(clusterDir: string): string {
  return `${clusterDir}.password`;
}

export function requireBinaries(): Binaries {
  const binaries = findBinaries();
  if (binaries === undefined) throw new Error('there are no PostgreSQL binaries for this platform');
  return binaries;
}

/**
 * For a program of PostgreSQL: the user, who is made where missing, and its surroundings. The working directory may be
 * closed to that user; messages are parsed, so they stay English.
 */
export function childOptions(
  clusterDir: string,
  log: Logger,
): Ids & { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
  let ids = serverIds(clusterDir);
  if (ids === undefined) {
    createPostgresUser(log);
    ids = serverIds(clusterDir);
  }
  return { ...ids, cwd: parse(clusterDir).root, env: { ...process.env, LC_ALL: 'C' } };
}

/** @throws Error where there is no `useradd`. */
function createPostgresUser(log: Logger): void {
  log.warn(`PostgreSQL does not run as root: the system user "${POSTGRES_USER}" is made for it`);
  const options = ['--system', '--gid', POSTGRES_USER, '--no-create-home', '--shell', '/bin/false'];
  execFileSync('groupadd', ['--system', POSTGRES_USER], { stdio: 'pipe' });
  execFileSync('useradd', [...options, POSTGRES_USER], { stdio: 'pipe' });
}
