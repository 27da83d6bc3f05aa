/** What every process has in common, so that a workflow's own file reads as the process alone. */
import { CancellationScope, condition, setHandler, workflowInfo } from '@temporalio/workflow';
import { type Cause, isEmail, isoTime, type Notification } from '../../src/domain';
import type { Alerts } from './alerts';
import type { BackgroundTask } from './background';
import { ALERT_READERS, type Recipient } from './channels';
import { createContinueAsNew } from './continue-as-new';
import { createInternals, type Internals, type ProcessOptions } from './internals';
import { runProcess, type Lifecycle, type ProcessResult } from './lifecycle';
import type { LookUps } from './look-ups';
import type { People } from './people';
import type { Signals } from './signals';
import type { StateRecorder } from './state';
import type { Steps } from './steps';
import { stateQuery, type CancelRequest, type EscalateRequest } from '../messages';
import { beginRelease } from '../releases';

export interface Process {
  /** Empty where there is none to read. */
  readonly userId: string;
  readonly recorder: StateRecorder;
  readonly note: StateRecorder['note'];
  readonly onSignal: Signals['on'];
  readonly steps: Steps;
  readonly people: People;
  readonly lookUps: LookUps;
  /** As a step, which parks when its channel refuses; by the other channels beside it. */
  readonly notify: (step: string, recipient: Recipient, notification: Notification) => Promise<void>;
  /** The learner, by the address that is known when it is written; a step that waits for one while none is. */
  readonly notifyLearner: (step: string, notification: Notification) => Promise<void>;
  /** The manager, or the next in line where that one has left; nobody where no manager is known. */
  readonly notifyManager: (step: string, notification: Notification) => Promise<void>;
  readonly alert: Alerts['alert'];
  readonly keepForDigest: Alerts['keepForDigest'];
  readonly inBackground: (work: () => Promise<void>) => BackgroundTask;
  readonly stopBackground: () => Promise<void>;
  /** True: `until` came. False: `wakeAt` did. */
  readonly wait: (wait: Wait) => Promise<boolean>;
  /** Both as the signals do. The first `cancel` counts. */
  readonly escalate: (request: EscalateRequest) => void;
  readonly cancel: (request: CancelRequest) => void;
  /** From the policy and the ledger to the end of the case. */
  readonly run: (lifecycle: Lifecycle) => Promise<ProcessResult>;
}

export interface Wait {
  readonly what: string;
  /** Why it waits for a person; absent: for time, or for what the learner does. */
  readonly cause?: Cause;
  readonly until: () => boolean;
  /** Epoch ms; absent: as long as it takes. */
  readonly wakeAt?: number;
  /** What is shown as the deadline, epoch ms. */
  readonly dueAt?: number;
  /** What happens at `dueAt`, as a sentence. */
  readonly next?: string;
  /**
   * Where the body is, as JSON: a run that has grown long may end here, and another one gets it with what it carries. Absent:
   * it stays in its run.
   */
  readonly checkpoint?: () => object;
}

/** Handlers first, so that `state` and the validators answer while everything else still waits. */
export function openProcess(options: ProcessOptions): Process {
  beginRelease();
  const internals = createInternals(options);
  const { recorder, signals, steps, people, lookUps, notifications, background } = internals;
  const cancel = (request: CancelRequest): void => cancelProcess(internals, request);
  const escalate = (request: EscalateRequest): void => escalateProcess(internals, request);

  noteRedrive(options, recorder);
  setHandler(stateQuery, recorder.snapshot, { description: 'Phase, what it waits for, steps and history' });
  signals.on(
    {
      name: 'cancel',
      description: 'Stop, undo what must be undone: { reason, by }',
      required: ['reason', 'by'],
      optional: ['eventId'],
    },
    cancel,
  );
  signals.on(
    {
      name: 'escalate',
      description: 'Notify the next person of the escalation chain: { reason, by, to? }',
      required: ['reason', 'by'],
      optional: ['to'],
    },
    escalate,
  );

  return {
    userId: options.userId,
    recorder,
    note: recorder.note,
    onSignal: signals.on,
    steps,
    people,
    lookUps,
    notify: (step, recipient, notification) => notifications.notify(steps, step, recipient, notification),
    notifyLearner: (step, notification) => notifyPerson(internals, 'learner', step, notification),
    notifyManager: (step, notification) => notifyPerson(internals, 'manager', step, notification),
    alert: notifications.alert,
    keepForDigest: notifications.keepForDigest,
    inBackground: background.start,
    stopBackground: background.stopAll,
    wait: createWait(internals),
    escalate,
    cancel,
    run: (lifecycle) => runProcess(internals, lifecycle),
  };
}

