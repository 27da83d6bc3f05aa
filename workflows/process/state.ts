import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { isoTime, searchAttributes } from '../../src/domain';
import { wantsAddress } from './address-wanted';
import { describeState, SHOWN } from './web-ui';
import type { HistoryEntry, Outcome, Phase, ProcessState, StepState, StepStatus, Notified } from '../messages';

/** What a person, or a flood of messages, may put into a history: the `state` query and a new run have to hold it. */
const MAX_HISTORY = 1000;
const MAX_TEXT = 100_000;

/** What a process that continues in a new run knows of itself. */
export type StateSnapshot = Pick<ProcessState, 'steps' | 'history' | 'notified' | 'forgotten'>;

/** What a process says of itself: by the `state` query, search attributes, and its page in Temporal Web UI. */
export interface StateRecorder {
  readonly snapshot: () => ProcessState;
  readonly phase: () => Phase;
  readonly note: (entry: Omit<HistoryEntry, 'at'>) => void;
  /** A message that means nothing: the first to be forgotten when there are too many. */
  readonly noteIgnored: (message: string, by: string, why: string) => void;
  readonly setStep: (step: Pick<StepState, 'step' | 'title'>, status: StepStatus, detail?: string | null) => void;
  /** What a step did was taken back, if it did anything. */
  readonly setUndone: (step: string) => void;
  /** Shown with a step that is under way or done; of any other it says why. */
  readonly setDetail: (step: string, detail: string) => void;
  /** A person has it tried again: it is parked no more. */
  readonly setRetried: (step: string) => void;
  readonly statusOf: (step: string) => StepStatus | undefined;
  readonly stepsIn: (status: StepStatus) => readonly string[];
  readonly has: (step: string) => boolean;
  readonly addNotified: (notified: Omit<Notified, 'at'>) => void;
  /** `until` in epoch ms; `next`: what happens then, as a sentence. */
  readonly setWaiting: (what: string, until: number | null, next?: string | null) => void;
  /** `next`: what happens then, as a sentence; absent: as it was. */
  readonly setDeadline: (until: number, next?: string) => void;
  /** What it waited for has come. */
  readonly setWorking: () => void;
  /** What happens by itself, and when, ISO 8601; null: nothing. */
  readonly due: () => { readonly at: string; readonly next: string | null } | null;
  readonly setUndoing: () => void;
  readonly end: (outcome: Outcome) => void;
}

interface CurrentState {
  readonly steps: Map<string, StepState>;
  readonly history: HistoryEntry[];
  readonly notified: Notified[];
  next: string | null;
  textLength: number;
  forgotten: number;
  waitingFor: string | null;
  deadline: number | null;
  isUndoing: boolean;
  outcome: Outcome | null;
}

/** `title` and `messages` are for the person who reads the workflow's page; `before` comes from the run before. */
export function createStateRecorder(title: string, messages: readonly string[], before?: StateSnapshot): StateRecorder {
  const current = currentState(before);
  // What is searched for may still be as the first run began.
  const publish = createPublisher(title, messages, before === undefined ? { phase: 'working', deadline: null } : {});
  const set = (changed: Partial<CurrentState> = {}): void => {
    Object.assign(current, changed);
    publish(snapshotOf(current, SHOWN), current);
  };
  const now = (): string => isoTime(Date.now());
  const note = (entry: Omit<HistoryEntry, 'at'>): void => {
    const noted = { at: now(), ...entry };
    current.history.push(noted);
    current.textLength += textLengthOf(noted);
    forget(current);
    set();
  };

  return {
    snapshot: () => snapshotOf(current),
    phase: () => phaseOf(current),
    stepsIn: (status) => stepsIn(current, status),
    has: (step) => current.steps.has(step),
    note,
    noteIgnored: (message, by, why) => note({ what: `${message}${IGNORED}`, by, reason: why }),
    setStep: ({ step, title }, status, detail = null) => {
      current.steps.set(step, { step, title, status, detail, at: now() });
      set();
    },
    setUndone: (step) => {
      const done = current.steps.get(step);
      if (done?.status !== 'done') return;
      current.steps.set(step, { ...done, status: 'undone', detail: null, at: now() });
      set();
    },
    setDetail: (step, detail) => {
      const known = current.steps.get(step);
      if (known === undefined || !['running', 'done'].includes(known.status)) return;
      current.steps.set(step, { ...known, detail });
      set();
    },
    setRetried: (step) => {
      const known = current.steps.get(step);
      if (known?.status !== 'parked') return;
      current.steps.set(step, { ...known, status: 'running', detail: 'being retried', at: now() });
      set();
    },
    statusOf: (step) => current.steps.get(step)?.status,
    due: () => (current.deadline === null ? null : { at: isoTime(current.deadline), next: current.next }),
    addNotified: (notified) => {
      if (current.notified.length >= MAX_HISTORY) current.notified.shift();
      current.notified.push({ ...notified, at: now() });
      set();
    },
    setWaiting: (what, until, next = null) => set({ waitingFor: what, deadline: until, next }),
    setDeadline: (until, next = current.next ?? undefined) => set({ deadline: until, next: next ?? null }),
    setWorking: () => set({ waitingFor: null, deadline: null }),
    setUndoing: () => set({ isUndoing: true, waitingFor: null, deadline: null }),
    end: (outcome) => set({ outcome, waitingFor: null, deadline: null }),
  };
}

