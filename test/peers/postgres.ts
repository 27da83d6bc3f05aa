import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { serverIds } from '../../src/dev/embedded-ledger/can-run';
import { freePort } from '../free-port';
import { reachableDirectory } from '../ledger/fixture';
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
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

const TESTS = [
  'effects',
  'record',
  'race',
  'queries',
  'conflicts',
  'pruning',
  'reconcile',
  'refusals',
  'import',
  'orders',
];

/** The ledger's own tests, on this server. @throws Error with the end of Jest's output when one fails. */
export async function tryLedger(url: string, report: string): Promise<Outcome> {
  const files = `test/ledger/(${TESTS.join('|')})\\.test\\.ts$`;
  const jest = [require.resolve('jest/bin/jest'), '--testPathPatterns', files, '--maxWorkers', '1'];
  const env = { ...process.env, TEST_DATABASE_URL: url };
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
  assert.equal(numPassedTestSuites, TESTS.length, 'a test file of the list is not there');
  return { calls: numPassedTests, faults: [] };
}
