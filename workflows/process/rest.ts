/** What a case at rest needs, and of whom: for lists of many cases, by search attributes and one memo. */
import { type Cause, isoTime, type Needs } from '../../src/domain';
import { decisionOn } from './web-ui';
import type { ListedRest, StepState } from '../messages';

/** What a case waits for beside its steps. */
export interface Waiting {
  readonly what: string;
  /** Why it waits for a person; absent: for time, or for what the learner does. */
  readonly cause?: Cause | undefined;
  /** ISO 8601. */
  readonly since: string;
}

interface Resting {
  readonly steps: ReadonlyMap<string, StepState>;
  readonly waiting: Waiting | null;
  readonly deadline: number | null;
  /** What happens at the deadline. */
  readonly next: string | null;
}

export interface Rest {
  readonly needs: Needs;
  readonly listed: Omit<ListedRest, 'about'>;
}

/** Null: it works. Where several steps wait, the first one is shown. */
export function restOf(current: Resting): Rest | null {
  const steps = [...current.steps.values()];
  const parked = steps.find(({ status }) => status === 'parked');
  if (parked !== undefined) return { needs: 'person', listed: ofStep(parked, current, decisionOn(parked)) };
  const retried = steps.find(({ status, cause }) => status === 'running' && cause !== undefined);
  if (retried !== undefined) return { needs: 'system', listed: ofRetried(retried) };
  const { waiting } = current;
  if (waiting === null) return null;
  const { what, cause = null, since } = waiting;
  const listed: Rest['listed'] = { ...NO_STEP, cause, since, waitingFor: what, next: nextOf(current) };
  return { needs: cause === null ? 'time' : 'person', listed };
}

const NO_STEP = { step: null, title: null, why: null };

function ofStep(step: StepState, current: Resting, waitingFor: string | null): Rest['listed'] {
  const { detail, cause = null, at, meanwhile } = step;
  const otherwise = meanwhile === undefined ? null : { at: null, what: meanwhile };
  const next = nextOf(current) ?? otherwise;
  return { step: step.step, title: short(step.title), why: short(detail ?? ''), cause, since: at, waitingFor, next };
}

/** Without the error and the next try of each attempt: the memo is an event of the history whenever it changes. */
function ofRetried({ step, title, cause, at: since }: StepState): Rest['listed'] {
  return { step, title: short(title), why: null, cause: cause ?? null, since, waitingFor: null, next: TRIED_AGAIN };
}

const TRIED_AGAIN = { at: null, what: 'It is tried again by itself.' } as const;

function nextOf({ deadline, next }: Resting): ListedRest['next'] {
  return deadline === null ? null : { at: isoTime(deadline), what: next };
}

const MAX_LENGTH = 300;

/** A memo is read with each list. */
function short(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