function currentState({ steps, history, notified, forgotten = 0 }: StateSnapshot = NOTHING): CurrentState {
  return {
    steps: new Map(steps.map((step) => [step.step, step])),
    history: [...history],
    textLength: history.reduce((sum, entry) => sum + textLengthOf(entry), 0),
    forgotten,
    notified: [...notified],
    next: null,
    waitingFor: null,
    deadline: null,
    isUndoing: false,
    outcome: null,
  };
}

const NOTHING: StateSnapshot = { steps: [], history: [], notified: [] };

const IGNORED = ' ignored';

/** Noise first, then the oldest: a flood of messages that mean nothing leaves what was decided. */
function forget(current: CurrentState): void {
  const { history } = current;
  while (history.length > MAX_HISTORY || (history.length > 1 && current.textLength > MAX_TEXT)) {
    const noise = history.findIndex(({ what }) => what.endsWith(IGNORED));
    for (const gone of history.splice(Math.max(noise, 0), 1)) current.textLength -= textLengthOf(gone);
    current.forgotten += 1;
  }
}

function textLengthOf({ what, by, reason }: HistoryEntry): number {
  return what.length + by.length + (reason ?? '').length;
}

/** An upsert is an event in the history: only for what changed. The details cost nothing. */
function createPublisher(
  title: string,
  messages: readonly string[],
  published: { readonly phase?: Phase; readonly deadline?: number | null },
): (state: ProcessState, current: Pick<CurrentState, 'deadline' | 'next'>) => void {
  let { phase, deadline } = published;
  return (state, { deadline: newDeadline, next }) => {
    if (state.phase !== phase) upsertSearchAttributes([{ key: searchAttributes.phase, value: state.phase }]);
    if (newDeadline !== deadline)
      upsertSearchAttributes([
        { key: searchAttributes.deadline, value: newDeadline === null ? null : new Date(newDeadline) },
      ]);
    phase = state.phase;
    deadline = newDeadline;
    setCurrentDetails(describeState({ title, messages, state, next }));
  };
}

/** `newest`: only so many entries of the history. */
function snapshotOf(current: CurrentState, newest = Infinity): ProcessState {
  const { waitingFor, deadline, outcome } = current;
  const waits = [...current.steps.values()].filter(({ status }) => status === 'parked').map(decisionOn);
  if (waitingFor !== null) waits.push(waitingFor);
  return {
    phase: phaseOf(current),
    outcome,
    waitingFor: outcome !== null || waits.length === 0 ? null : waits.join('; '),
    deadline: deadline === null ? null : isoTime(deadline),
    steps: [...current.steps.values()],
    history: current.history.slice(-newest),
    notified: current.notified.slice(-newest),
    ...(current.forgotten > 0 && { forgotten: current.forgotten }),
  };
}

function decisionOn(step: StepState): string {
  return `${wantsAddress(step) ? 'retryStep, identify or skipStep' : 'retryStep or skipStep'} of "${step.step}"`;
}

function phaseOf(current: CurrentState): Phase {
  if (current.outcome !== null) return 'done';
  if (current.isUndoing) return 'undoing';
  if (stepsIn(current, 'parked').length > 0) return 'parked';
  return current.waitingFor === null ? 'working' : 'waiting';
}

function stepsIn({ steps }: CurrentState, status: StepStatus): string[] {
  return [...steps.values()].filter((step) => step.status === status).map(({ step }) => step);
}
