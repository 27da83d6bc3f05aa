/** Ends one's turn; calling it again changes nothing. */
export type Leave = () => void;

export interface Line {
  /** One's turn, when it can be had at once. */
  readonly tryEnter: (lane: number) => Leave | undefined;
  /** Resolves when it is one's turn, or with `late` when `ms` went by without. */
  readonly enter: (lane: number, ms: number) => Promise<Leave | 'late'>;
  readonly inside: () => number;
  /** Called whenever a place has become free and nobody waits for it. */
  readonly onFree: (listener: () => void) => void;
}

interface Waiting {
  readonly lane: number;
  readonly admit: (leave: Leave) => void;
}

/** Withdrawing access does not wait until eight slow starts of another kind are done. */
const RESERVED_FOR_LANE_1 = 2;

/**
 * Lets `width` in at once, and a few of lane 1 beyond that. The others wait: lower lanes first, and within a lane in the
 * order in which they came.
 */
export function createLine(width: number): Line {
  const waiting: Waiting[] = [];
  const listeners: (() => void)[] = [];
  let inside = 0;

  const hasPlace = (lane: number): boolean => inside < width + (lane === 1 ? RESERVED_FOR_LANE_1 : 0);
  const turn = (): Leave => {
    let isOver = false;
    inside += 1;
    return () => {
      if (isOver) return;
      isOver = true;
      inside -= 1;
      const [next] = waiting;
      if (next === undefined) for (const listener of listeners) listener();
      else if (hasPlace(next.lane)) waiting.shift()?.admit(turn());
    };
  };
  const tryEnter = (lane: number): Leave | undefined => (hasPlace(lane) ? turn() : undefined);

  const enter = async (lane: number, ms: number): Promise<Leave | 'late'> => {
    const leave = tryEnter(lane);
    if (leave !== undefined) return leave;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(entry), 1);
        resolve('late');
      }, ms);
      const entry: Waiting = {
        lane,
        admit: (admitted) => {
          clearTimeout(timer);
          resolve(admitted);
        },
      };
      const behind = waiting.findIndex((other) => other.lane > lane);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, entry);
    });
  };
  return { tryEnter, enter, inside: () => inside, onFree: (listener) => void listeners.push(listener) };
}
