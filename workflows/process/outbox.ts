import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { whyFailed } from './failures';
import { createBackground } from './background';
import type { StateRecorder } from './state';

export interface Outbox {
  /** Run it once the policy is known; a refusal is noted. The answer stops it. */
  readonly start: (work: () => Promise<unknown>) => () => void;
  readonly finish: () => Promise<void>;
  /** None is on its way. */
  readonly areSent: () => boolean;
}

/** How long a process that has ended waits for notifications about it that are still on their way. */
const LAST_ONES_TIMEOUT = '30 seconds';

/** Outside the process's own scope: a cancelled process still says what it has to say. */
export function createOutbox(recorder: StateRecorder, isReady: () => boolean): Outbox {
  const { start, stopAll, isIdle } = createBackground();

  async function run(work: () => Promise<unknown>): Promise<void> {
    try {
      await condition(isReady);
      await work();
    } catch (error) {
      if (isCancellation(error)) throw error;
      recorder.note({ what: 'a notification was not sent', by: 'mindtickle', reason: whyFailed(error) });
    }
  }

  return {
    start: (work) => {
      let stop: () => unknown = () => undefined;
      void CancellationScope.nonCancellable(() => {
        const task = start(() => run(work));
        stop = task.stop;
        return task.done;
      });
      return () => void stop();
    },
    finish: async () => {
      const options = { summary: 'Last notifications' };
      if (isIdle() || (await condition(isIdle, LAST_ONES_TIMEOUT, options))) return;
      await stopAll();
    },
    areSent: isIdle,
  };
}
