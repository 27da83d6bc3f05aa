import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../../../src/ledger';
import { startEmbedded, type EmbeddedKind, type EmbeddedLedger } from '../../../src/dev/embedded-ledger';
import { completeBinaries } from '../../../src/dev/embedded-ledger/binaries';
import { whyNotPostgres } from '../../../src/dev/embedded-ledger/can-run';
import { freePort } from '../../free-port';
import { reachableDirectory, silent, startInChild, type ChildSettings, type ServerInChild } from '../../ledger/fixture';

const isRoot = process.getuid?.() === 0;
/** A clone that is closed to user `postgres` has PGlite alone. */
const withPostgres = whyNotPostgres(tmpdir()) === undefined ? describe : describe.skip;
const asRootWithPostgres = isRoot ? withPostgres : describe.skip;
/** `nobody`, as nearly every system numbers it; any number would do. */
const NOBODY = { uid: 65534, gid: 65534 };

let dataDir: string;
let port: number;
beforeEach(async () => {
  dataDir = await reachableDirectory();
  port = await freePort();
});
/** Pids of what a test has started: a test that fails leaves nothing behind either. */
const started = new Set<number>();
afterEach(async () => {
  for (const pid of started) if ((await commandLine(pid)).includes('ledger-')) process.kill(pid, 'SIGKILL');
  started.clear();
  await rm(dataDir, { recursive: true, force: true });
});

async function query(url: string, sql: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  const pool = openPool({ url, timeoutMs: 20_000 });
  try {
    const { rows } = await pool.query<Record<string, unknown>>(sql, [...values]);
    return rows.map((row) => Object.values(row)[0]);
  } finally {
    await pool.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Alive, and not dead but unreaped, as orphans stay where nobody reaps them. */
async function isServing(pid: number): Promise<boolean> {
  return isAlive(pid) && (process.platform !== 'linux' || (await commandLine(pid)) !== '');
}

function commandLine(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}

async function start(kind?: EmbeddedKind): Promise<EmbeddedLedger> {
  const server = await startEmbedded({ dataDir, port, kind, log: silent });
  started.add(server.pid);
  return server;
}

async function startElsewhere(settings: Partial<ChildSettings> = {}): Promise<ServerInChild> {
  const server = await startInChild({ dataDir, port, ...settings });
  started.add(server.pid);
  return server;
}

withPostgres('startEmbedded, PostgreSQL', () => {
  let kept: string;
  beforeAll(async () => {
    kept = await reachableDirectory();
  });
  afterAll(() => rm(kept, { recursive: true, force: true }));
  /** The tests share a data directory: making one takes the most time. */
  beforeEach(async () => {
    await rm(dataDir, { recursive: true });
    dataDir = kept;
  });
  afterEach(async () => {
    dataDir = await reachableDirectory();
  });

  test('begins again where initdb was cut off', async () => {
    await mkdir(join(dataDir, 'postgres.new'));
    await writeFile(join(dataDir, 'postgres.new', 'half'), '');
    const server = await start();
    expect(server.kind).toBe('postgres');
    await server.stop();
  });

  test('serves UTF-8 with a password that only its owner can read, and never as root', async () => {
    const server = await start();
    expect(server.url).toMatch(/@127\.0\.0\.1:\d+\/ledger$/);
    const encoding = 'select pg_encoding_to_char(encoding) from pg_database where datname = $1';
    expect(await query(server.url, encoding, ['ledger'])).toEqual(['UTF8']);
    expect(await query(server.url, 'show max_connections')).toEqual(['100']);
    const guessed = server.url.replace(/:[0-9a-f]+@/, ':guessed@');
    await expect(query(guessed, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'postgres'))).uid).not.toBe(0);
    await server.stop();
  });

  test('keeps its data over a restart', async () => {
    const first = await start();
    await query(first.url, `create table places as select 'Łódź' as place`);
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(await query(second.url, 'select place from places')).toEqual(['Łódź']);
    await second.stop();
  });

  test('notices that the server has died, and starts again', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select 1')).toEqual([1]);
    await second.stop();
  });

  test('says why it did not start', async () => {
    const occupant = createServer().listen(port, '127.0.0.1');
    await once(occupant, 'listening');
    await expect(start()).rejects.toThrow('Address already in use');
    occupant.close();
  });

  test('ends the server of a process that was killed, and goes on with its data', async () => {
    const orphaned = await startElsewhere();
    await query(orphaned.url, 'create table inherited as select 1 as one');
    const died = once(orphaned.parent, 'exit');
    orphaned.parent.kill('SIGKILL');
    await died;
    expect(isAlive(orphaned.pid)).toBe(true);
    const heir = await start();
    expect(heir.pid).not.toBe(orphaned.pid);
    expect(await isServing(orphaned.pid)).toBe(false);
    expect(await query(heir.url, 'select one from inherited')).toEqual([1]);
    await heir.stop();
  });

  test('starts although its old number is another process by now, and leaves that one alone', async () => {
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      ...(isRoot && { uid, gid }),
      cwd: '/',
    });
    await once(bystander, 'spawn');
    const lines = [bystander.pid, join(dataDir, 'postgres'), 1, port, ''];
    await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), lines.join('\n'));
    const server = await start();
    expect(await query(server.url, 'select 1')).toEqual([1]);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill();
    await server.stop();
  });
});

