import { LANES, type Lane } from '../routes';
import type { Place } from './log';

/** What is known of a record without reading it. */
export interface Held {
  readonly sequence: number;
  readonly workflowId: string;
  readonly lane: Lane;
  readonly place: Place;
  readonly bodyDigest: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  isDamaged?: boolean;
}

/** The records of a spool, by id and in the order in which they came. */
export interface Index {
  readonly nextSequence: () => number;
  /** No new one is given a number up to this. */
  readonly sawSequence: (sequence: number) => void;
  readonly add: (held: Held) => void;
  readonly get: (workflowId: string) => Held | undefined;
  readonly at: (sequence: number) => Held | undefined;
  /** False: it was not there any more. */
  readonly remove: (held: Held) => boolean;
  readonly inOrder: (lane: Lane) => Iterable<Held>;
  readonly size: () => number;
  readonly byLane: () => Record<Lane, number>;
  readonly oldestReceivedAt: () => number | undefined;
}

/** Removed ones that a lane's list may hold before it is written anew. */
const MOST_GAPS = 1000;

interface LaneList {
  held: Held[];
  /** Every one before it is removed. */
  head: number;
  size: number;
}

export function createIndex(): Index {
  /** A kill may leave two of one id, in two lanes: then the one that is found is the later one, until it is removed. */
  const byId = new Map<string, Held[]>();
  const bySequence = new Map<number, Held>();
  const removed = new WeakSet<Held>();
  const lists = Object.fromEntries(LANES.map((lane) => [lane, { held: [], head: 0, size: 0 }])) as unknown as Record<
    Lane,
    LaneList
  >;
  let last = 0;

  function* inOrder(lane: Lane): Iterable<Held> {
    const { held, head } = lists[lane];
    for (let at = head; at < held.length; at += 1) {
      const each = held[at];
      if (each !== undefined && !removed.has(each)) yield each;
    }
  }

  const tidy = (list: LaneList): void => {
    for (let each = list.held[list.head]; each !== undefined && removed.has(each); each = list.held[list.head])
      list.head += 1;
    if (list.held.length - list.size < MOST_GAPS + list.size) return;
    list.held = list.held.slice(list.head).filter((each) => !removed.has(each));
    list.head = 0;
  };

  return {
    nextSequence: () => (last += 1),
    sawSequence: (sequence) => (last = Math.max(last, sequence)),
    add: (held) => {
      byId.set(held.workflowId, [...(byId.get(held.workflowId) ?? []), held]);
      bySequence.set(held.sequence, held);
      lists[held.lane].held.push(held);
      lists[held.lane].size += 1;
    },
    get: (workflowId) => byId.get(workflowId)?.at(-1),
    at: (sequence) => bySequence.get(sequence),
    remove: (held) => {
      if (!bySequence.delete(held.sequence)) return false;
      removed.add(held);
      const others = byId.get(held.workflowId)?.filter((other) => other !== held) ?? [];
      if (others.length > 0) byId.set(held.workflowId, others);
      else byId.delete(held.workflowId);
      const list = lists[held.lane];
      list.size -= 1;
      tidy(list);
      return true;
    },
    inOrder,
    size: () => LANES.reduce((sum, lane) => sum + lists[lane].size, 0),
    byLane: () => Object.fromEntries(LANES.map((lane) => [lane, lists[lane].size])) as Record<Lane, number>,
    oldestReceivedAt: () => {
      const times = LANES.flatMap((lane) => {
        const [first] = inOrder(lane);
        return first === undefined ? [] : [first.receivedAt];
      });
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}
