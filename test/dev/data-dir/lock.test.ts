import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holderOf, takeLock } from '../../../src/dev/data-dir/lock';
import { seeProcess } from '../../../src/process-id';

let place: string;
let path: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(place, 'dev.lock');
});

afterEach(() => rmSync(place, { recursive: true, force: true }));

/** What a process that holds the lock has written. */
function writeLock(pid: number, started: string): void {
  writeFileSync(path, JSON.stringify({ pid, started }));
}

describe('takeLock', () => {
  test('is had by one, who is named to the next, and given back', async () => {
    const first = await takeLock(path);
    expect(first).toHaveProperty('release');
    expect(await takeLock(path)).toMatchObject({ holder: { pid: process.pid } });
    expect(holderOf(path)?.pid).toBe(process.pid);
    if ('release' in first) first.release();
    expect(existsSync(path)).toBe(false);
    expect(holderOf(path)).toBeUndefined();
    expect(await takeLock(path)).toHaveProperty('release');
  });

  test('is not held by a process that was killed', async () => {
    const child = spawn('sleep', ['60']);
    const seen = seeProcess(child.pid ?? 0);
    writeLock(child.pid ?? 0, seen?.started ?? '');
    expect(await takeLock(path)).toMatchObject({ holder: { pid: child.pid } });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await takeLock(path)).toHaveProperty('release');
  });

  test('is not held by another process that has the number now', async () => {
    writeLock(process.pid, 'another start');
    expect(await takeLock(path)).toHaveProperty('release');
  });

  test('is not held by a lock that was never written to its end', async () => {
    writeFileSync(path, '{"pid":');
    expect(await takeLock(path)).toHaveProperty('release');
    expect(readdirSync(place)).toEqual(['dev.lock']);
  });

  test('is not given away by who does not hold it any more', async () => {
    const first = await takeLock(path);
    rmSync(path);
    writeLock(1, seeProcess(1)?.started ?? '');
    if ('release' in first) first.release();
    expect(existsSync(path)).toBe(true);
  });
});

describe('seeProcess', () => {
  test('tells a process that is dead and not yet reaped from one that runs', async () => {
    expect(seeProcess(process.pid)?.command).toContain('node');
    // Its own parent never asks for the end of the inner one.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    while (seeProcess(pid) !== undefined) await new Promise(setImmediate);
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill();
    await once(parent, 'exit');
  });
});
