import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { isoTime } from '../src/domain/time';
import { describeState } from './details';
import type { HistoryEntry, Outcome, Phase, ProcessState, StepState, StepStatus, Told } from './messages';

const phaseKey = defineSearchAttributeKey('MindticklePhase', SearchAttributeType.KEYWORD);
const deadlineKey = defineSearchAttributeKey('MindtickleDeadline', SearchAttributeType.DATETIME);

/** A flood of signals must not grow the state without end. */
const LONGEST_HISTORY = 200;

/** What a process says of itself: by the `state` query, search attributes, and its page in Temporal Web UI. */
export interface Recorder {
  readonly snapshot: () => ProcessState;
  readonly note: (entry: Omit<HistoryEntry, 'at'>) => void;
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
}

interface Held {
  readonly steps: Map<string, StepState>;
  readonly history: HistoryEntry[];
  readonly told: Told[];
  next: string | null;
  waitingFor: string | null;
  deadline: number | null;
  isUndoing: boolean;
  outcome: Outcome | null;
}

/** `title` and `messages` are for the person who reads the workflow's page. */
export function createRecorder(title: string, messages: readonly string[]): Recorder {
  const held: Held = {
    steps: new Map(),
    history: [],
    told: [],
    next: null,
    waitingFor: null,
    deadline: null,
    isUndoing: false,
    outcome: null,
  };
  const publish = createPublisher(title, messages);
  const change = (alter: () => void): void => {
    alter();
    publish(snapshotOf(held), held);
  };
  const now = (): string => isoTime(Date.now());

  return {
    snapshot: () => snapshotOf(held),
    stepsIn: (status) => namesIn(held, status),
    has: (name) => held.steps.has(name),
    note: (entry) =>
      change(() => {
        if (held.history.length >= LONGEST_HISTORY) held.history.splice(1, 1);
        held.history.push({ at: now(), ...entry });
      }),
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
  };
}

/** An upsert is an event in the history: only for what changed. The details cost nothing. */
function createPublisher(
  title: string,
  messages: readonly string[],
): (state: ProcessState, held: Pick<Held, 'deadline' | 'next'>) => void {
  let phase: Phase = 'working';
  let deadline: number | null = null;
  return (state, { deadline: newDeadline, next }) => {
    if (state.phase !== phase) upsertSearchAttributes([{ key: phaseKey, value: state.phase }]);
    if (newDeadline !== deadline)
      upsertSearchAttributes([{ key: deadlineKey, value: newDeadline === null ? null : new Date(newDeadline) }]);
    phase = state.phase;
    deadline = newDeadline;
    setCurrentDetails(describeState({ title, messages, state, next }));
  };
}

function snapshotOf(held: Held): ProcessState {
  const { waitingFor, deadline, outcome } = held;
  const waits = namesIn(held, 'parked').map((name) => `retryStep or skipStep of "${name}"`);
  if (waitingFor !== null) waits.push(waitingFor);
  return {
    phase: phaseOf(held),
    outcome,
    waitingFor: outcome !== null || waits.length === 0 ? null : waits.join('; '),
    deadline: deadline === null ? null : isoTime(deadline),
    steps: [...held.steps.values()],
    history: [...held.history],
    told: [...held.told],
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
