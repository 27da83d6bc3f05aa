/** What a process is made of: built here, in the order of dependence, and used by `process`, `lifecycle` and `continue-as-new`. */
import { CancellationScope } from '@temporalio/workflow';
import type { PolicySnapshot } from '../../src/domain';
import type { Delivery, EventDelivery } from '../../src/events';
import { createBackground, type Background } from './background';
import type { Recorded } from './event-intake';
import { createLookUps, type LookUps } from './look-ups';
import { createNotifications, type Notifications } from './notifications';
import { createPeople, type People, type PeopleSnapshot } from './people';
import { createSignals, type RecentMessages, type Signals } from './signals';
import { createStateRecorder, type StateRecorder, type StateSnapshot } from './state';
import { createSteps, type Steps, type Undo } from './steps';
import type { CancelRequest } from '../messages';

export interface ProcessOptions {
  readonly delivery: Delivery & Partial<Pick<EventDelivery, 'unread'>>;
  /** The workflow's second argument, as it came. */
  readonly body: unknown;
  /** Empty where there is none to read. */
  readonly userId: string;
  /** An address that the event itself carries. */
  readonly email?: string | null;
  /** Shown on its page and in notifications: the kind and what it is about; ids and titles, no names. */
  readonly about: string;
  /** The messages beside the common ones, for its page. */
  readonly messages?: readonly string[];
  /** Present in a run that goes on from another one. */
  readonly carried?: Carried | undefined;
}

/**
 * The third argument of a run that goes on from another one. Wire format, as messages are. `checkpoint`: where the process's
 * own body was.
 */
export interface Carried<Checkpoint = unknown> {
  readonly policySnapshot: PolicySnapshot;
  readonly recorded: NewlyRecorded;
  readonly state: StateSnapshot;
  readonly undos: readonly Undo[];
  readonly people: PeopleSnapshot;
  readonly notificationCount: number;
  readonly signals: RecentMessages;
  readonly checkpoint: Checkpoint;
}

export type NewlyRecorded = Recorded & { readonly outcome: 'new' };

export interface Internals {
  readonly options: ProcessOptions;
  readonly recorder: StateRecorder;
  readonly signals: Signals;
  readonly notifications: Notifications;
  readonly steps: Steps;
  /** What has to be taken back when the process is cancelled, the last first. */
  readonly undos: Undo[];
  readonly people: People;
  readonly lookUps: LookUps;
  readonly background: Background;
  /** All that a cancellation stops. */
  readonly scope: CancellationScope;
  readonly run: Run;
  /** Read before the first step. */
  readonly policySnapshot: () => PolicySnapshot;
}

/** What becomes known while a process runs. */
export interface Run {
  policySnapshot: PolicySnapshot | undefined;
  recorded: NewlyRecorded | undefined;
  /** The first step has found that the limit of leavers an hour lets this one go on. */
  isAdmitted: boolean;
  /** The `cancel` signal that asked for the cancellation. */
  cancelRequest: CancelRequest | undefined;
}

const COMMON_MESSAGES = ['cancel', 'escalate', 'retryStep', 'skipStep', 'identify'];

/** As the run before left it, where there was one. */
export function createInternals(options: ProcessOptions): Internals {
  const { delivery, userId, email = null, about, messages = [], carried } = options;
  const before: Partial<Carried> = carried ?? {};
  const run: Run = {
    policySnapshot: before.policySnapshot,
    recorded: before.recorded,
    isAdmitted: false,
    cancelRequest: undefined,
  };
  const policySnapshot = (): PolicySnapshot => {
    if (run.policySnapshot === undefined) throw new Error('the policy is read before the first step');
    return run.policySnapshot;
  };
  const undos = [...(before.undos ?? [])];
  const recorder = createStateRecorder({
    title: about,
    messages: [...COMMON_MESSAGES, ...messages],
    before: before.state,
    isFirstRun: carried === undefined && delivery.redriven === undefined,
  });
  const { unread = [] } = delivery;
  if (carried === undefined && unread.length > 0)
    recorder.note({ what: `not readable, and not needed: ${unread.join(', ')}`, by: 'mindtickle', reason: null });
  const signals = createSignals(recorder, before.signals);
  const lookUps = createLookUps(userId);
  // People need steps, steps notify, and notifications need people.
  const notifications = createNotifications(
    {
      userId,
      email,
      about,
      recorder,
      policySnapshot: () => run.policySnapshot,
      administrators: () => people.administrators(),
      currentAddress: (recipient) => people.currentRecipient(recipient),
    },
    before.notificationCount,
  );
  const steps = createSteps({
    userId,
    recorder,
    modes: () => policySnapshot().modes,
    undos,
    onParked: notifications.parked,
    onRetry: lookUps.forget,
    ordered: () => run.cancelRequest && { actor: run.cancelRequest.by, reason: run.cancelRequest.reason },
  });
  const people: People = createPeople(
    { userId, email, lookUps, recorder, steps, policy: () => policySnapshot().policy },
    before.people,
  );
  const background = createBackground();
  const scope = new CancellationScope();
  return {
    ...{ options, recorder, signals, notifications, steps, undos, people, lookUps },
    ...{ background, scope, run, policySnapshot },
  };
}
