import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adoptDataDir, dataDirAt, readDevLedger, type DataDir } from '../../../src/dev/data-dir';
import { lockFile } from '../../../src/file-lock';

let dir: DataDir;
beforeEach(() => (dir = dataDirAt(mkdtempSync(join(tmpdir(), 'adopt-')))));
afterEach(() => rmSync(dir.path, { recursive: true }));

const adopt = (): Promise<() => void> => adoptDataDir(dir, () => undefined);

describe('adoptDataDir', () => {
  test('gives the directory to one process, names it to the next, and gives it back', async () => {
    const giveBack = await adopt();
    await expect(adopt()).rejects.toThrow(
      `already runs on ${dir.path} as process ${process.pid} (it is still starting)`,
    );
    giveBack();
    expect(existsSync(dir.lock)).toBe(false);
    (await adopt())();
  });

  test('removes what a killed one left, which counted for nothing', async () => {
    writeFileSync(dir.lock, String(process.pid));
    writeFileSync(dir.devLedger, '{"url":"postgres://gone"}');
    expect(readDevLedger(dir.path)).toBeUndefined();
    const giveBack = await adopt();
    expect(existsSync(dir.devLedger)).toBe(false);
    writeFileSync(dir.devLedger, '{"url":"postgres://here"}');
    expect(readDevLedger(dir.path)).toBe('postgres://here');
    giveBack();
  });

  test('waits for one who only looks whether the directory is in use', async () => {
    const looking = lockFile(dir.lock, '');
    const adopting = adopt();
    looking?.release();
    const giveBack = await adopting;
    expect(existsSync(dir.lock)).toBe(true);
    giveBack();
  });

  test('leaves a lock that is not its own any more', async () => {
    const giveBack = await adopt();
    rmSync(dir.lock);
    const other = lockFile(dir.lock, 'another');
    giveBack();
    expect(existsSync(dir.lock)).toBe(true);
    other?.release();
  });
});
