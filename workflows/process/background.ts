import { CancellationScope, isCancellation } from '@temporalio/workflow';

/** Work beside a process. It may park while the process goes on. */
export interface BackgroundTask {
  readonly done: Promise<void>;
  /** End it, because it is of no more use; settles when what was under way has come to rest. */
  readonly stop: () => Promise<void>;
}

export interface Background {
  readonly start: (work: () => Promise<void>) => BackgroundTask;
  readonly stopAll: () => Promise<void>;
  readonly isIdle: () => boolean;
}

export function createBackground(): Background {
  const running = new Set<BackgroundTask>();

  function start(work: () => Promise<void>): BackgroundTask {
    const scope = new CancellationScope();
    const done = scope.run(work).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    const task: BackgroundTask = {
      done,
      stop: () => {
        scope.cancel();
        return CancellationScope.nonCancellable(() => done);
      },
    };
    running.add(task);
    void done.then(() => running.delete(task));
    return task;
  }

  async function stopAll(): Promise<void> {
    await Promise.all([...running].map((task) => task.stop()));
  }

  return { start, stopAll, isIdle: () => running.size === 0 };
}
