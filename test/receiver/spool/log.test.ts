import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame } from '../../../src/receiver/spool/frames';
import { openLog, type Log } from '../../../src/receiver/spool/log';

const frame = (text: string): Buffer => encodeFrame({ is: 'test' }, Buffer.from(text));

describe('openLog', () => {
  const dirs: string[] = [];
  /** Each frame begins a file of its own. */
  function open(dir = mkdtempSync(join(tmpdir(), 'log-'))): { readonly dir: string; readonly log: Log } {
    dirs.push(dir);
    const log = openLog({ dir, name: 'lane', fileBytes: 1, isOurs: () => true });
    log.recover();
    return { dir, log };
  }
  afterAll(() => {
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  });

  test('keeps the file that a frame is being written into, whatever is released meanwhile', async () => {
    const { dir, log } = open();
    const first = await log.append(frame('first'));
    const second = log.append(frame('second'));
    log.release(first);
    const position = await second;
    expect(log.read(position)).toEqual(frame('second'));
    expect(log.isInPlace(position)).toBe(true);
    expect(readdirSync(dir)).toHaveLength(1);
    await log.close();
  });

  test('never writes into the file of another log, whose descriptor was its own before', async () => {
    const { dir, log } = open();
    const other = openLog({ dir, name: 'other', fileBytes: 1, isOurs: () => true });
    other.recover();
    for (let round = 0; round < 10; round += 1) {
      const before = await log.append(frame('before'));
      const [under, neighbour] = [log.append(frame(`mine ${round}`)), other.append(frame(`other ${round}`))];
      log.release(before);
      const [mine, others] = [await under, await neighbour];
      expect(log.read(mine)).toEqual(frame(`mine ${round}`));
      expect(other.read(others)).toEqual(frame(`other ${round}`));
      log.release(mine);
      other.release(others);
    }
    await Promise.all([log.close(), other.close()]);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('takes nothing once it is closed', async () => {
    const { log } = open();
    await log.append(frame('first'));
    await log.close();
    await expect(log.append(frame('late'))).rejects.toThrow('closed');
  });
});
