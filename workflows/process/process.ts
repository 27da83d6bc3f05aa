/** What every process has in common, so that a workflow's own file reads as the process alone. */
import { CancellationScope, condition, setHandler, sleep } from '@temporalio/workflow';
import type { Aside } from './background';
import { createContinuing, type Continuing } from './continue-as-new';
import { createLifecycle, type Lifecycle } from './lifecycle';
import { stateQuery, type CancelRequest, type EscalateRequest, type HistoryEntry } from '../messages';
import { createParts, type ProcessSpec } from './internals';
import type { Notices } from './notifications';
import type { People } from './people';
import { identity, salesforce, slack } from './activity-proxies';
import type { Signals } from './signals';
import type { Recorder } from './state';
import type { Steps, Write } from './steps';
import type { TakeBack, Undo } from './undo';
import { begin } from '../releases';

export type { Aside } from './background';
export type { Carried } from './continue-as-new';
export type { Body, ProcessResult } from './lifecycle';

export interface Wait {
  readonly what: string;
  readonly until: () => boolean;
  /** Epoch ms; absent: as long as it takes. */
  readonly wakeAt?: number;
  /** What is shown as the deadline, epoch ms. */
  readonly dueAt?: number;
  /** What happens at `dueAt`, as a sentence. */
  readonly next?: string;
  /**
   * Where the body is, as JSON: a run that has grown long may end here, and another one gets it as `carried.place`. Absent:
   * it stays in its run.
   */
  readonly place?: () => object;
}

/** A write of a system that can put things as they were. */
export type Reversible<T> = Write<T> & { readonly system: 'identity' | 'salesforce' | 'slack' };

export interface Process {
  readonly recorder: Recorder;
  readonly note: (entry: Omit<HistoryEntry, 'at'>) => void;
  readonly onSignal: Signals['on'];
  readonly steps: Steps;
  readonly people: People;
  /** A write with its undo, which is registered first: a write that was cut off may have happened. */
  readonly writeWithUndo: <T>(write: Reversible<T>, takeBack: TakeBack) => Promise<T | undefined>;
  readonly aside: (work: () => Promise<void>) => Aside;
  readonly dropAsides: () => Promise<void>;
  /** True: `until` came. False: `wakeAt` did. */
  readonly wait: (wait: Wait) => Promise<boolean>;
  /** Sleep beside the process, without a word in its state; ms. */
  readonly pause: (ms: number, summary: string) => Promise<void>;
  readonly escalate: (request: EscalateRequest) => void;
  readonly message: Notices['message'];
  /** As the signal does; the first one counts. */
  readonly cancel: (request: CancelRequest) => void;
  readonly run: Lifecycle['run'];
}

/** Handlers first, so that `state` and the validators answer while everything else still waits. */
export function openProcess(spec: ProcessSpec): Process {
  begin();
  const parts = createParts(spec);
  const { recorder, signals, cancellation, notices, steps, people, undos, asides } = parts;
  const cancel = (request: CancelRequest): void => {
    recorder.note({ what: 'cancel', by: request.by, reason: request.reason });
    if (cancellation.request !== undefined) return;
    cancellation.request = request;
    cancellation.scope.cancel();
  };
  listen(recorder, signals, cancel, notices.escalate);
  const { run, given } = createLifecycle(spec, parts, (undo) => steps.write(undoing(undo)));
  const continuing = createContinuing(spec, parts, given);

  return {
    recorder,
    note: recorder.note,
    onSignal: signals.on,
    steps,
    people,
    writeWithUndo: (write, takeBack) => {
      if (steps.isOn(write.system)) undos.push({ step: steps.freeName(write.name), ...takeBack });
      return steps.write(write);
    },
    aside: asides.start,
    dropAsides: asides.dropAll,
    wait: (wait) => waitFor(recorder, continuing, wait),
    pause: (ms, summary) => sleep(ms, { summary }),
    escalate: notices.escalate,
    message: notices.message,
    cancel,
    run,
  };
}

function undoing({ step, does, person, unlessOpen, ...of }: Undo): Write<unknown> {
  const system = of.system ?? 'identity';
  const name = `undo ${step}`;
  const calls: Readonly<Record<Reversible<unknown>['system'], Write<unknown>['call']>> = {
    identity: (context, options) => identity.restore.executeWithOptions(options, [context, person, step, unlessOpen]),
    salesforce: (context, options) => salesforce.restoreCrmUser.executeWithOptions(options, [context, person, step]),
    slack: (context, options) => slack.restoreChatUser.executeWithOptions(options, [context, person, step]),
  };
  return { system, name, does, call: calls[system] };
}

function listen(
  recorder: Recorder,
  signals: Signals,
  cancel: (request: CancelRequest) => void,
  escalate: (request: EscalateRequest) => void,
): void {
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
      description: 'Tell the next person in line: { reason, by, to? }',
      required: ['reason', 'by'],
      optional: ['to'],
    },
    escalate,
  );
}

async function waitFor(
  recorder: Recorder,
  continuing: Continuing,
  { what, until, wakeAt, dueAt, next, place }: Wait,
): Promise<boolean> {
  recorder.setWaiting(what, dueAt ?? null, next);
  const mayLeave = (): boolean => place !== undefined && continuing.isDue(place);
  for (;;) {
    const isWoken = await woken(() => until() || mayLeave(), what, wakeAt);
    if (!isWoken || until()) return isWoken;
    // A cancellation may have come with what woke it, or a message whose work is under way.
    if (place !== undefined && mayLeave() && !CancellationScope.current().consideredCancelled)
      await continuing.go(place());
  }
}

async function woken(by: () => boolean, what: string, wakeAt: number | undefined): Promise<boolean> {
  if (wakeAt !== undefined) return condition(by, Math.max(wakeAt - Date.now(), 1), { summary: what });
  await condition(by);
  return true;
}
