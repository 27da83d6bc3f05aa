/** What a workflow says of itself: by its search attributes and its memo, and by its state where that was asked. */
import { isoTime, LISTED_REST, searchAttributes, type CaseFacts, type ParkedStep } from '../../domain';
import type { KnownCase } from '../../ledger';
import type { Person } from '../person';
import type { ListedRest, ProcessState } from '../../../workflows/messages';
import type { Listed } from './temporal';

export interface KnownBeside {
  readonly person: Person | null;
  /** What the ledger knows of it. */
  readonly known: KnownCase | undefined;
  readonly state: ProcessState | undefined;
}

export function factsOf(listed: Listed, { person, known, state }: KnownBeside): CaseFacts {
  const { workflowType, status, startedAt, closedAt } = listed;
  const isRunning = status === 'running';
  return {
    workflowType,
    event: firstOf(attributeOf(listed, 'event'), known?.event),
    status,
    person,
    outcome: firstOf(state?.outcome, known?.outcome),
    ...titled(listed, known, isRunning ? restingOf(listed, state) : NOT_RESTING),
    phase: isRunning ? firstOf(state?.phase, attributeOf(listed, 'phase')) : 'done',
    deadline: isRunning ? deadlineOf(listed) : null,
    startedAt: isoTime(startedAt),
    closedAt: closedAt === null ? null : isoTime(closedAt),
  };
}

function firstOf(...texts: readonly (string | null | undefined)[]): string | null {
  return texts.find((text) => typeof text === 'string') ?? null;
}

export function userIdOf(listed: Listed): string | null {
  return attributeOf(listed, 'userId');
}

/** ISO 8601. */
export function deadlineOf({ attributes }: Listed): string | null {
  const [value] = listIn(attributes, searchAttributes.deadline.name);
  return value instanceof Date ? value.toISOString() : null;
}

type Resting = Pick<CaseFacts, 'needs' | 'cause' | 'why' | 'parked' | 'since' | 'waitingFor' | 'next'>;

export const NOT_RESTING: Resting = {
  needs: null,
  cause: null,
  why: null,
  parked: [],
  since: null,
  waitingFor: null,
  next: null,
};

/** Of an event in quarantine the title is why it is there. */
function titled(listed: Listed, known: KnownCase | undefined, resting: Resting): Resting & Pick<CaseFacts, 'about'> {
  const title = titleIn(memoOf(listed)?.about);
  if (listed.workflowType === 'quarantine') return { ...resting, why: resting.why ?? title, about: null };
  return { ...resting, about: known?.about ?? title };
}

function restingOf(listed: Listed, state: ProcessState | undefined): Resting {
  return state === undefined ? asListed(listed) : asAsked(asListed(listed), state);
}

/** The memo stays while a workflow works again: it counts only with `MindtickleNeeds`. */
function asListed(listed: Listed): Resting {
  const needs = attributeOf(listed, 'needs') as Resting['needs'];
  const memo = needs === null ? undefined : memoOf(listed);
  if (memo === undefined) return { ...NOT_RESTING, needs, cause: attributeOf(listed, 'cause') };
  const { cause = null, why = null, since = null, waitingFor = null } = memo;
  return { needs, cause, why, parked: parkedIn(memo, needs), since, waitingFor, next: nextIn(memo) };
}

function nextIn({ next }: Partial<ListedRest>): Resting['next'] {
  return next?.what ? { at: next.at, what: next.what } : null;
}

function parkedIn({ step, title, cause = null }: Partial<ListedRest>, needs: Resting['needs']): readonly ParkedStep[] {
  return needs === 'person' && step ? [{ step, title: title ?? step, cause }] : [];
}

/** The state is newer, and knows every step that is parked. */
export function asAsked(listed: Resting, { steps, waitingFor }: ProcessState): Resting {
  const parked = steps.filter(({ status }) => status === 'parked');
  const [first] = parked;
  if (first === undefined) return { ...listed, parked: [], waitingFor };
  return {
    ...listed,
    needs: 'person',
    cause: first.cause ?? listed.cause,
    why: first.detail,
    parked: parked.map(({ step, title, cause = null }) => ({ step, title, cause })),
    since: first.at,
    waitingFor,
  };
}

function memoOf({ memo }: Listed): Partial<ListedRest> | undefined {
  const rest = memo[LISTED_REST];
  return typeof rest === 'object' && rest !== null ? rest : undefined;
}

/** `Recertification of u-17: Sales Basics`: what follows the person. */
function titleIn(about: string | undefined): string | null {
  const at = about?.indexOf(': ') ?? -1;
  return about === undefined || at === -1 ? null : about.slice(at + 2);
}

function attributeOf({ attributes }: Listed, name: keyof typeof searchAttributes): string | null {
  const [value] = listIn(attributes, searchAttributes[name].name);
  return typeof value === 'string' && value !== '' ? value : null;
}

function listIn(attributes: Listed['attributes'], name: string): readonly unknown[] {
  const values = attributes[name];
  return Array.isArray(values) ? values : [];
}
