/** The spool: a folder that this process may write to, on a disk that is large and quick enough. */
import { constants, existsSync } from 'node:fs';
import { access, open, readFile, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lockFile } from '../file-lock';
import { fail, ok, warn, type Check, type Finding } from './check';

export interface SpoolSettings {
  readonly dir: string;
  readonly maxBytes: number;
}

/** As the spool itself keeps free. */
const RESERVE_BYTES = 64 * 1024 * 1024;
const RESERVED_SHARE = 1 / 16;
/** A delivery is answered once its record is on the disk. */
const SLOW_FLUSH_MS = 200;
const LOCAL_DISK = 'Use a local disk (DATA_DIR), not a network file system.';

/** Undefined: it is off. */
export function spoolCheck(spool: SpoolSettings | undefined): Check {
  const run = (): Promise<readonly Finding[]> =>
    spool === undefined
      ? Promise.resolve([
          warn(
            'Spool',
            'It is off: while Temporal is away, deliveries are refused and the sender has to send them again.',
            'Set SPOOL=on where the host has a disk that lasts.',
          ),
        ])
      : examineSpool(spool);
  return { name: 'Spool', whenLate: `The disk hangs. ${LOCAL_DISK}`, run };
}

export async function examineSpool({ dir, maxBytes }: SpoolSettings): Promise<readonly Finding[]> {
  const place = await nearestFolder(dir);
  const refusal = await refusalOf(place);
  if (refusal !== undefined) return [refusal];
  const isMade = place === dir;
  return [
    isMade ? await examineOwner(dir) : ok('Spool', `${dir} is made at the first start.`),
    await examineSpace(place, maxBytes),
    await examineFlush(place),
  ];
}

/** The folder itself, or the nearest one above it that is there. */
async function nearestFolder(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  const above = dirname(path);
  return isThere || above === path ? path : nearestFolder(above);
}

async function refusalOf(place: string): Promise<Finding | undefined> {
  const { uid, isFolder } = await stat(place).then((found) => ({ uid: found.uid, isFolder: found.isDirectory() }));
  if (!isFolder) return fail('Spool', `${place} is no folder.`, 'Name another folder in DATA_DIR.');
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    const us = process.getuid?.() ?? 0;
    return fail(
      'Spool',
      `${place} cannot be written by this process (user ${us}); it belongs to user ${uid}.`,
      `Run \`chown -R ${us} ${place}\`, or name another folder in DATA_DIR.`,
    );
  }
}

async function examineOwner(dir: string): Promise<Finding> {
  const path = join(dir, 'owner.lock');
  if (!existsSync(path)) return ok('Spool', `${dir} is empty, and no receiver has used it yet.`);
  try {
    const lock = lockFile(path, '');
    if (lock === undefined)
      return ok('Spool', `${dir} is in use by ${(await readFile(path, 'utf8')) || 'a receiver'}.`);
    lock.release();
    return ok('Spool', `${dir} can be written; no receiver uses it now.`);
  } catch {
    return fail('Spool', `${dir} cannot be locked, so that two receivers could use it at once.`, LOCAL_DISK);
  }
}

async function examineSpace(place: string, maxBytes: number): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(place);
  const free = bavail * bsize;
  const reserve = Math.min(RESERVE_BYTES, blocks * bsize * RESERVED_SHARE);
  const name = 'Spool space';
  if (free < reserve)
    return fail(name, `The disk has ${size(free)} free: nothing is stored below ${size(reserve)}.`, 'Free some space.');
  if (free - reserve < maxBytes)
    return warn(
      name,
      `The disk has ${size(free)} free, less than SPOOL_MAX_BYTES (${size(maxBytes)}).`,
      `Free some space, or set SPOOL_MAX_BYTES to ${Math.max(65_536, Math.floor(free - reserve))} or less.`,
    );
  return ok(name, `The disk has ${size(free)} free, and the spool takes at most ${size(maxBytes)}.`);
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${UNITS[power]}`;
}

/** Writes a small file and removes it. The better of two: the first one may wait for somebody else's. */
async function examineFlush(place: string): Promise<Finding> {
  const name = 'Spool flush';
  try {
    const ms = Math.min(await flushTime(place), await flushTime(place));
    const took = `A record is on the disk after ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
    return ms < SLOW_FLUSH_MS
      ? ok(name, `${took}.`)
      : warn(name, `${took}: every delivery waits so long for its answer.`, `Use a quicker disk. ${LOCAL_DISK}`);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return fail(name, `A file cannot be written (${code}).`, 'Free some space, or see whether the disk is broken.');
  }
}

async function flushTime(place: string): Promise<number> {
  const path = join(place, `.doctor-${process.pid}`);
  const begunAt = performance.now();
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.write(Buffer.alloc(4096));
      await file.sync();
    } finally {
      await file.close();
    }
    return performance.now() - begunAt;
  } finally {
    await rm(path, { force: true });
  }
}
