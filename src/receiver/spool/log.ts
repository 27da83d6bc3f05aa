import { createBatches } from './batches';
import { scanFrames, type Damage, type Frame } from './frames';
import {
  closeFile,
  createFile,
  fileNumbers,
  isInPlace,
  openFile,
  readFrom,
  removeFile,
  writeTo,
  type LogFile,
} from './log-file';

/** Where a frame lies. */
export interface Place {
  readonly file: LogFile;
  readonly offset: number;
  readonly length: number;
}

/** Frames in files that only ever grow at the end. The oldest file goes when nothing in it means anything any more. */
export interface Log {
  /** What earlier processes wrote, in the order of writing. Each place is live until it is released. */
  readonly recover: () => readonly { readonly place: Place; readonly found: Frame | Damage }[];
  /**
   * Write a frame; a durable one resolves once it is on the disk. Writers at the same time share one flush.
   * @throws what the file system throws: it is not known to be stored.
   */
  readonly append: (frame: Buffer, options?: { readonly durable: boolean }) => Promise<Place>;
  readonly read: (place: Place) => Buffer;
  /** Whether a process that starts now would find it. */
  readonly isInPlace: (place: Place) => boolean;
  /** It means nothing any more. @returns whether its file is gone with it. */
  readonly release: (place: Place) => boolean;
  /** On disk, dead frames included. */
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
}

export interface LogOptions {
  readonly dir: string;
  /** File names begin with it. */
  readonly name: string;
  /** A file that has grown beyond it is followed by another one. */
  readonly fileBytes: number;
  /** Whether the directory is still this process's. */
  readonly isOurs: () => boolean;
}

export function openLog({ dir, name, fileBytes, isOurs }: LogOptions): Log {
  const numbers = fileNumbers(dir, name);
  const files: LogFile[] = [];
  let lastNumber = numbers.at(-1) ?? 0;
  /** The last of them, unless nothing more is to be written into it. */
  let active: LogFile | undefined;

  /** A later file may say of a record in an earlier one that it is done: they go in order. */
  const sweep = (): void => {
    for (let [file] = files; file?.live === 0; [file] = files) {
      if (file === active && batches.isBusy()) return;
      if (file === active) active = undefined;
      files.shift();
      removeFile(file);
    }
  };

  const roomy = async (): Promise<LogFile> => {
    if (active !== undefined && active.size < fileBytes) return active;
    lastNumber += 1;
    active = undefined;
    active = await createFile(dir, name, lastNumber);
    files.push(active);
    return active;
  };

  const write = async (frames: readonly Buffer[], durable: boolean): Promise<readonly Place[]> => {
    const file = await roomy();
    try {
      await writeTo(file, Buffer.concat(frames));
      if (durable) await file.handle?.datasync();
      if (durable && !(isOurs() && isInPlace(file))) throw new Error('the directory or the file was replaced');
    } catch (error) {
      // What a failed write or flush left behind is not known: nothing more goes into this file.
      active = undefined;
      await file.handle?.truncate(file.size).catch(() => undefined);
      throw error;
    }
    return frames.map((frame) => placeIn(file, frame.length));
  };

  const batches = createBatches(write, sweep);
  return {
    recover: () => {
      files.push(...numbers.map((number) => openFile(dir, name, number)));
      const found = files.flatMap(readFrames);
      sweep();
      return found;
    },
    append: (frame, { durable } = { durable: true }) => batches.add(frame, durable),
    read: ({ file, offset, length }) => readFrom(file, offset, length),
    isInPlace: ({ file }) => isInPlace(file),
    release: ({ file }) => {
      file.live -= 1;
      sweep();
      return !files.includes(file);
    },
    bytes: () => files.reduce((sum, { size }) => sum + size, 0),
    close: async () => {
      await batches.settled();
      for (const file of files.splice(0)) await closeFile(file);
    },
  };
}

function placeIn(file: LogFile, length: number): Place {
  const place = { file, offset: file.size, length };
  file.size += length;
  file.live += 1;
  return place;
}

function readFrames(file: LogFile): ReturnType<Log['recover']> {
  const found = scanFrames(readFrom(file, 0, file.size));
  file.live = found.length;
  return found.map((each) => ({ place: { file, offset: each.offset, length: each.length }, found: each }));
}

/** Write a frame that only saves work after a restart: nobody waits for it, and it may fail. */
export function appendNote(log: Log, frame: Buffer): void {
  log.append(frame, { durable: false }).then(log.release, () => undefined);
}
