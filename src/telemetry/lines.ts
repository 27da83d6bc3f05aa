/** Bytes of lines that wait for their reader. More than a burst, less than what a process would notice. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** A stream that a line is written to. */
export interface LineSink {
  readonly writableLength: number;
  write(line: string): unknown;
  on(event: 'error' | 'drain', listener: () => void): unknown;
}

export interface Lines {
  readonly write: (line: string) => void;
  /** How many had to be dropped. */
  readonly lost: () => number;
}

/**
 * Lines for a reader that may be slow, stop or go away (a full disk too): what it has not read waits, up to a bound, and
 * the lines beyond are counted. Their number is written once there is room again. Never blocks, never throws.
 */
export function createLines(sink: LineSink, maxBytes = MAX_WAITING_BYTES): Lines {
  let lost = 0;
  let unsaid = 0;
  const lose = (): void => {
    lost += 1;
    unsaid += 1;
  };
  const pass = (line: string): void => {
    try {
      sink.write(line);
    } catch {
      // A file is written at once, and its disk may be full.
      lose();
    }
  };
  const sayWhatIsLost = (): void => {
    if (unsaid === 0) return;
    const count = unsaid;
    unsaid = 0;
    pass(`${JSON.stringify({ level: 40, time: new Date().toISOString(), count, msg: LOST })}\n`);
  };
  sink.on('error', lose);
  sink.on('drain', sayWhatIsLost);
  const write = (line: string): void => {
    if (sink.writableLength + line.length > maxBytes) {
      lose();
      return;
    }
    if (sink.writableLength === 0) sayWhatIsLost();
    pass(line);
  };
  return { write, lost: () => lost };
}

const LOST = 'lines of this log were lost: what reads it had stopped';

let shared: Lines | undefined;

/** Standard error, once for the whole process. */
export function standardErrorLines(): Lines {
  return (shared ??= createLines(neverBlocking(process.stderr)));
}

/** Of this process's log: nobody read them. */
export function lostLogLines(): number {
  return shared?.lost() ?? 0;
}

/** Node writes to a terminal synchronously, and one that is paused (Ctrl-S) would stop us. Pipes are not blocking anyway. */
function neverBlocking<Stream extends object>(stream: Stream): Stream {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => unknown } };
  handle?.setBlocking?.(false);
  return stream;
}
