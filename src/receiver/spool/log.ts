import * as fs from 'node:fs';
import { closeSync, fstatSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAt } from '../../file-lock';
import { scanFrames, type Damage, type Frame } from './frames';

const [write, flush, flushAll, truncate] = [
  promisify(fs.write),
  promisify(fs.fdatasync),
  promisify(fs.fsync),
  promisify(fs.ftruncate),
];

interface LogFile {
  readonly path: string;
  readonly fd: number;
  size: number;
  /** How many of its frames are still needed. */
  live: number;
}

/** Where a frame is. */
export interface LogPosition {
  readonly file: LogFile;
  readonly offset: number;
  readonly length: number;
}

/** Frames in files that only grow at the end. The oldest file is removed once none of its frames is needed. */
export interface Log {
  /** What earlier processes wrote, in the order of writing. Each frame is needed until it is released. */
  readonly recover: () => readonly { readonly position: LogPosition; readonly found: Frame | Damage }[];
  /**
   * Write a frame, and resolve once it is on the disk. Frames that come at the same time share one flush.
   * @throws what the file system throws, or Error when the directory was replaced: then the frame may be stored or not.
   */
  readonly append: (frame: Buffer) => Promise<LogPosition>;
  /** Write a frame that only saves work after a restart: nobody waits for it, and it may fail. */
  readonly appendNote: (frame: Buffer) => void;
  readonly read: (position: LogPosition) => Buffer;
  /** Whether a process that starts now would find it. */
  readonly isInPlace: (position: LogPosition) => boolean;
  /** It is no longer needed. @returns whether its file is removed as well. */
  readonly release: (position: LogPosition) => boolean;
  /** On disk, with the frames that are no longer needed. */
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
}

export interface LogOptions {
  readonly dir: string;
  /** File names begin with it. */
  readonly name: string;
  /** Once a file is larger, the next frame begins another one. */
  readonly fileBytes: number;
  /** Whether the directory is still this process's. */
  readonly isOurs: () => boolean;
}

interface Waiting {
  readonly frame: Buffer;
  readonly durable: boolean;
  readonly resolve: (position: LogPosition) => void;
  readonly reject: (error: unknown) => void;
}

/** The log `name` in `dir`. `recover` comes first. */
export function openLog({ dir, name, fileBytes, isOurs }: LogOptions): Log {
  const numbers = fileNumbers(dir, name);
  const files = numbers.map((number) => openFile(pathOf(dir, name, number), 'r'));
  let lastNumber = numbers.at(-1) ?? 0;
  /** `writable`: more may be written into the last of them. */
  let state: 'sealed' | 'writable' | 'closed' = 'sealed';

  /**
   * From the oldest: a later file may say of a record in an earlier one that it is done. While something is written, the
   * last file stays, from its opening on: once it is closed, its descriptor may be another file's, which would be written.
   */
  const removeUnneeded = (): void => {
    for (let [file] = files; file?.live === 0; [file] = files) {
      if (queue.isBusy() && files.length === 1) return;
      files.shift();
      removeFile(file);
    }
  };

  const writableFile = async (): Promise<LogFile> => {
    const last = files.at(-1);
    if (state === 'writable' && last !== undefined && last.size < fileBytes) return last;
    if (state === 'closed' || !isOurs()) throw new Error('The log is closed, or its directory was replaced.');
    state = 'sealed';
    const file = openFile(pathOf(dir, name, (lastNumber += 1)), 'wx+');
    files.push(file);
    await flushDirectory(dir);
    state = 'writable';
    return file;
  };

  const queue = createWriteQueue(async (frames, durable) => {
    const file = await writableFile();
    try {
      await writeAtEnd(file, Buffer.concat(frames));
      if (durable) await flush(file.fd);
      if (!isOurs() || !isAt(file.fd, file.path)) throw new Error('The directory or the file was replaced.');
    } catch (error) {
      // What a failed write or flush left behind is unknown: nothing more is written into this file.
      state = 'sealed';
      await truncate(file.fd, file.size).catch(() => undefined);
      throw error;
    }
    return frames.map((frame) => addFrame(file, frame.length));
  }, removeUnneeded);

  const release: Log['release'] = ({ file }) => {
    file.live -= 1;
    removeUnneeded();
    return !files.includes(file);
  };
  return {
    recover: () => {
      const found = files.flatMap(readFrames);
      removeUnneeded();
      return found;
    },
    append: (frame) => queue.add(frame, true),
    appendNote: (frame) => void queue.add(frame, false).then(release, () => undefined),
    read: ({ file, offset, length }) => readFrom(file, offset, length),
    isInPlace: ({ file }) => isAt(file.fd, file.path),
    release,
    bytes: () => files.reduce((sum, { size }) => sum + size, 0),
    close: async () => {
      await queue.settled();
      state = 'closed';
      for (const { fd } of files.splice(0)) closeSync(fd);
    },
  };
}

