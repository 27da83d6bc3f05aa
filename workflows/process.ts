/** What every process has in common, so that a workflow's own file reads as the process alone. */
import { CancellationScope, condition, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { StepContext } from '../activities';
import type { System, Terms } from '../src/domain/policy';
import type { Delivery } from '../src/events';
import { createAsides, type Aside } from './asides';
import { createLifecycle, type Cancellation, type Lifecycle } from './lifecycle';
import { stateQuery, type CancelRequest, type EscalateRequest, type HistoryEntry } from './messages';
import { createNotices } from './notices';
import { createPeople, type People } from './people';
import { onSignal } from './signals';
import { createRecorder, type Recorder } from './state';
import { createSteps, type Steps, type Write } from './steps';
import { createUndoStack } from './undo';

export type { Aside } from './asides';
export type { Body, ProcessResult } from './lifecycle';

export interface ProcessSpec {
  readonly delivery: Delivery;
  /** The workflow's second argument. */
  readonly body: unknown;
  /** Empty where there is none to read. */
  readonly userId: string;
  /** An address that the event itself carries. */
  readonly email?: string;
  /** Shown on its page and in letters: the kind and what it is about; ids and titles, no names. */
  readonly about: string;
  /** The messages beside the common ones, for its page. */
  readonly messages?: readonly string[];
}

export interface Wait {
  readonly what: string;
  readonly until: () => boolean;
  /** Epoch ms; absent: as long as it takes. */
  readonly wakeAt?: number;
  /** What is shown as the deadline, epoch ms. */
  readonly dueAt?: number;
  /** What happens at `dueAt`, as a sentence. */
  readonly next?: string;
}

/** How a write is taken back. `call` gets the name of the step that it undoes. */
export interface Undo<T> {
  readonly does: string;
  readonly call: (of: string) => (context: StepContext, options: { readonly summary: string }) => Promise<T>;
}

export interface Process {
  readonly recorder: Recorder;
  readonly note: (entry: Omit<HistoryEntry, 'at'>) => void;
  readonly steps: Steps;
  readonly people: People;
  /** A write with its undo, which is registered first: a write that was cut off may have happened. */
  readonly writeWithUndo: <T, U>(write: Write<T>, undo: Undo<U>) => Promise<T | undefined>;
  readonly aside: (work: () => Promise<void>) => Aside;
  readonly dropAsides: () => Promise<void>;
  /** True: `until` came. False: `wakeAt` did. */
  readonly wait: (wait: Wait) => Promise<boolean>;
  /** Sleep beside the process, without a word in its state; ms. */
  readonly pause: (ms: number, summary: string) => Promise<void>;
  readonly escalate: (request: EscalateRequest) => void;
  /** As the signal does; the first one counts. */
  readonly cancel: (request: CancelRequest) => void;
  readonly run: Lifecycle['run'];
}

const COMMON_MESSAGES = ['cancel', 'escalate', 'retryStep', 'skipStep'];

/** Handlers first, so that `state` and the validators answer while everything else still waits. */
export function openProcess({ delivery, body, userId, email, about, messages = [] }: ProcessSpec): Process {
  const recorder = createRecorder(about, [...COMMON_MESSAGES, ...messages]);
  const cancellation: Cancellation = { scope: new CancellationScope(), request: undefined };
  const held: { terms?: Terms } = {};
  const terms = (): Terms => {
    if (held.terms === undefined) throw new Error('the terms are read before the first step');
    return held.terms;
  };
  const { workflowId } = workflowInfo();
  const notices = createNotices({ userId, workflowId, about, recorder, people: () => people, terms: () => held.terms });
  const steps = createSteps({
    userId,
    recorder,
    modes: () => terms().modes,
    onParked: notices.parked,
    ordered: () => cancellation.request && { actor: cancellation.request.by, reason: cancellation.request.reason },
  });
  const people = createPeople({ userId, email: email ?? null, recorder, steps, terms });
  const undos = createUndoStack();
  const asides = createAsides();
  const cancel = (request: CancelRequest): void => {
    recorder.note({ what: 'cancel', by: request.by, reason: request.reason });
    if (cancellation.request !== undefined) return;
    cancellation.request = request;
    cancellation.scope.cancel();
  };
  listen(recorder, cancel, notices.escalate);
  const keep = (read: Terms): void => {
    held.terms = read;
  };
  const { run } = createLifecycle({ delivery, body, recorder, cancellation, undos, asides, notices, terms, keep });

  return {
    recorder,
    note: recorder.note,
    steps,
    people,
    writeWithUndo: (write, undo) => {
      const name = steps.freeName(write.name);
      undos.push({ step: name, run: () => steps.write(undoing(write.system, name, undo)) });
      return steps.write(write);
    },
    aside: asides.start,
    dropAsides: asides.dropAll,
    wait: (wait) => waitFor(recorder, wait),
    pause: (ms, summary) => sleep(ms, { summary }),
    escalate: notices.escalate,
    cancel,
    run,
  };
}

function undoing<T>(system: System, of: string, { does, call }: Undo<T>): Write<T> {
  return { system, name: `undo ${of}`, does, call: call(of) };
}

function listen(
  recorder: Recorder,
  cancel: (request: CancelRequest) => void,
  escalate: (request: EscalateRequest) => void,
): void {
  setHandler(stateQuery, recorder.snapshot, { description: 'Phase, what it waits for, steps and history' });
  onSignal(
    recorder,
    {
      name: 'cancel',
      description: 'Stop, undo what must be undone: { reason, by }',
      required: ['reason', 'by'],
      optional: ['eventId'],
    },
    cancel,
  );
  onSignal(
    recorder,
    {
      name: 'escalate',
      description: 'Tell the next person in line: { reason, by, to? }',
      required: ['reason', 'by'],
      optional: ['to'],
    },
    escalate,
  );
}

async function waitFor(recorder: Recorder, { what, until, wakeAt, dueAt, next }: Wait): Promise<boolean> {
  recorder.setWaiting(what, dueAt ?? null, next);
  if (wakeAt !== undefined) return condition(until, Math.max(wakeAt - Date.now(), 1), { summary: what });
  await condition(until);
  return true;
}
