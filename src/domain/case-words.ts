/** What people read of a workflow: one or two sentences that need no word of Temporal's. */
import type { CaseFacts, CaseReaders } from './case-facts';
import { isOwnCause, type OwnCause } from './causes';
import { SYSTEM_LABELS, SYSTEMS, type System } from './policy';
import { isoTime } from './time';
import { writtenTime } from './written-time';

/** What happened, to whom, since when; what happens by itself and when. */
export function describeCase(facts: CaseFacts, readers: CaseReaders): string {
  const what = capitalised(subjectOf(facts));
  if (facts.status !== 'running') return `${what} ${endingOf(facts, readers)}`;
  const byItself = aheadOf(facts, readers);
  return [`${what} ${standingOf(facts, readers)}.`, ...(byItself === null ? [] : [byItself])].join(' ');
}

/** Such as `Okta refused our credentials`; `why`: the step's own words, where the key is none that we know. */
export function causeSentence(cause: string | null, why: string | null, labels: CaseReaders['labels']): string {
  if (isOwnCause(cause)) return CAUSES[cause];
  const [system = '', reason = ''] = (cause ?? '').split('.');
  if (!Object.hasOwn(OF_A_SYSTEM, reason)) return why ?? cause ?? 'the reason is in its history';
  return `${systemLabel(system, labels)} ${OF_A_SYSTEM[reason]}`;
}

/** What people call a system. */
export function systemLabel(system: string, labels: CaseReaders['labels'] = {}): string {
  return isSystem(system) ? (labels[system] ?? SYSTEM_LABELS[system]) : system;
}

/** The system that a cause names; null: it is none of a system. */
export function systemOf(cause: string): System | null {
  const [system = ''] = cause.split('.');
  return isSystem(system) ? system : null;
}

function isSystem(name: string): name is System {
  return (SYSTEMS as readonly string[]).includes(name);
}

/** By the keys of the search attribute `MindtickleCause`. */
const CAUSES: Readonly<Record<OwnCause, string>> = {
  leaverReason: 'the reason given is not one of a leaver',
  protected: 'the policy protects this person',
  limitPerHour: 'more people left within an hour than the policy allows',
  rehireUnconfirmed: 'the person was hired again, or an old event came late',
  notFound: 'no system knows this person',
  accountConflict: 'the id and the address of this person lead to different accounts',
  sharedAccount: 'another active learner has the same account',
  noAddress: 'no e-mail address of the learner is known',
  notActive: 'the learner was not active when the step ran, and is now',
  waitsForCoaching: 'the learner is to be coached, or to take the quiz again',
  quarantined: 'it cannot be read',
  conflict: 'an event of the same id came before with another content',
};

const OF_A_SYSTEM: Readonly<Record<string, string>> = {
  credentialsRefused: 'refused our credentials',
  rejected: 'rejected what we asked for',
  unavailable: 'does not answer',
  failed: 'could not be used, because of a defect in our code',
};

const KINDS: Readonly<Record<string, string>> = {
  offboarding: 'the offboarding',
  recertification: 'the recertification',
  quizCoaching: 'the coaching',
  onboarding: 'the onboarding',
  courseCompletion: 'the course completion',
  moduleProgress: 'the progress',
};

function subjectOf({ workflowType, event, person, about }: CaseFacts): string {
  const whose = person === null ? '' : nameOf(person);
  if (workflowType === 'quarantine') return `an event (${event ?? 'unknown'})${whose === '' ? '' : ` about ${whose}`}`;
  const of = whose === '' ? '' : ` of ${whose}`;
  return `${KINDS[workflowType] ?? workflowType}${of}${about === null ? '' : ` for “${about}”`}`;
}

function nameOf({ userId, name }: NonNullable<CaseFacts['person']>): string {
  return name === userId ? userId : `${name} (${userId})`;
}

function standingOf(facts: CaseFacts, readers: CaseReaders): string {
  const since = sinceOf(facts, readers);
  const { phase, needs, parked, waitingFor } = facts;
  if (needs === 'person' || phase === 'parked') {
    const is = parked.length > 0 ? 'is stuck' : 'waits for a decision';
    return `${phase === 'undoing' ? 'is being taken back, and ' : ''}${is}${since}: ${reasonOf(facts, readers)}`;
  }
  if (needs === 'system') return `is held up${since}: ${reasonOf(facts, readers)}`;
  if (phase === 'undoing') return `is being taken back${since}`;
  if (waitingFor !== null) return `waits for ${waitingFor}${since}`;
  return phase === 'waiting' ? `waits${since}` : `is being worked on${since}`;
}