asRootWithPostgres('startEmbedded, by root and by others', () => {
  test('a server started by another user runs as that user', async () => {
    await chmod(dataDir, 0o777);
    const server = await startElsewhere({ dataDir: join(dataDir, 'own'), as: NOBODY });
    expect(server.kind).toBe('postgres');
    expect(await query(server.url, 'select 1')).toEqual([1]);
    expect((await stat(join(dataDir, 'own', 'postgres'))).uid).toBe(NOBODY.uid);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  test('data of another user is refused to a third, rather than begun anew', async () => {
    await mkdir(join(dataDir, 'postgres'), { mode: 0o700 });
    await chmod(dataDir, 0o777);
    await expect(startElsewhere({ as: NOBODY })).rejects.toThrow('belongs to another user');
  });

  test('a directory that is closed to user postgres is named', async () => {
    await chmod(dataDir, 0o700);
    expect(whyNotPostgres(join(dataDir, 'ledger'))).toContain(`${dataDir} is closed to user`);
    await expect(start('postgres')).rejects.toThrow('cannot run');
  });
});

describe('startEmbedded, PGlite', () => {
  test('replaces PostgreSQL where that cannot run, keeps its data, and keeps connections apart', async () => {
    await chmod(dataDir, 0o700);
    const wanted = isRoot ? {} : { kind: 'pglite' as const };
    const first = await startElsewhere(wanted);
    expect(first).toMatchObject({ kind: 'pglite', pid: first.parent.pid });
    await query(first.url, 'create table kept as select 1 as one');
    expect(await mixedUpRows(first.url)).toBe(0);
    await first.stop();
    await chmod(dataDir, 0o755);
    const second = await startElsewhere();
    expect(second.kind).toBe('pglite');
    expect(await query(second.url, 'select one from kept')).toEqual([1]);
    await second.stop();
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  }, 180_000);

  /** Rows that were another connection's, when many statements wait for one transaction's end. */
  async function mixedUpRows(url: string): Promise<number> {
    const pool = openPool({ url, max: 12, timeoutMs: 20_000 });
    const [holder, ...others] = await Promise.all(Array.from({ length: 12 }, () => pool.connect()));
    if (holder === undefined) throw new Error('there is a first one of twelve');
    await holder.query('begin');
    const asked = others.map((client, index) =>
      client.query<{ own: string }>(index % 2 === 0 ? 'select $1::text as own' : 'select $1::text as own, 1 as one', [
        `value ${index}`,
      ]),
    );
    await holder.query('select 1');
    await holder.query('commit');
    const answers = await Promise.all(asked);
    for (const client of [holder, ...others]) client.release();
    await pool.end();
    return answers.filter(({ rows }, index) => rows[0]?.own !== `value ${index}`).length;
  }
});

describe('completeBinaries', () => {
  test('makes the links and rights that an installation without scripts leaves out', async () => {
    const at = (name: string): string => join(dataDir, 'native', name);
    await mkdir(at('lib'), { recursive: true });
    await mkdir(at('bin'));
    for (const file of ['lib/libx.so.1.2', 'bin/initdb', 'bin/postgres'])
      await writeFile(at(file), 'x', { mode: 0o644 });
    const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }];
    await writeFile(at('pg-symlinks.json'), JSON.stringify(links));
    completeBinaries({ root: dataDir, initdb: at('bin/initdb'), postgres: at('bin/postgres') });
    expect(await readFile(at('lib/libx.so.1'), 'utf8')).toBe('x');
    expect((await stat(at('bin/postgres'))).mode & 0o111).toBe(0o111);
  });
});
