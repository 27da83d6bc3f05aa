import { constants, watch, type FSWatcher } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface WatchedFileOptions {
  readonly path: string;
  /** Its contents when it was read last, trimmed. */
  readonly known: string;
  /** Called with its contents, trimmed, once they are new and have settled; undefined: it cannot be read, or is no small file. */
  readonly onChange: (text: string | undefined) => void;
  /** Two readings that far apart have to agree, so that a file that is half written is not taken for the whole. */
  readonly settleMs?: number;
  /** How often it is read without an event: not every mount sends events, and a link may lead elsewhere. */
  readonly pollMs?: number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Calls back at whatever happens in a directory, and only then. @throws when it cannot be watched. */
  readonly watchDirectory?: (path: string, onEvent: () => void) => Pick<FSWatcher, 'close' | 'on'>;
}

const SETTLE_MS = 100;
const POLL_MS = 5000;
/** A setting is short. What is longer is the wrong file. */
const MAX_BYTES = 65_536;

const waitReally = (ms: number, signal: AbortSignal): Promise<unknown> => delay(ms, undefined, { signal, ref: false });
const watchReally = (path: string, onEvent: () => void): FSWatcher => watch(path, { persistent: false }, onEvent);

/**
 * Watch a small file, however it is replaced: written in place, renamed over, deleted and made anew, or behind a link
 * that is turned to another directory (Kubernetes' `..data`). So its directory is watched, not the file, which may be
 * another one each time. Nothing throws when file or directory vanish. Libraries that watch files neither wait for a
 * half-written file nor follow `..data`. Nothing here keeps the process alive.
 * @returns what ends it.
 */
export function watchFile(options: WatchedFileOptions): () => void {
  const { path, onChange, settleMs = SETTLE_MS, pollMs = POLL_MS, wait = waitReally } = options;
  const closing = new AbortController();
  let known: string | undefined = options.known;
  let isLooking = false;
  let isAsked = false;

  /** The contents once two readings agree. Known contents need no second reading. */
  const settled = async (): Promise<string | undefined> => {
    for (let text = await read(path); ;) {
      if (text === known) return text;
      await wait(settleMs, closing.signal);
      const next = await read(path);
      if (next === text) return text;
      text = next;
    }
  };
  const look = async (): Promise<void> => {
    isAsked = true;
    if (isLooking) return;
    isLooking = true;
    try {
      while (takeAsked()) {
        const text = await settled();
        if (closing.signal.aborted || text === known) continue;
        known = text;
        onChange(text);
      }
    } catch (error) {
      if (!closing.signal.aborted) throw error;
    } finally {
      isLooking = false;
    }
  };
  const takeAsked = (): boolean => {
    const wasAsked = isAsked && !closing.signal.aborted;
    isAsked = false;
    return wasAsked;
  };

  const directory = keepWatching(dirname(path), () => void look(), options.watchDirectory ?? watchReally);
  const poll = setInterval(() => {
    directory.renew();
    void look();
  }, pollMs).unref();
  // For what changed between the first reading and the watch.
  void look();
  return () => {
    closing.abort();
    clearInterval(poll);
    directory.close();
  };
}

/** A watch that comes back by `renew` after its directory was gone, or another one came in its place. */
function keepWatching(
  path: string,
  onEvent: () => void,
  watchDirectory: NonNullable<WatchedFileOptions['watchDirectory']>,
): { readonly renew: () => void; readonly close: () => void } {
  let watcher: Pick<FSWatcher, 'close' | 'on'> | undefined;
  const close = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  // A watch stays with the directory that it began with, and not every platform says when that one is gone.
  const renew = (): void => {
    const before = watcher;
    try {
      watcher = watchDirectory(path, onEvent).on('error', close);
    } catch {
      watcher = undefined;
    }
    before?.close();
  };
  renew();
  return { renew, close };
}

/** Opening must not wait for a pipe: it may never have a writer. */
const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

async function read(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, WITHOUT_WAITING);
    const found = await file.stat();
    if (!found.isFile() || found.size > MAX_BYTES) return undefined;
    return (await file.readFile('utf8')).trim();
  } catch {
    return undefined;
  }
}
