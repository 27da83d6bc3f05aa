/**
 * What people may send to a running workflow: the one table from which the bodies of the JSON API and the options of
 * `mt workflows` are made. Wire format: `workflows/messages.ts`.
 */

type FieldKind = 'text' | 'email' | 'time' | 'step' | 'eventId' | 'json';

interface MessageField {
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  /** What it says, for `--help` and for the API's document. */
  readonly says: string;
}

export interface CaseMessage {
  readonly kind: 'signal' | 'update';
  /** What it does, as an order. */
  readonly does: string;
  readonly fields: Readonly<Record<string, MessageField>>;
  /** Events that name themselves do not say who. */
  readonly saysBy: boolean;
  /** The workflow types that take it; absent: all that people can steer. */
  readonly takenBy?: readonly string[];
}

const reason: MessageField = { kind: 'text', isRequired: true, says: 'why; it is kept in the history' };
const why: MessageField = { ...reason, isRequired: false };
const step: MessageField = { kind: 'step', isRequired: false, says: 'the parked step (default: all that are parked)' };
const eventId: MessageField = { kind: 'eventId', isRequired: true, says: 'the id of the event that says so' };

export const CASE_MESSAGES = {
  cancel: {
    kind: 'signal',
    does: 'Stop, and undo what must be undone',
    fields: { reason },
    saysBy: true,
  },
  escalate: {
    kind: 'signal',
    does: 'Notify the next person of the escalation chain now',
    fields: {
      reason,
      to: { kind: 'email', isRequired: false, says: 'an e-mail address to notify instead' },
    },
    saysBy: true,
  },
  retryStep: {
    kind: 'update',
    does: 'Try the parked step again',
    fields: { step, reason: why },
    saysBy: true,
  },
  skipStep: {
    kind: 'update',
    does: 'Go on without the parked step',
    fields: { step, reason },
    saysBy: true,
  },
  identify: {
    kind: 'update',
    does: "Give the learner's address",
    fields: { email: { kind: 'email', isRequired: true, says: 'the e-mail address' }, reason: why },
    saysBy: true,
  },
  extendDeadline: {
    kind: 'update',
    does: 'Move the deadline',
    fields: {
      deadline: { kind: 'time', isRequired: true, says: 'ISO 8601; a date is the end of that day' },
      reason,
    },
    saysBy: true,
    takenBy: ['recertification'],
  },
  recertified: {
    kind: 'signal',
    does: 'Say that the certificate was renewed',
    fields: { evidence: { kind: 'text', isRequired: true, says: 'where that can be seen' } },
    saysBy: true,
    takenBy: ['recertification'],
  },
  coached: {
    kind: 'signal',
    does: 'Say that the learner was coached',
    fields: { note: { kind: 'text', isRequired: true, says: 'what was done' } },
    saysBy: true,
    takenBy: ['quizCoaching'],
  },
  retaken: {
    kind: 'signal',
    does: 'Say that the quiz was passed, by the event that shows it',
    fields: { eventId },
    saysBy: false,
    takenBy: ['quizCoaching'],
  },
  started: {
    kind: 'signal',
    does: 'Say that the new hire took a first step, by the event that shows it',
    fields: { eventId },
    saysBy: false,
    takenBy: ['onboarding'],
  },
  redrive: {
    kind: 'update',
    does: 'Read a quarantined event again, as it is or corrected, and run it',
    fields: {
      data: { kind: 'json', isRequired: false, says: "the event's data, corrected; or the whole body" },
      reason: why,
    },
    saysBy: true,
    takenBy: ['quarantine'],
  },
  discard: {
    kind: 'update',
    does: 'Throw a quarantined event away',
    fields: { reason },
    saysBy: true,
    takenBy: ['quarantine'],
  },
} as const satisfies Readonly<Record<string, CaseMessage>>;

export type CaseMessageName = keyof typeof CASE_MESSAGES;

export const CASE_MESSAGE_NAMES = Object.keys(CASE_MESSAGES) as readonly CaseMessageName[];

export function isCaseMessage(name: string): name is CaseMessageName {
  return Object.hasOwn(CASE_MESSAGES, name);
}

/** Whether workflows of the type have a handler for it: a signal without one would be kept for ever, and do nothing. */
export function takesMessage(workflowType: string, name: CaseMessageName): boolean {
  const { takenBy }: CaseMessage = CASE_MESSAGES[name];
  return (takenBy ?? STEERED).includes(workflowType);
}

/** The workflow types that take messages: all but housekeeping, and progress, which is one step. */
const STEERED: readonly string[] = [
  'offboarding',
  'recertification',
  'quizCoaching',
  'onboarding',
  'courseCompletion',
  'quarantine',
];

/** The workflow types of events. */
export const CASE_TYPES: readonly string[] = [...STEERED, 'moduleProgress'];

/** `extendDeadline` → `extend-deadline`, as a command. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
