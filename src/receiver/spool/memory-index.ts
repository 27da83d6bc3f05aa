import type { PendingDelivery } from '../verify';
import { LANES, type Lane } from '../../events';
import type { LogPosition } from './log';

/** What is known of a record without reading it. */
export interface IndexEntry {
  /** Its number in the order of arrival. No two records have the same. */
  readonly sequence: number;
  readonly workflowId: string;
  readonly lane: Lane;
  readonly position: LogPosition;
  readonly bodyDigest: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** `damaged`: it is on its way to the dead letters. */
  state: 'waiting' | 'damaged' | 'removed';
}

/** The records of a spool, by id and in the order of arrival. */
export interface MemoryIndex {
  readonly nextSequence: () => number;
  /** `nextSequence` returns no number up to this one. */
  readonly sawSequence: (sequence: number) => void;
  readonly add: (
    sequence: number,
    record: Pick<PendingDelivery, 'workflowId' | 'lane'> & {
      readonly delivery: Pick<PendingDelivery['delivery'], 'receivedAt' | 'bodyDigest'>;
    },
    position: LogPosition,
  ) => void;
  readonly get: (workflowId: string) => IndexEntry | undefined;
  readonly at: (sequence: number) => IndexEntry | undefined;
  /** False: it was removed before. */
  readonly remove: (entry: IndexEntry) => boolean;
  readonly inOrder: (lane: Lane) => Iterable<IndexEntry>;
  readonly size: () => number;
  readonly byLane: () => Record<Lane, number>;
  readonly oldestReceivedAt: () => number | undefined;
}

/** Removed entries that a lane's list may have before it is made anew. */
const MAX_GAPS = 1000;

/** An array, and not a Map, which visits its removed keys at each look: draining 300,000 records took 44 s (measured). */
interface LaneList {
  entries: IndexEntry[];
  /** Every entry before it is removed. */
  head: number;
  size: number;
}

export function createMemoryIndex(): MemoryIndex {
  /** A kill may leave two records of one id, in two lanes: the later one is found until it is removed. */
  const byId = new Map<string, IndexEntry[]>();
  const bySequence = new Map<number, IndexEntry>();
  const lists = perLane((): LaneList => ({ entries: [], head: 0, size: 0 }));
  let last = 0;

  function* inOrder(lane: Lane): Iterable<IndexEntry> {
    const { entries, head } = lists[lane];
    for (let index = head; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry !== undefined && entry.state !== 'removed') yield entry;
    }
  }

  return {
    nextSequence: () => (last += 1),
    sawSequence: (sequence) => (last = Math.max(last, sequence)),
    add: (sequence, { workflowId, lane, delivery }, position) => {
      const { bodyDigest, receivedAt } = delivery;
      const entry: IndexEntry = {
        ...{ sequence, workflowId, lane, position, bodyDigest },
        receivedAt: Date.parse(receivedAt),
        state: 'waiting',
      };
      byId.set(workflowId, [...(byId.get(workflowId) ?? []), entry]);
      bySequence.set(sequence, entry);
      lists[lane].entries.push(entry);
      lists[lane].size += 1;
    },
    get: (workflowId) => byId.get(workflowId)?.at(-1),
    at: (sequence) => bySequence.get(sequence),
    remove: (entry) => {
      if (!bySequence.delete(entry.sequence)) return false;
      entry.state = 'removed';
      const others = byId.get(entry.workflowId)?.filter((other) => other !== entry) ?? [];
      if (others.length > 0) byId.set(entry.workflowId, others);
      else byId.delete(entry.workflowId);
      lists[entry.lane].size -= 1;
      skipRemoved(lists[entry.lane]);
      return true;
    },
    inOrder,
    size: () => bySequence.size,
    byLane: () => perLane((lane) => lists[lane].size),
    oldestReceivedAt: () => {
      const times = LANES.flatMap((lane) => {
        const [first] = inOrder(lane);
        return first === undefined ? [] : [first.receivedAt];
      });
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}

/** An object with one value a lane. */
export function perLane<T>(valueOf: (lane: Lane) => T): Record<Lane, T> {
  return Object.fromEntries(LANES.map((lane) => [lane, valueOf(lane)])) as Record<Lane, T>;
}

function skipRemoved(list: LaneList): void {
  while (list.entries[list.head]?.state === 'removed') list.head += 1;
  if (list.entries.length - list.size < MAX_GAPS + list.size) return;
  list.entries = list.entries.filter(({ state }) => state !== 'removed');
  list.head = 0;
}