/** Its run in quarantine has a history of its own: this one says who ran it, and what they corrected. */
function noteRedrive({ delivery, carried }: ProcessOptions, { note }: StateRecorder): void {
  if (delivery.redriven === undefined || carried !== undefined) return;
  const { by, corrected, problem } = delivery.redriven;
  const what = corrected.length === 0 ? 'redrive, as it came' : `redrive, corrected: ${corrected.join(', ')}`;
  note({ what, by, reason: problem });
}

/** Nobody is looked up, and nothing parks for an address, where no channel would use it. */
async function notifyPerson(
  { notifications, people, steps }: Internals,
  role: 'learner' | 'manager',
  step: string,
  notification: Notification,
): Promise<void> {
  if (!notifications.reaches(role, notification)) {
    notifications.skip(steps, step, role, notification);
    return;
  }
  const recipient = await people[role]();
  if (recipient !== null) await notifications.notify(steps, step, recipient, notification);
}

function cancelProcess({ recorder, run, scope }: Internals, request: CancelRequest): void {
  recorder.note({ what: 'cancel', by: request.by, reason: request.reason });
  if (run.cancelRequest !== undefined) return;
  run.cancelRequest = request;
  scope.cancel();
}

/** Notify the next person of the escalation chain, or `to`, and everybody who reads the channel of alerts. */
function escalateProcess(
  { options, recorder, people, notifications }: Internals,
  { reason, by, to }: EscalateRequest,
): void {
  if (to !== undefined && !isEmail(to)) {
    recorder.noteIgnored('escalate', by, '`to` must be an e-mail address');
    return;
  }
  recorder.note({ what: 'escalate', by, reason });
  notifications.start(async () => {
    const next: Recipient | null = to === undefined ? await people.next() : { role: 'other', to };
    if (next === null) {
      recorder.note({ what: 'nobody is left in the escalation chain', by: 'mindtickle', reason: null });
      return;
    }
    const { workflowId, startTime } = workflowInfo();
    const notification = {
      kind: 'escalation',
      about: options.about,
      reason,
      workflowId,
      since: isoTime(startTime.getTime()),
      waitingFor: recorder.snapshot().waitingFor,
      due: recorder.due(),
    } as const;
    const inChannel = notifications.send(ALERT_READERS, notification);
    if (await notifications.send(next, notification))
      recorder.note({ what: `notified the ${next.role}`, by: 'mindtickle', reason });
    await inChannel;
  });
}

function createWait(internals: Internals): Process['wait'] {
  const { recorder } = internals;
  const continuing = createContinueAsNew(internals);

  return async ({ what, cause, until, wakeAt, dueAt, next, checkpoint }) => {
    recorder.setWaiting({ what, cause, until: dueAt, next });
    const mayLeave = (): boolean => checkpoint !== undefined && continuing.isDue(checkpoint);
    for (;;) {
      const isWoken = await woken(() => until() || mayLeave(), what, wakeAt);
      if (!isWoken || until()) return isWoken;
      // A cancellation may have come with what woke it, or a message whose work is under way.
      if (checkpoint !== undefined && mayLeave() && !CancellationScope.current().consideredCancelled)
        await continuing.go(checkpoint());
    }
  };
}

async function woken(by: () => boolean, what: string, wakeAt: number | undefined): Promise<boolean> {
  if (wakeAt !== undefined) return condition(by, Math.max(wakeAt - Date.now(), 1), { summary: what });
  await condition(by);
  return true;
}
