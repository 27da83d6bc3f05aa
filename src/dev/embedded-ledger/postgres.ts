import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from '../../telemetry';
import { endChild } from '../process';
import { clusterDirOf } from './can-run';
import { childOptions, endLeftOver, NAME, passwordFileOf, prepareCluster, requireBinaries, SHUTDOWN } from './cluster';

export interface EmbeddedLedger {
  readonly kind: 'postgres' | 'pglite';
  /** `postgres://…`, with the password; on 127.0.0.1. */
  readonly url: string;
  /** The process that serves: of PGlite, this one. */
  readonly pid: number;
  /** Settles when the server has ended, whoever ended it. */
  readonly exited: Promise<void>;
  readonly stop: () => Promise<void>;
}

interface PostgresSettings {
  readonly dataDir: string;
  readonly port: number;
  readonly log: Logger;
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
      await delay(ATTEMPT_PAUSE_MS);
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
    ...childOptions(clusterDir, log),
    // A session of its own: Ctrl-C is for us, who end the ledger after those who use it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const endWithUs = (): void => void server.kill('SIGINT');
  process.once('exit', endWithUs);
  void exited.then(() => process.off('exit', endWithUs));
  const stop = async (): Promise<void> => {
    if (!(await endChild(server, exited, SHUTDOWN))) throw new Error(`PostgreSQL (process ${server.pid}) does not end`);
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
const START_TIMEOUT_MS = 120_000;

/** The server's pid, when it accepts connections. */
async function untilReady(server: ChildProcess, log: Logger): Promise<number> {
  const lastWords: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('PostgreSQL did not start in time')), START_TIMEOUT_MS);
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
    clearTimeout(timer);
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
