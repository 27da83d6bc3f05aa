import { type Cause, isoTime } from '../../src/domain';
import { createPublisher } from './publisher';
import { restOf, type Waiting } from './rest';
import { decisionOn, SHOWN } from './web-ui';
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
  /** Somebody has to decide. `meanwhile`: what happens although nobody does. */
  readonly setParked: (
    step: Pick<StepState, 'step' | 'title'>,
    refusal: { readonly why: string; readonly cause: Cause; readonly meanwhile?: string | undefined },
  ) => void;
  /** A step under way failed, and is tried again until it succeeds. */
  readonly setRetrying: (step: string, detail: string, cause: Cause) => void;
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
  /** `until` in epoch ms; `next`: what happens then, as a sentence; `cause`: why it waits for a person. */
  readonly setWaiting: (
    waiting: Omit<Waiting, 'since'> & { readonly until?: number | undefined; readonly next?: string | undefined },
  ) => void;
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
  waiting: Waiting | null;
  deadline: number | null;
  isUndoing: boolean;
  outcome: Outcome | null;
}

/** What a recorder is made with: `title` and `messages` are for the person who reads the workflow's page. */
interface Recording {
  readonly title: string;
  readonly messages: readonly string[];
  /** From the run before. */
  readonly before: StateSnapshot | undefined;
  /** No run came before that may have published something else. */
  readonly isFirstRun: boolean;
}

export function createStateRecorder({ title, messages, before, isFirstRun }: Recording): StateRecorder {
  const current = currentState(before);
  const publish = createPublisher(title, messages, isFirstRun);
  const set = (changed: Partial<CurrentState> = {}): void => {
    Object.assign(current, changed);
    const { deadline, next, outcome } = current;
    const rest = outcome === null ? restOf(current) : null;
    publish({ state: snapshotOf(current, SHOWN), deadline, next, rest });
  };
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
    ...stepSetters(current, set),
    note,
    noteIgnored: (message, by, why) => note({ what: `${message}${IGNORED}`, by, reason: why }),
    statusOf: (step) => current.steps.get(step)?.status,
    due: () => (current.deadline === null ? null : { at: isoTime(current.deadline), next: current.next }),
    addNotified: (notified) => {
      if (current.notified.length >= MAX_HISTORY) current.notified.shift();
      current.notified.push({ ...notified, at: now() });
      set();
    },
    setWaiting: ({ what, cause, until = null, next = null }) => {
      const { waiting } = current;
      const since = waiting?.what === what ? waiting.since : now();
      set({ waiting: { what, cause, since }, deadline: until, next });
    },
    setDeadline: (until, next = current.next ?? undefined) => set({ deadline: until, next: next ?? null }),
    setWorking: () => set({ waiting: null, deadline: null }),
    setUndoing: () => set({ isUndoing: true, waiting: null, deadline: null }),
    end: (outcome) => set({ outcome, waiting: null, deadline: null }),
  };
}

type StepSetters = Pick<
  StateRecorder,
  'setStep' | 'setParked' | 'setRetrying' | 'setUndone' | 'setDetail' | 'setRetried'
>;

function stepSetters({ steps }: CurrentState, publish: () => void): StepSetters {
  const set = (step: StepState): void => {
    steps.set(step.step, step);
    publish();
  };
  return {
    setStep: ({ step, title }, status, detail = null) => {
      set({ step, title, status, detail, at: now() });
    },
    setParked: ({ step, title }, { why, cause, meanwhile }) => {
      const more = { cause, ...(meanwhile !== undefined && { meanwhile }) };
      set({ step, title, status: 'parked', detail: why, at: now(), ...more });
    },
    setRetrying: (step, detail, cause) => {
      const known = steps.get(step);
      if (known?.status !== 'running') return;
      set({ ...known, detail, cause });
    },
    setUndone: (step) => {
      const done = steps.get(step);
      if (done?.status !== 'done') return;
      set({ ...done, status: 'undone', detail: null, at: now() });
    },
    setDetail: (step, detail) => {
      const known = steps.get(step);
      if (known === undefined || !['running', 'done'].includes(known.status)) return;
      set({ ...known, detail });
    },
    setRetried: (step) => {
      const known = steps.get(step);
      if (known?.status !== 'parked') return;
      const { title } = known;
      set({ step, title, status: 'running', detail: 'being retried', at: now() });
    },
  };
}

function now(): string {
  return isoTime(Date.now());
}

function currentState({ steps, history, notified, forgotten = 0 }: StateSnapshot = NOTHING): CurrentState {
  return {
    steps: new Map(steps.map((step) => [step.step, step])),
    history: [...history],
    textLength: history.reduce((sum, entry) => sum + textLengthOf(entry), 0),
    forgotten,
    notified: [...notified],
    next: null,
    waiting: null,
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

/** `newest`: only so many entries of the history. */
function snapshotOf(current: CurrentState, newest = Infinity): ProcessState {
  const { waiting, deadline, outcome } = current;
  const waits = [...current.steps.values()].filter(({ status }) => status === 'parked').map(decisionOn);
  if (waiting !== null) waits.push(waiting.what);
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

function phaseOf(current: CurrentState): Phase {
  if (current.outcome !== null) return 'done';
  if (current.isUndoing) return 'undoing';
  if (stepsIn(current, 'parked').length > 0) return 'parked';
  return current.waiting === null ? 'working' : 'waiting';
}

function stepsIn({ steps }: CurrentState, status: StepStatus): string[] {
  return [...steps.values()].filter((step) => step.status === status).map(({ step }) => step);
}
