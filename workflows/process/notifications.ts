/** The notifications of a process: as steps, and beside its steps. */
import { workflowInfo } from '@temporalio/workflow';
import { isoTime, type Notification, type System } from '../../src/domain';
import { createAlerts, type Alerts } from './alerts';
import { ALERT_READERS, type Audience, type Recipient } from './channels';
import { createOutbox, type Outbox } from './outbox';
import { createSender, titleOf, type Sender, type SenderContext } from './sender';
import type { Refusal, StepName, Steps } from './steps';

/** Sent beside the steps: they never delay a process, and never park it. */
export interface Notifications extends Outbox, Alerts {
  /** Notify the administrators that a step is parked; the answer stops it, for when it is parked no more. */
  readonly parked: (step: StepName, refusal: Refusal) => () => void;
  /** By every channel that reaches them; a channel that refuses is noted. True when somebody was notified. */
  readonly send: (audience: Audience, notification: Notification) => Promise<boolean>;
  /** True when a channel is configured that reaches such a person: else nobody has to look them up. */
  readonly reaches: (role: Recipient['role'], notification: Notification) => boolean;
  /** As a step, which parks when its channel refuses. A notification cannot be taken back. */
  readonly notify: (steps: Steps, step: string, recipient: Recipient, notification: Notification) => Promise<void>;
  /** As a step that nobody has to be looked up for: no channel reaches them. */
  readonly skip: (steps: Steps, step: string, role: Recipient['role'], notification: Notification) => void;
  /** How many there were: their numbers key the ledger's rows of effects. */
  readonly count: () => number;
}

/** What notifications are about, and how they find out who reads them. */
export interface Correspondence extends SenderContext {
  readonly about: string;
  /** The policy's administrators, who do not decide about their own case as long as there are others. */
  readonly administrators: () => Promise<readonly Recipient[]>;
  /** The same recipient, by what is known of them now. */
  readonly currentAddress: (recipient: Recipient) => Promise<Recipient>;
}

/** `sentBefore`: how many a run before has sent. */
export function createNotifications(correspondence: Correspondence, sentBefore = 0): Notifications {
  const { about, recorder, policySnapshot, administrators } = correspondence;
  const outbox = createOutbox(recorder, () => policySnapshot() !== undefined);
  const sender = createSender(correspondence, sentBefore);
  const alertAll = async (notification: Notification): Promise<boolean> =>
    sender.send([...(await administrators()), ALERT_READERS], notification);
  const alerts = createAlerts({ about, recorder, outbox, alertAll });

  function parked({ step, title }: StepName, { why, shared, meanwhile }: Refusal): () => void {
    return alerts.alert(
      {
        kind: 'parked',
        about,
        step,
        title,
        why,
        workflowId: workflowInfo().workflowId,
        since: isoTime(Date.now()),
        meanwhile: meanwhile ?? null,
        due: recorder.due(),
        ...(shared !== undefined && { cause: shared }),
      },
      step,
      shared,
    );
  }

  const skip: Notifications['skip'] = (steps, step, role, notification) =>
    recorder.setStep({ step: steps.freeKey(step), title: titleOf(role, notification) }, 'skipped', 'not configured');

  return {
    ...outbox,
    ...alerts,
    parked,
    send: (audience, notification) => sender.send([audience], notification),
    reaches: (role, notification) => sender.routes({ role, to: '' }, notification).length > 0,
    notify: createNotify(correspondence, { outbox, sender, skip }),
    skip,
    count: sender.count,
  };
}

/** By the first channel as a step, by the others beside it; the step says by which. */
function createNotify(
  { recorder, currentAddress }: Correspondence,
  { outbox, sender, skip }: { outbox: Outbox; sender: Sender; skip: Notifications['skip'] },
): Notifications['notify'] {
  return async (steps, step, recipient, notification) => {
    const { role } = recipient;
    const [first, ...others] = sender.routes(recipient, notification);
    if (first === undefined) {
      skip(steps, step, role, notification);
      return;
    }
    const key = steps.freeKey(step);
    const ways: System[] = [];
    const by = (): string => `by ${[...ways].sort().join(' and ')}`;
    for (const route of others)
      outbox.start(async () => {
        if (!(await sender.sendBy(route, recipient, notification))) return;
        ways.push(route.system);
        recorder.setDetail(key, by());
      });
    let isRetry = false;
    await steps.write({
      system: first.system,
      step,
      title: titleOf(role, notification),
      call: async (context, options) => {
        // While it was parked, the address may have changed: that may be why somebody has it tried again.
        const reader = isRetry ? await currentAddress(recipient) : recipient;
        isRetry = true;
        const route = sender.routes(reader, notification).find(({ system }) => system === first.system) ?? first;
        const sent = await route.send({ ...context, ...sender.person }, options);
        if (sent === 'observed') return sent;
        recorder.addNotified({ role, channel: first.system, notification: notification.kind });
        ways.push(first.system);
        return by();
      },
    });
    // Both may have come at the same moment.
    if (ways.length > 0) recorder.setDetail(key, by());
  };
}
