/** The steps of a process: a step that is refused does not fail the process, it parks until somebody decides. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Person, StepContext } from '../../activities';
import { type Cause, isoTime, type Modes, type System } from '../../src/domain';
import { FOR_A_PERSON, tryPatiently } from './activity-proxies';
import { causeOf, sharedCause, whyFailed } from './failures';
import type { CallOptions, Retrying } from './activity-proxies';
import { createDecisions, type Decision, type Decisions } from './decisions';
import { pauseAfter } from './patience';
import type { StateRecorder } from './state';
import { outcomeOf, type StepOutcome } from './step-outcome';

/** Thrown inside a step: it cannot go on until somebody decides. The sentence says why and what may be sent. */
export class NeedsDecision extends Error {
  override readonly name = 'NeedsDecision' as const;

  readonly refusal: Refusal;

  constructor(why: string, cause: Cause, more: Partial<Omit<Refusal, 'why' | 'cause'>> = {}) {
    super(why);
    const { shared, mayPass = false, meanwhile = mayPass ? TRIED_AGAIN : undefined } = more;
    this.refusal = { why, cause, shared, mayPass, meanwhile };
  }
}

/** One write to one system. */
export type Write<T> = WriteCall<T> &
  (
    | {
        readonly system: ReversibleSystem;
        /** How it is taken back when the process is cancelled. */
        readonly undo?: UndoSpec;
      }
    | { readonly system: System; readonly undo?: undefined }
  );

/** A step as it is asked for. A second one with the same key gets a number. */
export interface StepName {
  /** Stable, in camel case: what `retryStep` and `skipStep` take, and what keys the ledger's rows of effects. */
  readonly step: string;
  /** What it does, as a sentence for people. */
  readonly title: string;
  /** As long as it is parked, somebody may have access that they should not have: each case is notified of by itself. */
  readonly endsAccess?: true;
}

/** A step under its own key. `system`: the one that it writes to. */
type Asked = StepName & { readonly system?: System };

/** Asks, and changes nothing: asked again it is the same step. */
export interface LookUp extends StepName {
  readonly isLookUp?: true;
}

/** The systems that can put things as they were. */
export type ReversibleSystem = 'identity' | 'salesforce' | 'slack';

interface WriteCall<T> extends StepName {
  /** `options` are for the activity, which it calls once. */
  readonly call: (context: StepContext, options: CallOptions) => Promise<T>;
  /** Shown with what came of it. */
  readonly cannotBeUndone?: true;
}

/** The system puts things as they were before the step. */
export interface UndoSpec {
  /** What that is, as a sentence for people. */
  readonly title: string;
  readonly person: Person;
  /** Leave (or give back) only when no other open workflow of this kind needs it so. */
  readonly unlessOpen: string | null;
  /** What it wrote of a certificate. Absent: of an account. */
  readonly of?: 'certificate';
}

/** Plain data, because a process that continues in a new run takes it along. */
export interface Undo extends UndoSpec {
  readonly step: string;
  readonly system: ReversibleSystem;
}

export interface Steps {
  /** Run a write; `undefined` when it was skipped, by a person or because its system is off. Parks when it is refused. */
  readonly write: <T>(write: Write<T>) => Promise<T | undefined>;
  /** Run anything that may need a decision; `undefined` when it was skipped. Its result is not shown. */
  readonly attempt: <T>(name: LookUp, call: () => T | Promise<T>) => Promise<T | undefined>;
  readonly retry: (step: string) => void;
  /** Settles when a decision about the step has come to something, or after a few seconds. */
  readonly carriedOut: (step: string) => Promise<void>;
  /** False where the system has no settings. */
  readonly isOn: (system: System) => boolean;
  /** The key that the next step asked for by `wanted` gets. */
  readonly freeKey: (wanted: string) => string;
}

/** Why a step is parked. */
export interface Refusal {
  readonly why: string;
  readonly cause: Cause;
  /** What may stop many processes alike: people are notified of it once. */
  readonly shared: string | undefined;
  /** It may be put right outside, such as credentials: the step is tried again from time to time, and goes on by itself. */
  readonly mayPass: boolean;
  /** What happens although nobody decides, as a sentence. */
  readonly meanwhile?: string | undefined;
}

/** What the steps need of their process. */
interface Owner {
  readonly userId: string;
  readonly recorder: StateRecorder;
  readonly modes: () => Modes;
  /** The undo of each write is added before the write runs: a write that was cut off may have happened. */
  readonly undos: Undo[];
  /** Notify people of a parked step; the answer stops it. */
  readonly onParked: (step: StepName, refusal: Refusal) => () => void;
  /** A step is tried again: what it had found may be put right. */
  readonly onRetry: () => void;
  /** Who ordered it and why, where a person did. */
  readonly ordered: () => { readonly actor: string; readonly reason: string } | undefined;
}

