import type { CappedLog } from '../../telemetry';
import type { Lane } from '../routes';
import type { Entry, Spool } from '.';
import type { Aside } from './dead-letters';
import { encodeFrame } from './frames';
import type { Held, Index } from './memory-index';
import { appendNote, type Log } from './log';
import { recordIn, type RecordHeader } from './records';

export interface LeavingOptions {
  readonly logs: Readonly<Record<Lane, Log>>;
  readonly index: Index;
  readonly aside: Aside;
  readonly log: CappedLog;
}

/** How records are read, and leave: to Temporal, or aside. */
export function createLeaving({
  logs,
  index,
  aside,
  log,
}: LeavingOptions): Pick<Spool, 'oldest' | 'remove' | 'setAside'> {
  const forget = (held: Held): void => {
    if (!index.remove(held)) return;
    const { lane, place, sequence } = held;
    const isFileGone = logs[lane].release(place);
    if (!isFileGone) appendNote(logs[lane], encodeFrame({ is: 'done', sequence } satisfies RecordHeader));
  };

  const putAside = async (held: Held, reason: string): Promise<boolean> => {
    const { workflowId, lane, place } = held;
    const isKept = await aside.add(workflowId, reason, logs[lane].read(place));
    if (isKept) forget(held);
    return isKept;
  };

  const damaged = (held: Held): void => {
    held.isDamaged = true;
    log.write('error', 'spool-damage', { workflowId: held.workflowId }, 'a spooled delivery cannot be read any more');
    void putAside(held, 'Its checksum does not fit its content.');
  };

  const oldest: Spool['oldest'] = (lane, limit, skip) => {
    const found: Entry[] = [];
    for (const held of index.inOrder(lane)) {
      if (found.length >= limit) break;
      if (held.isDamaged === true || skip(held.workflowId)) continue;
      const record = recordIn(logs[lane].read(held.place));
      if (record === undefined) damaged(held);
      else found.push({ ...record, sequence: held.sequence });
    }
    return found;
  };

  return {
    oldest,
    remove: ({ sequence }) => {
      const held = index.at(sequence);
      if (held !== undefined) forget(held);
    },
    setAside: async ({ sequence }, reason) => {
      const held = index.at(sequence);
      return held === undefined || putAside(held, reason);
    },
  };
}
