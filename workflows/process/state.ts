import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../../src/domain/search-attributes';
import { isoTime } from '../../src/domain';
import { describeState, SHOWN } from './web-ui';
import type { HistoryEntry, Outcome, Phase, ProcessState, StepState, StepStatus, Told } from '../messages';

/** What a person, or a flood of messages, may put into a history: the `state` query and a new run have to hold it. */
const LONGEST_HISTORY = 1000;
const MOST_TEXT = 100_000;

/** What a process that continues in a new run knows of itself. */
export interface KeptRecord {
  readonly steps: readonly StepState[];
  readonly history: readonly HistoryEntry[];
  /** How many entries the history has lost. */
  readonly forgotten: number;
  /** Absent in what older code handed over. */
  readonly told?: readonly Told[];
}

const NOTHING: KeptRecord = { steps: [], history: [], forgotten: 0 };

/** What a process says of itself: by the `state` query, search attributes, and its page in Temporal Web UI. */
export interface Recorder {
  readonly snapshot: () => ProcessState;
  readonly phase: () => Phase;
  readonly note: (entry: Omit<HistoryEntry, 'at'>) => void;
  /** A message that means nothing: the first to be forgotten when there are too many. */
  readonly noteIgnored: (message: string, by: string, why: string) => void;
  readonly setStep: (name: string, status: StepStatus, detail?: string | null) => void;
  readonly stepsIn: (status: StepStatus) => readonly string[];
  readonly has: (name: string) => boolean;
  /** Somebody was written to. */
  readonly tell: (told: Omit<Told, 'at'>) => void;
  /** `until` in epoch ms; `next`: what happens then, as a sentence. */
  readonly setWaiting: (what: string, until: number | null, next?: string) => void;
  readonly setDeadline: (until: number) => void;
  /** What it waited for has come. */
  readonly setWorking: () => void;
  readonly setUndoing: () => void;
  readonly end: (outcome: Outcome) => void;
  readonly kept: () => KeptRecord;
}

interface Held {
  readonly steps: Map<string, StepState>;
  readonly history: HistoryEntry[];
  readonly told: Told[];
  next: string | null;
  textLength: number;
  forgotten: number;
  waitingFor: string | null;
  deadline: number | null;
  isUndoing: boolean;
  outcome: Outcome | null;
}

/** `title` and `messages` are for the person who reads the workflow's page; `kept` is what the run before handed over. */
export function createRecorder(title: string, messages: readonly string[], kept?: KeptRecord): Recorder {
  const { steps, history, forgotten, told = [] } = kept ?? NOTHING;
  const held: Held = {
    steps: new Map(steps.map((step) => [step.name, step])),
    history: [...history],
    textLength: history.reduce((sum, entry) => sum + textLengthOf(entry), 0),
    forgotten,
    told: [...told],
    next: null,
    waitingFor: null,
    deadline: null,
    isUndoing: false,
    outcome: null,
  };
  // What is searched for may still be as the first run began.
  const publish = createPublisher(title, messages, kept === undefined ? { phase: 'working', deadline: null } : {});
  const change = (alter: () => void): void => {
    alter();
    publish(snapshotOf(held, SHOWN), held);
  };
  const now = (): string => isoTime(Date.now());
  const note = (entry: Omit<HistoryEntry, 'at'>): void =>
    change(() => {
      const noted = { at: now(), ...entry };
      held.history.push(noted);
      held.textLength += textLengthOf(noted);
      forget(held);
    });

  return {
    snapshot: () => snapshotOf(held),
    phase: () => phaseOf(held),
    stepsIn: (status) => namesIn(held, status),
    has: (name) => held.steps.has(name),
    note,
    noteIgnored: (message, by, why) => note({ what: `${message}${IGNORED}`, by, reason: why }),
    setStep: (name, status, detail = null) => change(() => held.steps.set(name, { name, status, detail, at: now() })),
    tell: (told) =>
      change(() => {
        if (held.told.length >= LONGEST_HISTORY) held.told.shift();
        held.told.push({ ...told, at: now() });
      }),
    setWaiting: (what, until, next) =>
      change(() => Object.assign(held, { waitingFor: what, deadline: until, next: next ?? null })),
    setDeadline: (until) => change(() => (held.deadline = until)),
    setWorking: () => change(() => Object.assign(held, { waitingFor: null, deadline: null })),
    setUndoing: () => change(() => Object.assign(held, { isUndoing: true, waitingFor: null })),
    end: (outcome) => change(() => Object.assign(held, { outcome, waitingFor: null, deadline: null })),
    kept: () => ({
      steps: [...held.steps.values()],
      history: [...held.history],
      forgotten: held.forgotten,
      told: [...held.told],
    }),
  };
}

const IGNORED = ' ignored';

/** Noise first, then the oldest: a flood of messages that mean nothing leaves what was decided. */
function forget(held: Held): void {
  const { history } = held;
  while (history.length > LONGEST_HISTORY || (history.length > 1 && held.textLength > MOST_TEXT)) {
    const noise = history.findIndex(({ what }) => what.endsWith(IGNORED));
    for (const gone of history.splice(Math.max(noise, 0), 1)) held.textLength -= textLengthOf(gone);
    held.forgotten += 1;
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
): (state: ProcessState, held: Pick<Held, 'deadline' | 'next'>) => void {
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
function snapshotOf(held: Held, newest = Infinity): ProcessState {
  const { waitingFor, deadline, outcome } = held;
  const waits = namesIn(held, 'parked').map((name) => `retryStep or skipStep of "${name}"`);
  if (waitingFor !== null) waits.push(waitingFor);
  return {
    phase: phaseOf(held),
    outcome,
    waitingFor: outcome !== null || waits.length === 0 ? null : waits.join('; '),
    deadline: deadline === null ? null : isoTime(deadline),
    steps: [...held.steps.values()],
    history: held.history.slice(-newest),
    told: held.told.slice(-newest),
    ...(held.forgotten > 0 && { forgotten: held.forgotten }),
  };
}

function phaseOf(held: Held): Phase {
  if (held.outcome !== null) return 'done';
  if (held.isUndoing) return 'undoing';
  if (namesIn(held, 'parked').length > 0) return 'parked';
  return held.waitingFor === null ? 'working' : 'waiting';
}

function namesIn({ steps }: Held, status: StepStatus): string[] {
  return [...steps.values()].filter((step) => step.status === status).map(({ name }) => name);
}
