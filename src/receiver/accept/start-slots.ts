/** Gives the slot back; calling it again changes nothing. */
export type ReleaseSlot = () => void;

export interface StartSlots {
  readonly isFree: (lane: number) => boolean;
  /** A slot, when one is free at once. */
  readonly tryTake: (lane: number) => ReleaseSlot | undefined;
  /** Resolves with a slot, or with `timeout` when `ms` passed without one. */
  readonly take: (lane: number, ms: number) => Promise<ReleaseSlot | 'timeout'>;
  readonly inUse: () => number;
  /** Called whenever a slot has become free and nobody waits for it. */
  readonly onFree: (listener: () => void) => void;
}

interface Waiter {
  readonly lane: number;
  readonly grant: (release: ReleaseSlot) => void;
}

/** Withdrawing access does not wait until eight slow starts of another kind are done. */
const RESERVED_FOR_LANE_1 = 2;

/**
 * Lets `limit` starts run at once, and a few of lane 1 beyond that. The others wait: lower lanes first, and within a lane
 * in the order in which they came.
 */
export function createStartSlots(limit: number): StartSlots {
  const waiting: Waiter[] = [];
  const listeners: (() => void)[] = [];
  let inUse = 0;

  const isFree = (lane: number): boolean => inUse < limit + (lane === 1 ? RESERVED_FOR_LANE_1 : 0);
  const occupy = (): ReleaseSlot => {
    let isReleased = false;
    inUse += 1;
    return () => {
      if (isReleased) return;
      isReleased = true;
      inUse -= 1;
      const [next] = waiting;
      if (next === undefined) for (const listener of listeners) listener();
      else if (isFree(next.lane)) waiting.shift()?.grant(occupy());
    };
  };
  const tryTake = (lane: number): ReleaseSlot | undefined => (isFree(lane) ? occupy() : undefined);

  const take = async (lane: number, ms: number): Promise<ReleaseSlot | 'timeout'> => {
    const release = tryTake(lane);
    if (release !== undefined) return release;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1);
        resolve('timeout');
      }, ms);
      const waiter: Waiter = {
        lane,
        grant: (granted) => {
          clearTimeout(timer);
          resolve(granted);
        },
      };
      const behind = waiting.findIndex((other) => other.lane > lane);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, waiter);
    });
  };
  return { isFree, tryTake, take, inUse: () => inUse, onFree: (listener) => void listeners.push(listener) };
}
