/**
 * What a running workflow accepts, and what it answers: the wire format of signals, updates and the `state`
 * query. A running workflow may be a year old: fields are only ever added, and only optional ones.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

export type Phase = 'working' | 'waiting' | 'parked' | 'undoing' | 'done';

export type Outcome =
  | 'done'
  | 'recertified'
  | 'retaken'
  | 'coached'
  | 'lapsed'
  | 'cancelled'
  | 'superseded'
  | 'duplicate'
  | 'replayed'
  | 'discarded'
  | 'redriven';

/** `would do`: the connector only observes. `skipped`: by an operator, or there was nothing to do it with. */
export type StepStatus = 'running' | 'done' | 'would do' | 'skipped' | 'parked' | 'undone' | 'dropped';

export interface StepState {
  /** Its key, as `retryStep` and `skipStep` take it. */
  readonly step: string;
  /** What it does, as a sentence. */
  readonly title: string;
  readonly status: StepStatus;
  /** What came of it, or why it is parked; never a name or an address. */
  readonly detail: string | null;
  /** ISO 8601. */
  readonly at: string;
  /** The key of why it is parked, or being retried: what cases are searched for by. */
  readonly cause?: string;
  /** While it is parked: what happens although nobody decides, as a sentence. */
  readonly meanwhile?: string;
}

/** A message or a decision. `by` is a claim where it came by signal; `Temporal` for a native cancellation. */
export interface HistoryEntry {
  readonly at: string;
  readonly what: string;
  readonly by: string;
  readonly reason: string | null;
}

/** Someone who was notified. */
export interface Notified {
  /** `learner`, `manager`, `lead`, `administrator`, `other`; `channel`: everybody who reads it. Never a name or an address. */
  readonly role: string;
  /** `mail`, `slack`. */
  readonly channel: string;
  /** What it was about: the kind of the notification, and the step where it names one. */
  readonly notification: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The answer of the `state` query, the same for every workflow type. */
export interface ProcessState {
  readonly phase: Phase;
  /** Null until it ends. */
  readonly outcome: Outcome | null;
  /** What or whom it waits for, as a sentence; null while it works. */
  readonly waitingFor: string | null;
  /** ISO 8601; null when nothing is due. */
  readonly deadline: string | null;
  readonly steps: readonly StepState[];
  /** The newest; messages that mean nothing make room first. */
  readonly history: readonly HistoryEntry[];
  /** The newest of those who were notified. */
  readonly notified: readonly Notified[];
  /** How many entries the history has lost; absent: none. */
  readonly forgotten?: number;
}

/** The memo `mindtickle` of a workflow that waits: what lists of many cases show. Never a name or an address. */
export interface ListedRest {
  /** The kind and what it is about; ids and titles. */
  readonly about: string;
  /** The step that is parked or being retried; null: it waits beside its steps. */
  readonly step: string | null;
  readonly title: string | null;
  /** Why the step is parked, as a sentence. */
  readonly why: string | null;
  /** The key of it, as in the search attribute `MindtickleCause`. */
  readonly cause: string | null;
  /** ISO 8601. */
  readonly since: string;
  readonly waitingFor: string | null;
  /** What happens by itself; `at` ISO 8601, null where that is not known. */
  readonly next: { readonly at: string | null; readonly what: string | null } | null;
}

/** Stop, undo what must be undone, end as Completed. `eventId` when an event says so rather than a person. */
export interface CancelRequest {
  readonly reason: string;
  readonly by: string;
  readonly eventId?: string;
}

/** Notify the next person of the escalation chain now. `to`: an e-mail address to notify instead. */
export interface EscalateRequest {
  readonly reason: string;
  readonly by: string;
  readonly to?: string;
}

export interface RecertifiedReport {
  readonly by: string;
  readonly evidence: string;
  readonly eventId?: string;
}

export interface CoachedReport {
  readonly by: string;
  readonly note: string;
}

/** An event, by its id, settles what the workflow waits for. */
export interface EventReport {
  readonly eventId: string;
}

/** Another event of the same matter: the same learner's hire, departure or quiz. `detail`: what it says, such as a score. */
export interface JoinedReport extends EventReport {
  readonly detail?: string;
}

/** `hiredAt` ISO 8601, as the delivery was signed; `order` is `proven` when the hire came after the departure for sure. */
export interface RehiredReport {
  readonly eventId: string;
  readonly hiredAt?: string;
  readonly order?: string;
}

/** Why, where a person says so: it is kept in the history. */
interface Explained {
  readonly reason?: string;
}

export interface RetryStepRequest extends Explained {
  readonly step: string;
  readonly by: string;
}

export interface SkipStepRequest {
  readonly step: string;
  readonly reason: string;
  readonly by: string;
}

export interface ExtendDeadlineRequest {
  /** ISO 8601, ahead of now. */
  readonly deadline: string;
  readonly by: string;
  readonly reason: string;
}

export interface IdentifyRequest extends Explained {
  readonly email: string;
  readonly by: string;
}

/** `data`: the event's data, corrected; where the body could not be read at all, the whole `{ event, data, companyId }`. */
export interface RedriveRequest extends Explained {
  readonly by: string;
  readonly data?: unknown;
}

export interface DiscardRequest {
  readonly by: string;
  readonly reason: string;
}

export const stateQuery = defineQuery<ProcessState>('state');

export const cancelSignal = defineSignal<[CancelRequest]>('cancel');
export const escalateSignal = defineSignal<[EscalateRequest]>('escalate');
export const recertifiedSignal = defineSignal<[RecertifiedReport]>('recertified');
export const coachedSignal = defineSignal<[CoachedReport]>('coached');
export const retakenSignal = defineSignal<[EventReport]>('retaken');
export const startedSignal = defineSignal<[EventReport]>('started');
export const joinedSignal = defineSignal<[JoinedReport]>('joined');
export const rehiredSignal = defineSignal<[RehiredReport]>('rehired');

export const retryStepUpdate = defineUpdate<ProcessState, [RetryStepRequest]>('retryStep');
export const skipStepUpdate = defineUpdate<ProcessState, [SkipStepRequest]>('skipStep');
export const extendDeadlineUpdate = defineUpdate<ProcessState, [ExtendDeadlineRequest]>('extendDeadline');
export const identifyUpdate = defineUpdate<ProcessState, [IdentifyRequest]>('identify');
export const redriveUpdate = defineUpdate<ProcessState, [RedriveRequest]>('redrive');
export const discardUpdate = defineUpdate<ProcessState, [DiscardRequest]>('discard');
