import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seeProcess } from '../../../src/dev/process';
import { endLeftovers, killRecorded, openRegistry } from '../../../src/dev/data-dir/registry';

let place: string;
let file: string;
let children: ChildProcess[];
let said: string[];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'registry-'));
  file = join(place, 'dev.processes.json');
  children = [];
  said = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(place, { recursive: true, force: true });
});

/** A process in a group of its own that ends on SIGTERM, or, deaf, on SIGKILL alone. Resolves when it has said so. */
async function startProcess(
  kind: 'polite' | 'deaf' = 'polite',
): Promise<{ readonly pid: number; readonly end: Promise<unknown[]> }> {
  const script = kind === 'deaf' ? 'trap "" TERM; echo up; while :; do sleep 60; done' : 'echo up; exec sleep 60';
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, end: once(child, 'exit') };
}

function end(): Promise<void> {
  return endLeftovers(file, (line) => said.push(line));
}

describe('endLeftovers', () => {
  test('ends what a killed mt dev had started, what depends on others first, and says so', async () => {
    const [temporal, worker] = [await startProcess(), await startProcess()];
    const registry = openRegistry(file);
    registry.add('temporal', temporal.pid);
    registry.add('worker', worker.pid);
    await end();
    expect(await worker.end).toEqual([null, 'SIGTERM']);
    expect(await temporal.end).toEqual([null, 'SIGTERM']);
    expect(said).toEqual([
      `ending worker (process ${worker.pid}), left behind by an earlier mt dev`,
      `ending temporal (process ${temporal.pid}), left behind by an earlier mt dev`,
    ]);
    expect(existsSync(file)).toBe(false);
  });

  test('leaves a process alone that has the number of one that is gone', async () => {
    const stranger = await startProcess();
    writeFileSync(file, JSON.stringify([{ name: 'worker', pid: stranger.pid, started: 'another start' }]));
    await end();
    expect(seeProcess(stranger.pid)).toBeDefined();
    expect(said).toEqual([]);
  });

  test('does nothing where nothing was left, or nothing can be read', async () => {
    await end();
    writeFileSync(file, '[{');
    await end();
    expect(said).toEqual([]);
  });
});

describe('killRecorded', () => {
  test('ends at once what does not listen, with what it started, and nobody else', async () => {
    const [deaf, other] = [await startProcess('deaf'), await startProcess()];
    openRegistry(file).add('worker', deaf.pid);
    killRecorded(file);
    expect(await deaf.end).toEqual([null, 'SIGKILL']);
    expect(seeProcess(other.pid)).toBeDefined();
  });
});

describe('openRegistry', () => {
  test('has a process on disk as soon as it is added, under its newest number', async () => {
    const [first, second] = [await startProcess(), await startProcess()];
    const registry = openRegistry(file);
    registry.add('worker', first.pid);
    registry.add('worker', second.pid);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject([{ name: 'worker', pid: second.pid }]);
    registry.clear();
    expect(existsSync(file)).toBe(false);
  });
});
