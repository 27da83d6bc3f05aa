import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, type Pool } from 'pg';
import type { EmbeddedKind } from '../../src/dev/embedded-ledger';
import { startEmbedded } from '../../src/dev/embedded-ledger';
import { migrate, openPool } from '../../src/ledger';
import { whyNotPostgres } from '../../src/dev/embedded-ledger/can-run';
import { createLogger } from '../../src/telemetry';
import { freePort } from '../free-port';

export const silent = createLogger('test', 'silent');

/** The ledger's tables, empty, for one test file. */
export interface LedgerFixture {
  readonly pool: Pool;
  /** Of the fixture's database, for `openPool`. */
  readonly settings: { readonly url: string };
  /** PGlite runs one transaction at a time: there is no race to lose. */
  readonly isConcurrent: boolean;
  readonly stop: () => Promise<void>;
}

/** In a database of its own on the server of TEST_DATABASE_URL, else on an embedded one that ends with the fixture. */
export async function openLedger(): Promise<LedgerFixture> {
  const given = process.env['TEST_DATABASE_URL'];
  // PGlite has one session for everybody, so that databases do not keep test files apart.
  if (given !== undefined && !(await isPglite(given))) return openDatabase(given, () => Promise.resolve());
  const directory = await reachableDirectory();
  const server = await startServer(directory);
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  if (server.kind === 'postgres') return openDatabase(server.url, stop);
  const pool = openPool({ url: server.url, timeoutMs: PATIENCE_MS });
  await migrate(pool);
  const settings = { url: server.url };
  return { pool, settings, isConcurrent: false, stop: () => pool.end().then(stop) };
}

/** A busy machine is no failure of the ledger. */
const PATIENCE_MS = 20_000;

async function openDatabase(server: string, stopServer: () => Promise<void>): Promise<LedgerFixture> {
  const { url, drop } = await createDatabase(server);
  await migrated(url);
  const settings = {
    url: process.env['TEST_LEDGER_ROLE'] === 'rows' ? await withRowsOnly(url, ', truncate') : url,
    timeoutMs: PATIENCE_MS,
  };
  const pool = openPool(settings);
  const stop = async (): Promise<void> => {
    await pool.end();
    await drop();
    await stopServer();
  };
  return { pool, settings, isConcurrent: true, stop };
}

/** A new one on `server`, without tables. */
export async function createDatabase(server: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await ask(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => ask(server, `drop database ${name} with (force)`) };
}

/** Statements that may not be in a transaction. */
async function ask(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function migrated(url: string): Promise<void> {
  const pool = openPool({ url, max: 1, timeoutMs: PATIENCE_MS });
  await migrate(pool);
  await pool.end();
}

/**
 * The URL for a role that has rights to the rows of the tables that are there, and no other. `and`: what a test needs to
 * empty its tables.
 */
export async function withRowsOnly(url: string, and = ''): Promise<string> {
  const role = `rows_${randomUUID().replaceAll('-', '')}`;
  await ask(
    url,
    `create role ${role} login password 'a-password'`,
    'revoke create on schema public from public',
    `grant usage on schema public to ${role}`,
    `grant select, insert, update, delete${and} on all tables in schema public to ${role}`,
  );
  const own = new URL(url);
  own.username = role;
  own.password = 'a-password';
  return own.href;
}

export async function isPglite(url: string): Promise<boolean> {
  const pool = openPool({ url, max: 1, timeoutMs: PATIENCE_MS });
  const { rows } = await pool.query<{ version: string }>('select version()');
  await pool.end();
  return rows[0]?.version.includes('PGlite') === true;
}

async function startServer(dataDir: string): Promise<StartedServer> {
  const port = await freePort();
  // PGlite loads itself by `import()`, which Jest does not let through.
  if (whyNotPostgres(dataDir) !== undefined) return startInChild({ dataDir, port, kind: 'pglite' });
  return startEmbedded({ dataDir, port, kind: 'postgres', log: silent });
}

interface StartedServer {
  readonly kind: EmbeddedKind;
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface ChildSettings {
  readonly dataDir: string;
  readonly port: number;
  readonly kind?: EmbeddedKind;
  /** As whom; absent: as ourselves. */
  readonly as?: { readonly uid: number; readonly gid: number };
}

export type ServerInChild = StartedServer & { readonly parent: ChildProcess };

/** `startEmbedded` in a process of its own, which ends with ours. @throws Error with what it wrote to standard error. */
export async function startInChild({ as, ...settings }: ChildSettings): Promise<ServerInChild> {
  const program = require.resolve('./embedded-child');
  const parent = spawn(process.execPath, ['-r', './test/run-typescript.cjs', program, JSON.stringify(settings)], {
    ...as,
    cwd: join(__dirname, '..', '..'),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(parent, 'exit');
  let complaint = '';
  parent.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const line = await Promise.race([
    once(createInterface({ input: parent.stdout }), 'line').then(([text]) => String(text)),
    ended.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(complaint);
  const stop = async (): Promise<void> => {
    parent.stdin.end();
    await ended;
  };
  return { ...(JSON.parse(line) as Omit<StartedServer, 'stop'>), parent, stop };
}

/** A new directory that user `postgres` can reach, as far as the way to it is open. */
export async function reachableDirectory(mode = 0o755): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  await chmod(directory, mode);
  return directory;
}
