import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { parse } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Logger } from '../../telemetry';
import type { EmbeddedLedger } from '.';
import { clusterDirOf } from './access';
import { findBinaries, type Binaries } from './binaries';
import { createPostgresUser, POSTGRES_USER, serverIds, type Ids } from './user';
import { endLeftOver, endPostmaster } from './postmaster';

export interface PostgresSettings {
  readonly dataDir: string;
  readonly port: number;
  readonly log: Logger;
}

const NAME = 'ledger';

/**
 * Make the data directory's cluster where there is none: UTF-8, locale C, a password on every connection. It appears
 * whole or not at all. As root it is user `postgres`'s, who is made where missing. @throws Error when `initdb` fails.
 */
export async function prepareCluster(dataDir: string, log: Logger): Promise<void> {
  const clusterDir = clusterDirOf(dataDir);
  if (existsSync(clusterDir)) return;
  const ids = idsToRunAs(clusterDir, log);
  const unfinished = `${clusterDir}.new`;
  const passwordFile = passwordFileOf(clusterDir);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  // `initdb` reads it as the server's user.
  if ('uid' in ids) for (const path of [unfinished, passwordFile]) chownSync(path, ids.uid, ids.gid);
  const settings = [`--username=${NAME}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await promisify(execFile)(
    requireBinaries().initdb,
    [`--pgdata=${unfinished}`, ...settings, '--encoding=UTF8', '--locale=C'],
    childOptions(clusterDir, ids),
  );
  renameSync(unfinished, clusterDir);
}

/** Start the server, after ending one that was left over. @throws Error when it does not come up; it is then ended. */
export async function startPostgres(settings: PostgresSettings): Promise<EmbeddedLedger> {
  await prepareCluster(settings.dataDir, settings.log);
  await endLeftOver(clusterDirOf(settings.dataDir), settings.log);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(settings);
    } catch (error) {
      if (!isStillWritten(error) || attempt === ATTEMPTS) throw error;
      await pause(ATTEMPT_PAUSE_MS);
    }
  }
}

/** A connection's process outlives a server that was killed by the statement it is at: our longest ones take seconds. */
const ATTEMPTS = 20;
const ATTEMPT_PAUSE_MS = 250;

function isStillWritten(error: unknown): boolean {
  return error instanceof Error && error.message.includes('pre-existing shared memory block');
}

async function start({ dataDir, port, log }: PostgresSettings): Promise<EmbeddedLedger> {
  const clusterDir = clusterDirOf(dataDir);
  const password = readFileSync(passwordFileOf(clusterDir), 'utf8').trim();
  const server = spawn(requireBinaries().postgres, ['-D', clusterDir, '-p', String(port), ...FLAGS], {
    ...childOptions(clusterDir, idsToRunAs(clusterDir, log)),
    // A session of its own: Ctrl-C is for us, who end the ledger after those who use it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const endWithUs = (): void => void server.kill('SIGINT');
  process.once('exit', endWithUs);
  void exited.then(() => process.off('exit', endWithUs));
  const stop = async (): Promise<void> => {
    if (server.pid !== undefined && server.exitCode === null) await endPostmaster(server.pid, clusterDir);
    await exited;
  };
  const url = `postgres://${NAME}:${password}@127.0.0.1:${port}/`;
  try {
    const pid = await untilReady(server, log);
    await createDatabase(`${url}postgres`);
    return { kind: 'postgres', url: url + NAME, pid, exited, stop };
  } catch (error) {
    if (server.pid !== undefined) await stop();
    throw error;
  }
}

/**
 * Loopback alone, no socket file. Its log must not hold what the ledger does: no statements, and no details, which
 * quote rows.
 */
const FLAGS = Object.entries({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  timezone: 'UTC',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Crash recovery included. */
const START_MS = 120_000;

/** The server's pid, when it takes connections. */
async function untilReady(server: ChildProcess, log: Logger): Promise<number> {
  const lastWords: string[] = [];
  let tooLate: NodeJS.Timeout | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    tooLate = setTimeout(() => reject(new Error('PostgreSQL did not start in time')), START_MS);
    server.once('error', reject);
    server.once('close', () => reject(new Error(`PostgreSQL did not start: ${lastWords.join('; ')}`)));
    if (server.stderr === null) return;
    createInterface({ input: server.stderr }).on('line', (line) => {
      log.debug({ line }, 'PostgreSQL');
      if (/FATAL: |could not bind/.test(line)) lastWords.push(line.replace(/^.*?(FATAL|LOG): +/, ''));
      if (line.includes('database system is ready to accept connections')) resolve();
    });
  });
  try {
    await ready;
  } finally {
    clearTimeout(tooLate);
  }
  if (server.pid === undefined) throw new Error('PostgreSQL did not start');
  return server.pid;
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [NAME]);
    if (rowCount === 0) await client.query(`create database ${NAME}`);
  } finally {
    await client.end();
  }
}

function passwordFileOf(clusterDir: string): string {
  return `${clusterDir}.password`;
}

function requireBinaries(): Binaries {
  const binaries = findBinaries();
  if (binaries === undefined) throw new Error('there are no PostgreSQL binaries for this platform');
  return binaries;
}

function idsToRunAs(clusterDir: string, log: Logger): Ids | Record<string, never> {
  const ids = serverIds(clusterDir);
  if (ids !== undefined) return ids;
  log.warn(`PostgreSQL does not run as root: the system user "${POSTGRES_USER}" is made for it`);
  createPostgresUser();
  return serverIds(clusterDir) ?? {};
}

/** The working directory may be closed to the server's user; messages are read, so they stay English. */
function childOptions(
  clusterDir: string,
  ids: Ids | Record<string, never>,
): { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number } {
  return { ...ids, cwd: parse(clusterDir).root, env: { ...process.env, LC_ALL: 'C' } };
}