function reasonOf({ cause, why, parked }: CaseFacts, { labels }: CaseReaders): string {
  const reason = causeSentence(cause, why, labels);
  const [first] = parked;
  const detail = why !== null && isUnspecific(cause) ? ` (${why})` : '';
  const more = parked.length > 1 ? `, and ${parked.length - 1} other step${parked.length > 2 ? 's' : ''}` : '';
  const at = first === undefined || !cause?.includes('.') ? '' : `, at the step “${first.title}”`;
  return `${reason}${detail}${at}${more}`;
}

/** What was rejected, or cannot be read, is only known by its own words. */
function isUnspecific(cause: string | null): boolean {
  return cause === 'quarantined' || cause?.endsWith('.rejected') === true;
}

function sinceOf({ since, startedAt }: CaseFacts, readers: CaseReaders): string {
  return ` since ${moment(since ?? startedAt, readers)}`;
}

/** What happens although nobody does anything. */
function aheadOf(facts: CaseFacts, readers: CaseReaders): string | null {
  const ahead = nextOf(facts, readers);
  if (facts.cause?.endsWith('.credentialsRefused') !== true) return ahead;
  return facts.next === null ? TRIED_AGAIN : [TRIED_AGAIN, ahead].filter((each) => each !== null).join(' ');
}

/** Credentials may be put right outside: a step that they stopped goes on by itself. */
const TRIED_AGAIN = 'It is tried again by itself, within minutes at first and within a day later.';

function nextOf({ next, needs, phase }: CaseFacts, readers: CaseReaders): string | null {
  const isOnPeople = needs === 'person' || (needs === null && phase === 'parked');
  if (next === null) return isOnPeople ? 'Nothing happens until somebody decides.' : null;
  const { at, what } = next;
  if (at === null) return sentence(what);
  const isPast = Date.parse(at) <= readers.now;
  const when = isPast ? `Since ${moment(at, readers)} this is due` : `By itself, ${moment(at, readers)}`;
  return sentence(`${when}: ${what}`);
}

function sentence(text: string): string {
  return `${capitalised(text)}${/[.?!]$/.test(text) ? '' : '.'}`;
}

const ENDINGS: Readonly<Record<string, string>> = {
  done: 'is done',
  recertified: 'is done: the certificate was renewed',
  retaken: 'is done: the quiz was passed',
  coached: 'is done: the learner was coached',
  lapsed: 'has ended: the certificate was not renewed in time',
  cancelled: 'was cancelled, and what it had done was taken back',
  superseded: 'has ended: a newer case of the same certificate goes on',
  duplicate: 'did nothing: the event had come before',
  replayed: 'did nothing: it repeats another event',
  discarded: 'was thrown away',
  redriven: 'was run again',
};

const STATUSES: Readonly<Record<string, string>> = {
  completed: 'is done',
  cancelled: 'was cancelled in Temporal, and what it had done was taken back',
  failed: 'failed: a defect in our code',
  terminated: 'was terminated in Temporal: nothing was taken back, and nothing goes on',
  timedOut: 'ran out of time in Temporal: nothing was taken back, and nothing goes on',
  continuedAsNew: 'goes on in another run',
};

function endingOf({ status, outcome, closedAt }: CaseFacts, readers: CaseReaders): string {
  const isKnown = status === 'completed' && outcome !== null && Object.hasOwn(ENDINGS, outcome);
  const how = isKnown ? ENDINGS[outcome] : (STATUSES[status] ?? status);
  return `${how}.${closedAt === null ? '' : ` It ended ${moment(closedAt, readers)}.`}`;
}

/** Of today the hour alone. */
function moment(iso: string, { now, timeZone }: CaseReaders): string {
  const written = writtenTime(iso, timeZone);
  const [today, at] = [dayOf(writtenTime(isoTime(now), timeZone)), dayOf(written)];
  return today === at ? written.slice(at.length + 2) : written;
}

function dayOf(written: string): string {
  return written.slice(0, written.lastIndexOf(', '));
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
