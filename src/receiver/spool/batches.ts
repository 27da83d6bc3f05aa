/** Frames that wait together are written together: one flush for all of them. */
export interface Batches<T> {
  readonly add: (frame: Buffer, durable: boolean) => Promise<T>;
  readonly isBusy: () => boolean;
  /** Resolves once nothing waits any more. */
  readonly settled: () => Promise<void>;
}

interface Waiting<T> {
  readonly frame: Buffer;
  readonly durable: boolean;
  readonly done: (written: T) => void;
  readonly failed: (error: unknown) => void;
}

/** Of one write. */
const MOST_BYTES = 4 * 1024 * 1024;

/** `write` gives one result a frame, in order; `onIdle` is called when nothing waits any more. */
export function createBatches<T>(
  write: (frames: readonly Buffer[], durable: boolean) => Promise<readonly T[]>,
  onIdle: () => void,
): Batches<T> {
  const waiting: Waiting<T>[] = [];
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      try {
        const written = await write(
          batch.map(({ frame }) => frame),
          batch.some(({ durable }) => durable),
        );
        for (const [at, each] of written.entries()) batch[at]?.done(each);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    writing = undefined;
    onIdle();
  };

  return {
    add: (frame, durable) =>
      new Promise((done, failed) => {
        waiting.push({ frame, durable, done, failed });
        writing ??= writeAll();
      }),
    isBusy: () => writing !== undefined,
    settled: async () => writing,
  };
}

function nextBatch<T>(waiting: Waiting<T>[]): readonly Waiting<T>[] {
  let bytes = 0;
  const end = waiting.findIndex(({ frame }) => (bytes += frame.length) > MOST_BYTES);
  return waiting.splice(0, end < 0 ? waiting.length : Math.max(1, end));
}
