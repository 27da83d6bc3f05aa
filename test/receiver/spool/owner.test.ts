import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openSpool, type Spool } from '../../../src/receiver/spool';
import { createCappedLog, createLogger } from '../../../src/telemetry';
import { NOW, record } from './records';

const log = createCappedLog(createLogger('test', 'silent'), () => NOW);
const runTypeScript = resolve(__dirname, '../../run-typescript.cjs');

let parent: string;
let dir: string;
const children: ChildProcess[] = [];
let spools: Spool[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'owner-'));
  dir = join(parent, 'spool');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const spool of spools.splice(0)) await spool.close();
  rmSync(parent, { recursive: true });
});

async function open(onLost = (): void => undefined): Promise<Spool> {
  const spool = await openSpool({ dir, maxBytes: 1_000_000, now: () => NOW, log, patienceMs: 0, onLost });
  spools.push(spool);
  return spool;
}

async function openInChild(): Promise<ChildProcess> {
  const child = fork(join(__dirname, 'spool-process.ts'), [dir], { execArgv: ['-r', runTypeScript] });
  children.push(child);
  await once(child, 'message');
  return child;
}

async function putIn(child: ChildProcess, id: string): Promise<unknown> {
  child.send(id);
  const [outcome] = (await once(child, 'message')) as [unknown];
  return outcome;
}

describe('the owner of a spool', () => {
  test('is one: a second one is refused, and reads who it is and what to do', async () => {
    const child = await openInChild();
    await expect(open()).rejects.toThrow(
      new RegExp(`belongs to another process that runs \\(process ${child.pid} on .*\\): stop that one first`),
    );
  });

  test('stays the owner while it is frozen, so that it may go on as if nothing had been', async () => {
    const child = await openInChild();
    child.kill('SIGSTOP');
    await expect(open()).rejects.toThrow('a frozen one too');
    child.kill('SIGCONT');
    expect(await putIn(child, 'a')).toBe('stored');
  });

  test('gives the directory back at once when it is killed, with all that it had stored', async () => {
    const child = await openInChild();
    await putIn(child, 'a');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const spool = await open();
    expect(spool.oldest(3, 9, () => false).map(({ workflowId }) => workflowId)).toEqual(['a']);
  });

  test.each([
    ['removed', () => rmSync(dir, { recursive: true })],
    ['moved away', () => renameSync(dir, join(parent, 'old'))],
    [
      'replaced by another one',
      () => {
        renameSync(dir, join(parent, 'old'));
        mkdirSync(dir);
      },
    ],
  ])('acknowledges nothing once its directory was %s', async (_what, change) => {
    const spool = await open();
    await spool.put(record('a'));
    change();
    for (const id of ['a', 'b']) expect(await spool.put(record(id))).toEqual({ outcome: 'refused', cause: 'disk' });
    expect(spool.status().refusing).toBe('disk');
  });

  test('still hands over what it has when its directory was replaced, and touches nothing of the next owner', async () => {
    const onLost = jest.fn();
    const spool = await open(onLost);
    await spool.put(record('a'));
    renameSync(dir, join(parent, 'old'));
    const next = await open();
    await next.put(record('b'));
    expect(await spool.put(record('c'))).toEqual({ outcome: 'refused', cause: 'disk' });
    expect(onLost).not.toHaveBeenCalled();
    for (const entry of spool.oldest(3, 9, () => false)) {
      expect(entry).toMatchObject(record('a'));
      spool.remove(entry);
    }
    await spool.put(record('c'));
    expect(onLost).toHaveBeenCalled();
    spools = spools.filter((each) => each !== next);
    await next.close();
    expect((await open()).oldest(3, 9, () => false)).toMatchObject([record('b')]);
  });

  test('acknowledges nothing whose file was removed', async () => {
    const spool = await open();
    await spool.put(record('a'));
    for (const name of readdirSync(dir).filter((file) => file.endsWith('.log'))) rmSync(join(dir, name));
    for (const id of ['a', 'b']) expect(await spool.put(record(id))).toEqual({ outcome: 'refused', cause: 'disk' });
    expect(await spool.put(record('c'))).toEqual({ outcome: 'stored' });
  });
});