/** A larger batch is written as several. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** Frames that wait at the same time are written together. `writeBatch` returns one position a frame, in their order. */
function createWriteQueue(
  writeBatch: (frames: readonly Buffer[], durable: boolean) => Promise<readonly LogPosition[]>,
  onIdle: () => void,
) {
  const waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      try {
        const positions = await writeBatch(
          batch.map(({ frame }) => frame),
          batch.some(({ durable }) => durable),
        );
        for (const [index, position] of positions.entries()) batch[index]?.resolve(position);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = undefined;
    onIdle();
  };

  return {
    add: async (frame: Buffer, durable: boolean): Promise<LogPosition> =>
      new Promise((resolve, reject) => {
        waiting.push({ frame, durable, resolve, reject });
        writing ??= writeAll();
      }),
    isBusy: () => writing !== undefined,
    settled: async () => writing,
  };
}

function takeBatch(waiting: Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const end = waiting.findIndex(({ frame }) => (bytes += frame.length) > MAX_BATCH_BYTES);
  return waiting.splice(0, end < 0 ? waiting.length : Math.max(1, end));
}

const SUFFIX = '.log';

function pathOf(dir: string, name: string, number: number): string {
  return join(dir, `${name}-${String(number).padStart(12, '0')}${SUFFIX}`);
}

/** The numbers of the files that a log has, the oldest first. */
function fileNumbers(dir: string, name: string): readonly number[] {
  return readdirSync(dir)
    .filter((file) => file.startsWith(`${name}-`) && file.endsWith(SUFFIX))
    .map((file) => Number(file.slice(name.length + 1, -SUFFIX.length)))
    .filter(Number.isInteger)
    .sort((a, b) => a - b);
}

function openFile(path: string, flags: 'r' | 'wx+'): LogFile {
  const fd = openSync(path, flags, 0o600);
  return { path, fd, size: fstatSync(fd).size, live: 0 };
}

/** The name of a new file is on the disk only once its directory is. */
async function flushDirectory(dir: string): Promise<void> {
  const fd = openSync(dir, 'r');
  await flushAll(fd).finally(() => closeSync(fd));
}

/** All of `bytes`. `size` does not change. */
async function writeAtEnd({ fd, size }: LogFile, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await write(fd, bytes, done, bytes.length - done, size + done)).bytesWritten;
}

function addFrame(file: LogFile, length: number): LogPosition {
  const position = { file, offset: file.size, length };
  file.size += length;
  file.live += 1;
  return position;
}

function readFrames(file: LogFile): ReturnType<Log['recover']> {
  const found = scanFrames(readFrom(file, 0, file.size));
  file.live = found.length;
  return found.map((each) => ({ position: { file, offset: each.offset, length: each.length }, found: each }));
}

/** Fewer bytes than `length` when the file was cut off. */
function readFrom({ fd }: LogFile, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}

/** A file that was left there is read and drained once more by the next process: that is harmless. */
function removeFile({ fd, path }: LogFile): void {
  try {
    // Under the same name there may be the next owner's by now.
    if (isAt(fd, path)) unlinkSync(path);
  } catch {
    // See above.
  }
  closeSync(fd);
}
