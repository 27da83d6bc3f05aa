import { NOTIFICATION_TOPICS, oneLine, type Notification } from '../../src/domain';
import { wantsAddress } from './address-wanted';
import type { HistoryEntry, ProcessState, StepState, Notified } from '../messages';

/** Long lists are the `state` query's; the page shows the newest. */
export const SHOWN = 20;

/** A text that somebody sent, or a step's detail, is cut off after so many characters. */
const MAX_LENGTH = 300;

interface Message {
  readonly kind: 'signal' | 'update';
  /** Its one argument, a JSON object; `?`: may be left out. */
  readonly argument: string;
  readonly does: string;
  /** Accepted only while a step is so. */
  readonly while?: (step: StepState) => boolean;
}

const MESSAGES: Readonly<Record<string, Message>> = {
  cancel: { kind: 'signal', argument: '{ reason, by }', does: 'stop, and undo what must be undone' },
  escalate: {
    kind: 'signal',
    argument: '{ reason, by, to? }',
    does: 'notify the next person of the escalation chain now',
  },
  retryStep: { kind: 'update', argument: '{ step, by, reason? }', does: 'try the parked step again', while: isParked },
  skipStep: { kind: 'update', argument: '{ step, reason, by }', does: 'go on without that step', while: isParked },
  identify: { kind: 'update', argument: '{ email, by, reason? }', does: 'give the address', while: wantsAddress },
  extendDeadline: { kind: 'update', argument: '{ deadline, by, reason }', does: 'move the deadline (ISO 8601)' },
  recertified: { kind: 'signal', argument: '{ by, evidence }', does: 'the certificate was renewed' },
  coached: { kind: 'signal', argument: '{ by, note }', does: 'the learner was coached' },
  retaken: { kind: 'signal', argument: '{ eventId }', does: 'the quiz was passed; sent by that event' },
  started: { kind: 'signal', argument: '{ eventId }', does: 'the first step was made; sent by that event' },
  joined: {
    kind: 'signal',
    argument: '{ eventId, detail? }',
    does: 'another event of the same matter came; sent by that event',
  },
  rehired: { kind: 'signal', argument: '{ eventId, hiredAt?, order? }', does: 'hired again; sent by that event' },
  redrive: {
    kind: 'update',
    argument: '{ by, data?, reason? }',
    does: 'read the event again, as it is or corrected, and run it',
  },
  discard: { kind: 'update', argument: '{ by, reason }', does: 'throw the event away' },
};

/** What a process says of itself on its page, beside its state. */
export interface Page {
  /** The kind and what it is about; ids and titles, no names. */
  readonly title: string;
  /** The messages that it accepts. */
  readonly messages: readonly string[];
  readonly state: ProcessState;
  /** What happens at the deadline, as a sentence. */
  readonly next: string | null;
}

/**
 * The state as Markdown, for the workflow's page in Temporal Web UI: what it waits for, until when, what then, who was
 * notified, and what may be sent.
 */
export function describeState({ title, messages, state, next }: Page): string {
  const { outcome, steps, history, notified, forgotten } = state;
  return [
    `**${asText(title)}**`,
    '',
    ...describePhase(state, next),
    ...section('Notified', notified.slice(-SHOWN).map(once(describeNotified))),
    ...section('Steps', steps.slice(-SHOWN).map(once(describeStep))),
    ...section('History', history.slice(-SHOWN).map(once(describeEntry))),
    ...(forgotten === undefined ? [] : ['', `Entries that the history has lost: ${forgotten}`]),
    ...section('May be sent', outcome === null ? messages.flatMap((name) => describeMessage(name, state)) : []),
  ].join('\n');
}

function describePhase({ phase, outcome, waitingFor, deadline }: ProcessState, next: string | null): string[] {
  const then = deadline === null || next === null ? [] : [`- Then: ${next}`];
  return [
    `- Phase: **${phase}**${outcome === null ? '' : `, outcome: **${outcome}**`}`,
    ...(waitingFor === null ? [] : [`- Waits for: **${asText(waitingFor)}**`]),
    ...(deadline === null ? [] : [`- Until: **${deadline}**`]),
    ...then,
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `**${title}**`, '', ...lines];
}

/** What a person may send about a parked step. */
export function decisionOn(step: StepState): string {
  return `${wantsAddress(step) ? 'retryStep, identify or skipStep' : 'retryStep or skipStep'} of "${step.step}"`;
}

function isParked({ status }: StepState): boolean {
  return status === 'parked';
}

function describeMessage(name: string, { steps }: ProcessState): string[] {
  const message = MESSAGES[name];
  if (message === undefined || (message.while !== undefined && !steps.some(message.while))) return [];
  return [`- ${message.kind} \`${name}\` \`${message.argument}\`: ${message.does}`];
}

function describeNotified({ role, channel, notification, at }: Notified): string {
  const [kind = '', step] = notification.split(': ');
  const subject = Object.hasOwn(NOTIFICATION_TOPICS, kind) ? NOTIFICATION_TOPICS[kind as Notification['kind']] : kind;
  return `- ${at} the ${role} by ${channel}: ${subject}${step === undefined ? '' : ` (\`${asText(step)}\`)`}`;
}

/** Written with every message: what has been written once is not written again. */
const written = new WeakMap<object, string>();

function once<T extends object>(write: (of: T) => string): (of: T) => string {
  return (of) => {
    const text = written.get(of) ?? write(of);
    written.set(of, text);
    return text;
  };
}

function describeStep({ step, title, status, detail }: StepState): string {
  return `- ${asText(title)} (\`${step}\`): ${status}${detail === null ? '' : `, ${asText(detail)}`}`;
}

function describeEntry({ at, what, by, reason }: HistoryEntry): string {
  return `- ${at} ${asText(what)}, by ${asText(by)}${reason === null ? '' : `: ${asText(reason)}`}`;
}

/** On one line and without links or pictures: whoever sends a message must not write other lines of the page. */
function asText(text: string): string {
  const line = oneLine(text);
  const short = line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
  return short.replace(/[\\`*[\]<>|]/g, '\\$&');
}
