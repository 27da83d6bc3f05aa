/** How the people who operate this hear of what waits for one of them: at once, or with others of the same cause. */
import { workflowInfo } from '@temporalio/workflow';
import type { Notification } from '../../src/domain';
import { askLedger } from './activity-proxies';
import type { Outbox } from './outbox';
import type { StateRecorder } from './state';

export interface Alerts {
  /**
   * Notify the administrators and the channel of alerts at once; of a `cause` that others share only when nobody was
   * notified of it within the hour: else the next digest names this case. `step`: what of this workflow waits. The answer
   * stops it, for when it waits no more.
   */
  readonly alert: (notification: Notification, step: string, cause?: string) => () => void;
  /** Only the next digest names it. The answer takes it out again. */
  readonly keepForDigest: (step: string, cause: string) => () => void;
}

interface Sender {
  readonly about: string;
  readonly recorder: StateRecorder;
  readonly outbox: Outbox;
  /** False when nobody could be notified. */
  readonly alertAll: (notification: Notification) => Promise<boolean>;
}

const MAX_ABOUT = 300;

export function createAlerts({ about, recorder, outbox, alertAll }: Sender): Alerts {
  let rounds = 0;
  /** An event may be called anything. */
  const subject = about.slice(0, MAX_ABOUT);

  async function claim(notification: Notification, step: string, cause: string): Promise<'sent' | 'kept'> {
    const { workflowId } = workflowInfo();
    const own = { cause, workflowId, step, about: subject, round: (rounds += 1) };
    const standing = await askLedger('claimAlert', 'Were people notified of this cause?', own);
    if (standing !== 'first') {
      const what = `notified of the same cause at ${standing.notifiedAt} with ${standing.workflowId}`;
      recorder.note({ what, by: 'mindtickle', reason: cause });
      return 'kept';
    }
    if (!(await alertAll(notification))) await askLedger('releaseAlert', 'Nobody could be notified', own);
    return 'sent';
  }

  function drop(step: string): void {
    const { workflowId } = workflowInfo();
    outbox.start(() => askLedger('dropAlertCase', 'It waits no more', { workflowId, step }));
  }

  return {
    alert: (notification, step, cause) => {
      // Until it is known otherwise: it may be kept although the answer was never heard.
      let isKept = cause !== undefined;
      const stop = outbox.start(async () => {
        if (cause === undefined) await alertAll(notification);
        else isKept = (await claim(notification, step, cause)) === 'kept';
      });
      return () => {
        stop();
        if (isKept) drop(step);
      };
    },
    keepForDigest: (step, cause) => {
      const one = { cause, workflowId: workflowInfo().workflowId, step, about: subject };
      const stop = outbox.start(() => askLedger('addAlertCase', 'For the digest of the hour', one));
      return () => {
        stop();
        drop(step);
      };
    },
  };
}
