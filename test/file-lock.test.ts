import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../src/file-lock';

let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lock-'));
  mkdirSync(join(parent, 'data'));
  path = join(parent, 'data', 'owner.lock');
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('lockFile', () => {
  test('locks once until it is released, and leaves the note of the present owner', () => {
    const first = lockFile(path, 'the first, with a long name');
    expect(first?.isInPlace()).toBe(true);
    expect(lockFile(path, 'the second')).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('the first, with a long name');
    first?.release();
    first?.release();
    expect(first?.isInPlace()).toBe(false);
    const second = lockFile(path, 'the second');
    expect(readFileSync(path, 'utf8')).toBe('the second');
    second?.release();
  });

  test.each([
    ['the file is removed', () => rmSync(path)],
    ['its directory is moved away', () => renameSync(join(parent, 'data'), join(parent, 'old'))],
    [
      'its directory is replaced, and locked by another owner',
      () => {
        renameSync(join(parent, 'data'), join(parent, 'old'));
        mkdirSync(join(parent, 'data'));
        lockFile(path, 'another')?.release();
      },
    ],
  ])('is not in place any more once %s', (_what, change) => {
    const lock = lockFile(path, '');
    change();
    expect(lock?.isInPlace()).toBe(false);
    lock?.release();
  });

  test('says so when the file system has no locks', () => {
    const refuse = (): never => {
      throw Object.assign(new Error('no locks available'), { code: 'ENOLCK' });
    };
    expect(() => lockFile(path, '', refuse)).toThrow(/owner\.lock cannot be locked \(ENOLCK\): .* Use a local disk\.$/);
  });
});
