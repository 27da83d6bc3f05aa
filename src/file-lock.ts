import { closeSync, constants, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { tryLock } from 'fs-native-extensions';

/** The kernel's lock on an open file. A frozen process keeps it; a process that has ended, however it ended, does not. */
export interface FileLock {
  /** False once the file, or its directory, was removed or replaced: then another process may lock the new one. */
  readonly isInPlace: () => boolean;
  /** The file stays. Repeat-safe. */
  readonly release: () => void;
}

/**
 * Lock the file `path`, which is made when it is absent, until `release` or the end of this process. `note` is written
 * into it, for whoever finds it locked.
 * @returns undefined when another process has the lock.
 * @throws Error when the file cannot be opened, or its file system has no such locks, as some network file systems.
 */
export function lockFile(path: string, note: string, lock: (fd: number) => boolean = tryLock): FileLock | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let isOpen = true;
  const release = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  try {
    if (!lock(fd)) {
      release();
      return undefined;
    }
  } catch (error) {
    release();
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path} cannot be locked (${code}): its file system has no file locks. Use a local disk.`, {
      cause: error,
    });
  }
  if (!isAt(fd, path)) {
    // It was removed between opening and locking: what counts is the file that has the name now.
    release();
    return lockFile(path, note, lock);
  }
  writeNote(fd, note);
  return { isInPlace: () => isOpen && isAt(fd, path), release };
}

/** Whether `path` leads to the file that is open as `fd`. */
export function isAt(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd, { bigint: true }), statSync(path, { bigint: true })];
    return open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}

/** A full disk may refuse it: the lock counts all the same. */
function writeNote(fd: number, note: string): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, note, 0);
  } catch {
    // The note is for people alone.
  }
}
