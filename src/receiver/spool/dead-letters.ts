import { z } from 'zod';
import type { SetAside, Spool } from '.';
import { encodeFrame, isDamage, scanFrames, type Damage, type Frame } from './frames';
import { appendNote, type Log, type Place } from './log';
import { recordIn } from './records';

const asideHeader = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('aside'),
    number: z.number(),
    workflowId: z.string().nullable(),
    reason: z.string(),
    at: z.string(),
  }),
  z.object({ is: z.literal('back'), number: z.number() }),
]);

type AsideHeader = z.infer<typeof asideHeader>;
type Kept = AsideHeader & { is: 'aside' } & { readonly place: Place };

/** Records that cannot be started or read, with why: kept as they are, for a person. */
export interface Aside {
  readonly recover: () => void;
  /** @returns whether it is on disk. */
  readonly add: (workflowId: string | null, reason: string, bytes: Buffer) => Promise<boolean>;
  readonly list: (limit: number) => readonly SetAside[];
  readonly size: () => number;
  /** Put those back that are records still. @returns how many. */
  readonly restore: (put: Spool['put']) => Promise<number>;
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
}

/** `now` is epoch ms. */
export function createAside(log: Log, now: () => number): Aside {
  const kept = new Map<number, Kept>();
  let last = 0;

  const forget = (number: number): boolean => {
    const known = kept.get(number);
    kept.delete(number);
    return known === undefined || log.release(known.place);
  };

  const recover = (): void => {
    for (const { place, found } of log.recover()) {
      const header = headerOf(found);
      last = Math.max(last, header?.number ?? 0);
      if (header?.is === 'aside') {
        kept.set(header.number, { ...header, place });
        continue;
      }
      if (header?.is === 'back') forget(header.number);
      log.release(place);
    }
  };

  const add: Aside['add'] = async (workflowId, reason, bytes) => {
    const number = (last += 1);
    const header = { is: 'aside', number, workflowId, reason, at: new Date(now()).toISOString() } as const;
    try {
      const place = await log.append(encodeFrame(header satisfies AsideHeader, bytes));
      kept.set(number, { ...header, place });
      return true;
    } catch {
      return false;
    }
  };

  const discard = (number: number): void => {
    if (!forget(number)) appendNote(log, encodeFrame({ is: 'back', number } satisfies AsideHeader));
  };

  const restore: Aside['restore'] = async (put) => {
    let count = 0;
    for (const { number, place } of [...kept.values()]) {
      const [found] = scanFrames(log.read(place));
      const record = found === undefined || isDamage(found) ? undefined : recordIn(found.body);
      if (record === undefined) continue;
      if ((await put(record)).outcome === 'refused') break;
      discard(number);
      count += 1;
    }
    return count;
  };

  return {
    recover,
    add,
    list: (limit) => [...kept.values()].slice(-limit).map(({ workflowId, reason, at }) => ({ workflowId, reason, at })),
    size: () => kept.size,
    restore,
    bytes: log.bytes,
    close: log.close,
  };
}

function headerOf(found: Frame | Damage): AsideHeader | undefined {
  return isDamage(found) ? undefined : asideHeader.safeParse(found.header).data;
}
