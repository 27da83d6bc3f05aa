import { z } from 'zod';
import type { Encryption } from '../../encryption';
import type { PendingDelivery } from '../verify';
import { decodeFrame, encodeFrame, isDamage, type Damage, type Frame } from './frames';
import type { Log, LogPosition } from './log';
import { decodeRecord } from './records';

/** A record that cannot be started or read, kept as it is for a person. */
export interface DeadLetter {
  /** Null: it cannot be read any more. */
  readonly workflowId: string | null;
  /** One sentence; never a value of the payload. */
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface DeadLetters {
  readonly recover: () => void;
  /** @returns whether it is on disk. */
  readonly add: (workflowId: string | null, reason: string, bytes: Buffer) => Promise<boolean>;
  /** The newest ones. */
  readonly list: (limit: number) => readonly DeadLetter[];
  readonly size: () => number;
  /** Put back those that can be read, until `put` returns false. @returns how many. */
  readonly restore: (put: (record: PendingDelivery) => Promise<boolean>) => Promise<number>;
}

/** `restored`: the dead letter with this number is a record again. */
const deadLetterHeader = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('dead-letter'),
    number: z.number(),
    workflowId: z.string().nullable(),
    reason: z.string(),
    at: z.string(),
  }),
  z.object({ is: z.literal('restored'), number: z.number() }),
]);

type DeadLetterHeader = z.infer<typeof deadLetterHeader>;

interface Stored extends DeadLetter {
  readonly position: LogPosition;
}

/** `now` is epoch ms. */
export function createDeadLetters(log: Log, now: () => number, encryption?: Encryption): DeadLetters {
  const stored = new Map<number, Stored>();
  let last = 0;

  /** @returns whether nothing of it is on disk any more. */
  const forget = (number: number): boolean => {
    const known = stored.get(number);
    stored.delete(number);
    return known === undefined || log.release(known.position);
  };

  const recover = (): void => {
    for (const { position, found } of log.recover()) {
      const header = headerOf(found);
      last = Math.max(last, header?.number ?? 0);
      if (header?.is === 'dead-letter') {
        stored.set(header.number, { ...header, position });
        continue;
      }
      if (header?.is === 'restored') forget(header.number);
      log.release(position);
    }
  };

  const add: DeadLetters['add'] = async (workflowId, reason, bytes) => {
    const number = (last += 1);
    const letter: DeadLetter = { workflowId, reason, at: new Date(now()).toISOString() };
    const header: DeadLetterHeader = { is: 'dead-letter', number, ...letter };
    try {
      stored.set(number, { ...letter, position: await log.append(encodeFrame(header, bytes)) });
      return true;
    } catch {
      return false;
    }
  };

  const restore: DeadLetters['restore'] = async (put) => {
    let count = 0;
    for (const [number, { position }] of [...stored]) {
      // Somebody else may put them back at the same time.
      if (!stored.has(number)) continue;
      const frame = decodeFrame(log.read(position));
      const record = frame && readable(frame.body, encryption);
      if (record === undefined) continue;
      if (!(await put(record))) break;
      if (!forget(number)) log.appendNote(encodeFrame({ is: 'restored', number } satisfies DeadLetterHeader));
      count += 1;
    }
    return count;
  };

  return {
    recover,
    add,
    list: (limit) =>
      [...stored.values()].slice(-limit).map(({ workflowId, reason, at }) => ({ workflowId, reason, at })),
    size: () => stored.size,
    restore,
  };
}

/** With a key that is not known it stays where it is. */
function readable(bytes: Buffer, encryption: Encryption | undefined): PendingDelivery | undefined {
  try {
    return decodeRecord(bytes, encryption);
  } catch {
    return undefined;
  }
}

function headerOf(found: Frame | Damage): DeadLetterHeader | undefined {
  return isDamage(found) ? undefined : deadLetterHeader.safeParse(found.header).data;
}
