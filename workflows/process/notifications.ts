/** The notifications of a process: as steps, and beside its steps. */
import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { NOTIFICATION_TOPICS, type Notification, type PolicySnapshot } from '../../src/domain';
import { whyFailed } from './activity-proxies';
import { createBackground } from './background';
import { ALERT_READERS, routesTo, type Audience, type Recipient, type Route } from './channels';
import type { StateRecorder } from './state';
import type { Refusal, StepName, Steps } from './steps';

/** Sent beside the steps: they never delay a process, and never park it. */
export interface Notifications extends Outbox {
  /** Notify the administrators that a step is parked; the answer stops it, for when it is parked no more. */
  readonly parked: (step: StepName, refusal: Refusal) => () => void;
  /** False when somebody else has just notified them of the same. */
  readonly send: (audience: Audience, notification: Notification) => Promise<boolean>;
  /** As a step, which parks when a required channel refuses. A notification cannot be taken back. */
  readonly notify: (steps: Steps, step: string, recipient: Recipient, notification: Notification) => Promise<void>;
  /** How many there were: their numbers key the ledger's rows of effects. */
  readonly count: () => number;
}

/** `sentBefore`: how many a run before has sent. `policySnapshot`: undefined until it is read. */
export function createNotifications(
  { userId, about, recorder }: { readonly userId: string; readonly about: string; readonly recorder: StateRecorder },
  policySnapshot: () => PolicySnapshot | undefined,
  sentBefore = 0,
): Notifications {
  const outbox = createOutbox(recorder, () => policySnapshot() !== undefined);
  let count = sentBefore;

  async function sendBy(
    { system, send: call }: Route,
    { role }: Audience,
    notification: Notification,
  ): Promise<boolean> {
    const mode = policySnapshot()?.modes[system] ?? 'off';
    if (mode === 'off') return true;
    count += 1;
    const context = { step: `notification${count}`, userId, mode };
    const sent = await call(context, { summary: titleOf(role, notification) });
    if (sent === 'sent') recorder.addNotified({ role, channel: system, notification: subjectOf(notification) });
    return sent !== 'already notified';
  }

  const routes = (audience: Audience, notification: Notification): readonly Route[] =>
    routesTo(audience, notification, policySnapshot()?.policy);

  async function send(audience: Audience, notification: Notification): Promise<boolean> {
    let isNews = true;
    for (const route of routes(audience, notification))
      isNews = (await sendBy(route, audience, notification)) && isNews;
    return isNews;
  }

  async function notify(steps: Steps, step: string, recipient: Recipient, notification: Notification): Promise<void> {
    const { role } = recipient;
    for (const route of routes(recipient, notification)) {
      const { isRequired, system, send: call } = route;
      if (!isRequired) {
        outbox.start(() => sendBy(route, recipient, notification));
        continue;
      }
      const sent = await steps.write({ system, step, title: titleOf(role, notification), call });
      if (sent === 'sent') recorder.addNotified({ role, channel: system, notification: notification.kind });
    }
  }

  function parked({ step, title }: StepName, { why, cause }: Refusal): () => void {
    const { workflowId } = workflowInfo();
    const notification = {
      kind: 'parked',
      about,
      step,
      title,
      why,
      workflowId,
      ...(cause !== undefined && { cause }),
    } as const;
    return outbox.start(async () => {
      const administrators = policySnapshot()?.policy.administrators ?? [];
      let isNews = administrators.length === 0;
      for (const to of administrators) isNews = (await send({ to, role: 'administrator' }, notification)) || isNews;
      if (isNews) await send(ALERT_READERS, notification);
    });
  }

  return { ...outbox, parked, send, notify, count: () => count };
}

interface Outbox {
  /** Run it once the policy is known; a refusal is noted. The answer stops it. */
  readonly start: (work: () => Promise<unknown>) => () => void;
  readonly finish: () => Promise<void>;
  /** None is on its way. */
  readonly areSent: () => boolean;
}

/** How long a process that has ended waits for notifications about it that are still on their way. */
const LAST_ONES_TIMEOUT = '30 seconds';

/** Outside the process's own scope: a cancelled process still says what it has to say. */
function createOutbox(recorder: StateRecorder, isReady: () => boolean): Outbox {
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

/** What a notification is about, for the list of who was notified. */
function subjectOf(notification: Notification): string {
  return notification.kind === 'parked' ? `parked: ${notification.step}` : notification.kind;
}

function titleOf(role: string, { kind }: Notification): string {
  return `Notify the ${role}: ${NOTIFICATION_TOPICS[kind]}`;
}
