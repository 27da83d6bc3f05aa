import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { serverIds } from '../../src/dev/embedded-ledger/can-run';
import { openPool, prepareLedger } from '../../src/ledger';
import { freePort } from '../free-port';
import { createDatabase, reachableDirectory } from '../ledger/fixture';
import { onEnd, run } from './processes';
import type { Outcome } from './trial';

/** A server of its own in a new directory; as root, as user `postgres`. Answers its URL. */
export async function startPostgres(initdb: string): Promise<string> {
  const directory = await reachableDirectory();
  onEnd(() => rm(directory, { recursive: true, force: true }));
  const data = join(directory, 'data');
  const ids = serverIds(data) ?? {};
  if (ids.uid !== undefined && ids.gid !== undefined) chownSync(directory, ids.uid, ids.gid);
  const options = { ...ids, cwd: directory };
  execFileSync(initdb, ['-D', data, '-A', 'trust', '-U', 'postgres'], { ...options, stdio: 'ignore' });
  const port = await freePort();
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${directory}`];
  await run(join(dirname(initdb), 'postgres'), ['-D', data, '-p', String(port), ...settings], port, options);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await untilAccepts(url);
  return url;
}

/** It listens before it has started. */
async function untilAccepts(url: string): Promise<void> {
  const pool = openPool({ url, max: 1 });
  const isUp = (): Promise<boolean> =>
    pool.query('select 1').then(
      () => true,
      () => false,
    );
  for (let tries = 0; tries < 300 && !(await isUp()); tries += 1) await sleep(100);
  await pool.end();
}

/**
 * PgBouncer in transaction mode in front of the server at `url`, with fewer sessions than the tests have connections:
 * what one of them leaves in a session meets another. Answers its URL.
 */
export async function startPgBouncer(program: string, url: string): Promise<string> {
  const server = new URL(url);
  const directory = await reachableDirectory();
  onEnd(() => rm(directory, { recursive: true, force: true }));
  const ids = serverIds(directory) ?? {};
  const port = await freePort();
  const file = join(directory, 'pgbouncer.ini');
  const settings = [
    '[databases]',
    `* = host=${server.hostname} port=${server.port} user=${server.username}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 5',
    'max_client_conn = 500',
  ];
  await writeFile(file, settings.join('\n'));
  await run(program, [file], port, { ...ids, cwd: directory });
  return `postgres://${server.username}@127.0.0.1:${port}${server.pathname}`;
}

/**
 * The rights that docs/operating.md gives, as they are written there: the role of `mt setup` makes the tables, and that of the
 * worker finds them, may write their rows, and no more.
 */
export async function tryDocumentedRights(server: string): Promise<void> {
  const { url, drop } = await createDatabase(server);
  const page = await readFile(join(__dirname, '..', '..', 'docs', 'operating.md'), 'utf8');
  const [, statements = ''] = /```sql\n(create role mindtickle_setup .*?)```/s.exec(page) ?? [];
  assert.notEqual(statements, '', 'the page has no statements');
  const as = (role: string): string => Object.assign(new URL(url), { username: role, password: PASSWORD }).href;
  const [admin, setup, worker] = [url, as('mindtickle_setup'), as('mindtickle')].map((each) =>
    openPool({ url: each, max: 1 }),
  ) as [Pool, Pool, Pool];
  try {
    await admin.query(statements.replaceAll('…', PASSWORD));
    assert.notDeepEqual(await prepareLedger(setup), [], 'mt setup makes the tables');
    assert.deepEqual(await prepareLedger(worker), [], 'the worker finds them');
    await worker.query("delete from receipts where event_id = 'nobody'");
    await assert.rejects(worker.query('create table more (id int)'), { code: '42501' });
    await assert.rejects(worker.query('drop table receipts'), { code: '42501' });
  } finally {
    for (const pool of [setup, worker]) await pool.end();
    await drop();
    const roles = openPool({ url: server, max: 1 });
    await roles.query('drop role if exists mindtickle, mindtickle_setup');
    await Promise.all([admin.end(), roles.end()]);
  }
}

const PASSWORD = 'a-password-of-the-peers';

/** Under a pooler there is no database of one session, and roles come from its own file. */
const NOT_OF_A_PEER = ['migrations', 'pool'];

/** The ledger's own tests, on this server. @throws Error with the end of Jest's output when one fails. */
export async function tryLedger(url: string, report: string, role: 'owner' | 'rows' = 'owner'): Promise<Outcome> {
  const folder = join(__dirname, '..', 'ledger');
  const names = (await readdir(folder)).flatMap((file) =>
    file.endsWith('.test.ts') ? [basename(file, '.test.ts')] : [],
  );
  const tests = names.filter((name) => !NOT_OF_A_PEER.includes(name));
  const files = `test/ledger/(${tests.join('|')})\\.test\\.ts$`;
  const jest = [require.resolve('jest/bin/jest'), '--testPathPatterns', files, '--maxWorkers', '1'];
  const env = { ...process.env, TEST_DATABASE_URL: url, TEST_LEDGER_ROLE: role };
  const cwd = join(__dirname, '..', '..');
  const child = spawn(process.execPath, [...jest, '--json', '--outputFile', report], {
    env,
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-4000)));
  onEnd(async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return Promise.resolve();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the ledger's tests failed: ${output}`);
  const { numPassedTests, numPassedTestSuites } = JSON.parse(await readFile(report, 'utf8')) as Record<
    'numPassedTests' | 'numPassedTestSuites',
    number
  >;
  assert.equal(numPassedTestSuites, tests.length, 'a test file did not run');
  return { calls: numPassedTests, faults: [] };
}
