import { closeSync, fstatSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isAt } from '../../file-lock';

/** One file of a log. */
export interface LogFile {
  readonly path: string;
  readonly fd: number;
  /** Undefined: an earlier process's, which is only read. */
  readonly handle: FileHandle | undefined;
  size: number;
  /** Frames in it that still mean something. */
  live: number;
}

const SUFFIX = '.log';

/** The numbers of a log's files, in the order of making. */
export function fileNumbers(dir: string, name: string): readonly number[] {
  return readdirSync(dir)
    .filter((file) => file.startsWith(`${name}-`) && file.endsWith(SUFFIX))
    .map((file) => Number(file.slice(name.length + 1, -SUFFIX.length)))
    .filter(Number.isInteger)
    .sort((a, b) => a - b);
}

function pathOf(dir: string, name: string, number: number): string {
  return join(dir, `${name}-${String(number).padStart(12, '0')}${SUFFIX}`);
}

export function openFile(dir: string, name: string, number: number): LogFile {
  const path = pathOf(dir, name, number);
  const fd = openSync(path, 'r');
  return { path, handle: undefined, fd, size: fstatSync(fd).size, live: 0 };
}

/** A new file's name is on the disk only when its directory is. */
export async function createFile(dir: string, name: string, number: number): Promise<LogFile> {
  const path = pathOf(dir, name, number);
  const handle = await open(path, 'wx+', 0o600);
  try {
    const directory = await open(dir, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { path, handle, fd: handle.fd, size: 0, live: 0 };
}

/** At its end, whole. `size` stays as it is. */
export async function writeTo({ handle, size }: LogFile, bytes: Buffer): Promise<void> {
  if (handle === undefined) throw new Error('a file of an earlier process is only read');
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at, size + at)).bytesWritten;
}

/** Fewer bytes than asked for when the file was cut off. */
export function readFrom({ fd }: LogFile, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}

/** Whether the file is still the one of its name: its directory may have been removed or replaced. */
export function isInPlace({ fd, path }: LogFile): boolean {
  return isAt(fd, path);
}

export function removeFile(file: LogFile): void {
  try {
    if (isInPlace(file)) unlinkSync(file.path);
  } catch {
    // It comes again at the next start, and is drained again: harmless.
  }
  closeFile(file).catch(() => undefined);
}

export async function closeFile({ fd, handle }: LogFile): Promise<void> {
  if (handle === undefined) closeSync(fd);
  else await handle.close();
}
