import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { PolicySnapshot } from '../../src/domain';
import type { Delivery } from '../../src/events';
import { createAsides, type Asides } from './background';
import type { Carried } from './continue-as-new';
import type { CancelRequest } from '../messages';
import { createNotices, type Notices } from './notifications';
import { createPeople, type People } from './people';
import { createSignals, type Signals } from './signals';
import { createRecorder, type Recorder } from './state';
import { createSteps, type Steps } from './steps';
import { createUndoStack, type UndoStack } from './undo';

export interface ProcessSpec {
  readonly delivery: Delivery;
  /** The workflow's second argument, as it came. */
  readonly body: unknown;
  /** Empty where there is none to read. */
  readonly userId: string;
  /** An address that the event itself carries. */
  readonly email?: string;
  /** Shown on its page and in letters: the kind and what it is about; ids and titles, no names. */
  readonly about: string;
  /** The messages beside the common ones, for its page. */
  readonly messages?: readonly string[];
  /** Of a run that goes on from another one. */
  readonly carried?: Carried | undefined;
}

/** The scope of all that a cancellation stops, and the `cancel` signal that asked for it. */
export interface Cancellation {
  readonly scope: CancellationScope;
  request: CancelRequest | undefined;
}

/** What a process is made of. */
export interface Parts {
  readonly recorder: Recorder;
  readonly signals: Signals;
  readonly cancellation: Cancellation;
  readonly notices: Notices;
  readonly steps: Steps;
  readonly people: People;
  readonly undos: UndoStack;
  readonly asides: Asides;
  /** Read before the first step. */
  readonly terms: () => PolicySnapshot;
  readonly keep: (terms: PolicySnapshot) => void;
}

const COMMON_MESSAGES = ['cancel', 'escalate', 'retryStep', 'skipStep'];

/** The parts, as a run before has left them where there was one. */
export function createParts({ userId, email, about, messages = [], carried }: ProcessSpec): Parts {
  const recorder = createRecorder(about, [...COMMON_MESSAGES, ...messages], carried?.record);
  const cancellation: Cancellation = { scope: new CancellationScope(), request: undefined };
  const held: { terms?: PolicySnapshot } = { ...(carried && { terms: carried.terms }) };
  const terms = (): PolicySnapshot => {
    if (held.terms === undefined) throw new Error('the terms are read before the first step');
    return held.terms;
  };
  const notices = createNotices({
    userId,
    workflowId: workflowInfo().workflowId,
    about,
    recorder,
    people: () => people,
    terms: () => held.terms,
    before: carried?.notices ?? 0,
  });
  const steps = createSteps({
    userId,
    recorder,
    modes: () => terms().modes,
    onParked: notices.parked,
    ordered: () => cancellation.request && { actor: cancellation.request.by, reason: cancellation.request.reason },
  });
  const people = createPeople({ userId, email: email ?? null, recorder, steps, terms, kept: carried?.people });
  return {
    recorder,
    signals: createSignals(recorder, carried?.signals),
    cancellation,
    notices,
    steps,
    people,
    undos: createUndoStack(carried?.undos),
    asides: createAsides(),
    terms,
    keep: (read) => {
      held.terms = read;
    },
  };
}
