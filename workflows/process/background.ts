import { CancellationScope, isCancellation } from '@temporalio/workflow';

/** Work beside a process. It may park while the process goes on. */
export interface Aside {
  readonly done: Promise<void>;
  /** End it, because it is of no more use; settles when what was under way has come to rest. */
  readonly drop: () => Promise<void>;
}

export interface Asides {
  readonly start: (work: () => Promise<void>) => Aside;
  readonly dropAll: () => Promise<void>;
  /** None is under way. */
  readonly areDone: () => boolean;
}

export function createAsides(): Asides {
  const open = new Set<Aside>();
  let underWay = 0;

  function start(work: () => Promise<void>): Aside {
    const scope = new CancellationScope();
    const done = scope.run(work).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    underWay += 1;
    // Beside the promise that others wait for: what comes when must stay as it is for the runs that there are.
    void done.then(() => (underWay -= 1));
    const aside: Aside = {
      done,
      drop: () => {
        scope.cancel();
        open.delete(aside);
        return CancellationScope.nonCancellable(() => done);
      },
    };
    open.add(aside);
    return aside;
  }

  async function dropAll(): Promise<void> {
    await Promise.all([...open].map((aside) => aside.drop()));
  }

  return { start, dropAll, areDone: () => underWay === 0 };
}