export function createSteps({ userId, recorder, modes, undos, onParked, onRetry, ordered }: Owner): Steps {
  const decisions = createDecisions(recorder);
  const freeKey = (wanted: string): string => freeKeyIn(recorder, wanted);

  async function untilSettled<T>(step: Asked, call: () => T | Promise<T>, of: OutcomeOf<T>): Promise<T | undefined> {
    for (let isRetry = false; ; isRetry = true) {
      if (isRetry) onRetry();
      recorder.setStep(step, 'running', isRetry ? 'being retried' : null);
      const tried = await tryOnce(call, step.system);
      if ('result' in tried) return settled(recorder, step, of, tried.result);
      recorder.setParked(step, tried);
      const stopNotifying = onParked(step, step.endsAccess === true ? { ...tried, shared: undefined } : tried);
      const decision = await untilDecided({ decisions, recorder }, step, tried, call).finally(stopNotifying);
      if (decision.kind === 'retry') continue;
      if (decision.kind === 'passed') return settled(recorder, step, of, decision.result);
      recorder.setStep(step, 'skipped', decision.why);
      return undefined;
    }
  }

  async function run<T>(step: Asked, call: () => T | Promise<T>, of: OutcomeOf<T>): Promise<T | undefined> {
    try {
      return await untilSettled(step, call, of);
    } catch (error) {
      if (isCancellation(error)) recorder.setStep(step, 'dropped', 'cut off, or no longer needed');
      throw error;
    }
  }

  async function write<T>(wanted: Write<T>): Promise<T | undefined> {
    const { title, cannotBeUndone, endsAccess } = wanted;
    const step = freeKey(wanted.step);
    const name = { step, title, system: wanted.system, ...(endsAccess && { endsAccess }) };
    const mode = modes()[wanted.system] ?? 'off';
    if (mode === 'off') {
      recorder.setStep({ step, title }, 'skipped', 'not configured');
      return undefined;
    }
    if (wanted.undo !== undefined) undos.push({ step, system: wanted.system, ...wanted.undo });
    const context = (): StepContext => ({ step, userId, mode, ...ordered() });
    const saying = (retrying: Retrying): void => recorder.setRetrying(step, describeRetry(retrying), retrying.cause);
    const call = byUrgency(
      () => ordered() !== undefined,
      (urgency) =>
        tryPatiently(wanted.system, title, (options) => wanted.call(context(), { ...options, ...urgency }), saying),
    );
    return run(name, call, (result) => outcomeOf(result, cannotBeUndone === true));
  }

  return {
    write,
    attempt: ({ isLookUp, ...name }, call) =>
      run({ ...name, step: isLookUp === true ? name.step : freeKey(name.step) }, call, () => ['done', null]),
    retry: decisions.retry,
    carriedOut: decisions.carriedOut,
    isOn: (system) => (modes()[system] ?? 'off') !== 'off',
    freeKey,
  };
}

function settled<T>(recorder: Owner['recorder'], step: Asked, of: OutcomeOf<T>, result: T): T {
  recorder.setStep(step, ...of(result));
  return result;
}

/** The first try has the priority of its workflow. For every other one a person waits, and for what they have ordered. */
function byUrgency<T>(
  isOrdered: () => boolean,
  call: (urgency: Pick<CallOptions, 'priority'>) => Promise<T>,
): () => Promise<T> {
  let isRetry = false;
  return () => {
    const urgency = isRetry || isOrdered() ? FOR_A_PERSON : {};
    isRetry = true;
    return call(urgency);
  };
}

/** What may pass is tried again from time to time, while the step stays parked. */
async function untilDecided<T>(
  { decisions, recorder }: { readonly decisions: Decisions; readonly recorder: StateRecorder },
  { step, system }: Asked,
  { mayPass, why }: Refusal,
  call: () => T | Promise<T>,
): Promise<Decision | { readonly kind: 'passed'; readonly result: T }> {
  for (let waitedMs = 0; ;) {
    const pauseMs = mayPass ? pauseAfter(waitedMs) : undefined;
    const decision = await decisions.made(step, pauseMs);
    if (decision !== undefined) return decision;
    waitedMs += pauseMs ?? 0;
    // A system that is away may keep it under way for a day: nobody's decision waits for that.
    const again = await decisions.unlessMade(step, () => tryOnce(call, system));
    if (again === undefined) continue;
    // A person who has decided a moment ago decides no more.
    if ('result' in again || again.why !== why) decisions.forget(step);
    if ('result' in again) {
      recorder.note({ what: `${step} goes on by itself`, by: 'mindtickle', reason: null });
      return { kind: 'passed', result: again.result };
    }
    // Refused for another reason: that is what people have to know.
    if (again.why !== why) return { kind: 'retry' };
  }
}

function describeRetry({ attempts, why, nextAt }: Retrying): string {
  const next = nextAt === null ? 'being tried again' : `next try at ${isoTime(nextAt)}`;
  return `attempt ${attempts} failed: ${why}; ${next}`;
}

/** The second time round is another effect. */
function freeKeyIn(recorder: StateRecorder, wanted: string): string {
  for (let round = 1; ; round += 1) {
    const key = round === 1 ? wanted : `${wanted}${round}`;
    if (!recorder.has(key)) return key;
  }
}

const TRIED_AGAIN = 'It is tried again, within minutes at first and within a day later.';

async function tryOnce<T>(call: () => T | Promise<T>, system: Asked['system']): Promise<{ result: T } | Refusal> {
  try {
    return { result: await call() };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof NeedsDecision) return error.refusal;
    if (error instanceof ActivityFailure) {
      const shared = sharedCause(error);
      const mayPass = shared !== undefined;
      const cause = causeOf(error, system ?? 'activity');
      return { why: whyFailed(error), cause, shared, mayPass, ...(mayPass && { meanwhile: TRIED_AGAIN }) };
    }
    throw error;
  }
}

type OutcomeOf<T> = (result: T) => StepOutcome;
