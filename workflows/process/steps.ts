import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { StepContext } from '../../activities';
import type { Mode, Modes, System } from '../../src/domain';
import { createDecisions, type Decision } from './decisions';
import { sharedCause, whyFailed } from './activity-proxies';
import type { Recorder } from './state';
import { verdictOf, type Verdict } from './step-outcome';
import { since } from '../releases';

/** Thrown inside a step: it cannot go on until somebody decides. The sentence says why and what may be sent. */
export class NeedsDecision extends Error {
  override readonly name = 'NeedsDecision' as const;

  /** Of something that may stop many processes alike. */
  readonly shared: string | undefined;

  constructor(message: string, shared?: string) {
    super(message);
    this.shared = shared;
  }
}

/** One write to one system. `does`: what, as the end of a sentence, shown in Temporal Web UI. */
export interface Write<T> {
  readonly system: System;
  readonly name: string;
  readonly does: string;
  readonly call: (context: StepContext, options: { readonly summary: string }) => Promise<T>;
  /** Shown with what came of it. */
  readonly cannotBeUndone?: true;
  /** The patch it came with: a process that went past it on an older worker goes on without. */
  readonly since?: string;
}

export interface Steps {
  /** Run a write; `undefined` when it was skipped, by a person or because its system is off. Parks when it is refused. */
  readonly write: <T>(write: Write<T>) => Promise<T | undefined>;
  /** Run anything that may need a decision; `undefined` when it was skipped. Its result is not shown. */
  readonly attempt: <T>(name: string, call: (name: string) => Promise<T>) => Promise<T | undefined>;
  readonly retry: (name: string) => void;
  /** False where the system has no settings. */
  readonly isOn: (system: System) => boolean;
  /** The name that the next step asked for by `wanted` gets. */
  readonly freeName: (wanted: string) => string;
}

/** Why a step is parked. */
export interface Refusal {
  readonly why: string;
  /** What may stop many processes alike: it is told once. */
  readonly cause: string | undefined;
}

export interface StepsDeps {
  readonly userId: string;
  readonly recorder: Recorder;
  readonly modes: () => Modes;
  /** Tell of a parked step; the answer stops it. */
  readonly onParked: (step: string, refusal: Refusal) => () => void;
  /** Who ordered it and why, where a person did. */
  readonly ordered: () => { readonly actor: string; readonly reason: string } | undefined;
}

/** Steps that park instead of failing. */
export function createSteps({ userId, recorder, modes, onParked, ordered }: StepsDeps): Steps {
  const decisions = createDecisions(recorder);
  const freeName = (wanted: string): string => freeNameIn(recorder, wanted);
  const modeOf = (system: System): Mode => modes()[system] ?? 'off';

  async function decide(name: string, refusal: Refusal): Promise<Decision> {
    recorder.setStep(name, 'parked', refusal.why);
    const stopTelling = onParked(name, refusal);
    try {
      return await decisions.of(name);
    } finally {
      stopTelling();
    }
  }

  async function untilSettled<T>(name: string, call: Call<T>, verdict: (result: T) => Verdict): Promise<T | undefined> {
    for (;;) {
      recorder.setStep(name, 'running');
      const tried = await tryOnce(name, call);
      if ('result' in tried) {
        recorder.setStep(name, ...verdict(tried.result));
        return tried.result;
      }
      const decision = await decide(name, tried);
      if (decision.kind === 'retry') continue;
      recorder.setStep(name, 'skipped', decision.why);
      return undefined;
    }
  }

  async function settle<T>(wanted: string, call: Call<T>, verdict: (result: T) => Verdict): Promise<T | undefined> {
    const name = freeName(wanted);
    try {
      return await untilSettled(name, call, verdict);
    } catch (error) {
      if (isCancellation(error)) recorder.setStep(name, 'dropped', 'cut off, or no longer needed');
      throw error;
    }
  }

  async function write<T>(wanted: Write<T>): Promise<T | undefined> {
    const mode = modeOf(wanted.system);
    if (mode === 'off') {
      recorder.setStep(freeName(wanted.name), 'skipped', 'not configured');
      return undefined;
    }
    if (wanted.since !== undefined && !since(wanted.since)) return undefined;
    return settle(
      wanted.name,
      (name) => wanted.call({ step: name, userId, mode, ...ordered() }, { summary: wanted.does }),
      (result) => verdictOf(result, wanted),
    );
  }

  return {
    write,
    attempt: (name, call) => settle(name, call, () => ['done', null]),
    retry: decisions.retry,
    isOn: (system) => modeOf(system) !== 'off',
    freeName,
  };
}

/** Names key the ledger's rows of effects: the second time round is another effect. */
function freeNameIn(recorder: Recorder, wanted: string): string {
  for (let round = 1; ; round += 1) {
    const name = round === 1 ? wanted : `${wanted} (${round})`;
    if (!recorder.has(name)) return name;
  }
}

type Call<T> = (name: string) => Promise<T>;

async function tryOnce<T>(name: string, call: Call<T>): Promise<{ result: T } | Refusal> {
  try {
    return { result: await call(name) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof NeedsDecision) return { why: error.message, cause: error.shared };
    if (error instanceof ActivityFailure) return { why: whyFailed(error), cause: sharedCause(error) };
    throw error;
  }
}
