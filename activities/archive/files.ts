import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Check } from '../connector';
import { rejected, unavailable } from '../failure';

const READ = 'read a file';
const WRITE = 'write a file';
const REMOVE = 'remove a file';

/** Of a key that is taken. */
export const OTHER_BYTES = 'holds other bytes under this key: they are never written over; move them, then retryStep';

/** Where the archive is kept. */
export interface Store {
  /**
   * Write the bytes under the key, whole or not at all, and never over others. `same`: they were there already.
   * @throws `archive.unavailable` (retries); `archive.rejected` where other bytes have the key.
   */
  readonly put: (key: string, bytes: Buffer) => Promise<'stored' | 'same'>;
  /** Are these bytes there? @throws `archive.unavailable` (retries). */
  readonly holds: (key: string, bytes: Buffer) => Promise<boolean>;
  /** It is gone afterwards, or was not there. @throws as `put`. */
  readonly remove: (key: string) => Promise<void>;
  /** Can it be written, as far as that shows without writing? @throws as `put`. */
  readonly check: Check;
}

/**
 * The archive in a folder, `file:///…`. A temporary file is written beside the target, synced, then linked: a kill leaves
 * the whole file or none.
 */
export function createFileStore(url: string): Store {
  const root = fileURLToPath(url);
  return {
    put: (key, bytes) => writeOnce(join(root, key), bytes),
    holds: (key, bytes) => holds(join(root, key), bytes),
    remove: (key) => removeFile(join(root, key)),
    check: () => checkFolder(root),
  };
}

async function holds(path: string, bytes: Buffer): Promise<boolean> {
  try {
    return bytes.equals(await readFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw failed(READ, error);
  }
}

/** The folder can be written, or the parent in which it will be made. */
async function checkFolder(root: string): Promise<void> {
  for (let path = root; ; path = dirname(path)) {
    try {
      await access(path, constants.W_OK);
      if ((await stat(path)).isDirectory()) return;
      throw failed(WRITE, { code: 'ENOTDIR' });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw 'code' in (error as object) ? failed(WRITE, error) : error;
    }
  }
}

/** What is known of a call that failed, by the code of Node.js. */
const CAUSES: Readonly<Record<string, string>> = {
  EACCES: "the worker's user has no right to",
  EPERM: "the worker's user has no right to",
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'ARCHIVE_URL leads to a file, not to a folder',
  ENAMETOOLONG: 'the path is too long for the file system',
};

/** Somebody frees the disk, or gives the right, and then the step continues by itself. */
function failed(call: string, error: unknown): Error {
  const code = codeOf(error);
  return unavailable('archive', `failed: ${CAUSES[code] ?? code}`, { code, call });
}

async function writeOnce(path: string, bytes: Buffer): Promise<'stored' | 'same'> {
  const directory = dirname(path);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(directory, { recursive: true });
    await writeSynced(temporary, bytes);
    const result = await linkOnce(temporary, path, bytes);
    await syncDirectory(directory);
    return result;
  } catch (error) {
    if (!('code' in (error as object))) throw error;
    throw failed(WRITE, error);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function linkOnce(temporary: string, path: string, bytes: Buffer): Promise<'stored' | 'same'> {
  try {
    await link(temporary, path);
    return 'stored';
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!bytes.equals(await readFile(path))) throw rejected('archive', OTHER_BYTES, { call: WRITE });
    return 'same';
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw failed(REMOVE, error);
  }
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown';
}
