/** Ends one's turn; calling it again changes nothing. */
export type Leave = () => void;

export interface Line {
  /** Resolves when it is one's turn, or with `late` when `ms` went by without. */
  readonly enter: (lane: number, ms: number) => Promise<Leave | 'late'>;
}

interface Waiting {
  readonly lane: number;
  readonly admit: (leave: Leave) => void;
}

/** Lets `width` in at once. The others wait: lower lanes first, and within a lane in the order in which they came. */
export function createLine(width: number): Line {
  const waiting: Waiting[] = [];
  let inside = 0;

  const turn = (): Leave => {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next.admit(turn());
    };
  };

  const enter = async (lane: number, ms: number): Promise<Leave | 'late'> => {
    if (inside < width) {
      inside += 1;
      return turn();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(entry), 1);
        resolve('late');
      }, ms);
      const entry: Waiting = {
        lane,
        admit: (leave) => {
          clearTimeout(timer);
          resolve(leave);
        },
      };
      const behind = waiting.findIndex((other) => other.lane > lane);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, entry);
    });
  };
  return { enter };
}
