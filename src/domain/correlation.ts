import type { Fact } from './facts';
import { byName, nameKey } from './names';
import { DAY, HOUR, MINUTE } from './time';

/** How long after it was first sent a delivery may still come, re-signed: a time read off a header is that uncertain. */
const RETRY_LADDER = 7 * HOUR + 20 * MINUTE;

/** A workflow that waits for news of a learner, as its row in the ledger's `open_workflows` has it. */
export interface OpenWorkflow {
  readonly workflowId: string;
  readonly kind: WaitingKind;
  /** What it is about, beside the learner: the certificate, the quiz; '' when the learner is all. */
  readonly key: string;
  /** The time of the fact that opened it, epoch ms. */
  readonly openedBy: number;
}

export type WaitingKind = 'recertification' | 'quizCoaching' | 'onboarding' | 'offboarding';

/** What the news of one event means to an open workflow; `eventId` is the event's, so that a repeat is known. */
export type News =
  | { readonly signal: 'recertified'; readonly eventId: string }
  | { readonly signal: 'retaken'; readonly eventId: string }
  | { readonly signal: 'started'; readonly eventId: string }
  | { readonly signal: 'cancel'; readonly eventId: string; readonly reason: 'left the company' | 'superseded' }
  /** `hiredAt`: as the delivery was signed, epoch ms. `isProven`: the hire came after the departure; else it may have. */
  | { readonly signal: 'rehired'; readonly eventId: string; readonly hiredAt: number; readonly isProven: boolean };

/** The part of the policy that decides which completion renews which certificate. */
export interface RenewalRules {
  /** Course (id or name) → certificates that it renews. A course not named renews the certificate of its own name. */
  readonly courses: Readonly<Record<string, readonly string[]>>;
  /** A completion counts from so many days before the certificate expires. */
  readonly renewalLeadDays: number;
}

export function certificateKey(certName: string): string {
  return nameKey(certName);
}

/** Whether a hire, known by the time of a header, came before or after a departure; `unproven`: either is possible. */
export function orderOf(hiredAt: number, leftAt: number): 'older' | 'newer' | 'unproven' {
  if (hiredAt <= leftAt) return 'older';
  return hiredAt - RETRY_LADDER > leftAt ? 'newer' : 'unproven';
}

/** The row that this fact's own workflow opens while it waits; null when it waits for nobody. */
export function opens(fact: Fact): { kind: WaitingKind; key: string } | null {
  switch (fact.kind) {
    case 'expired':
      return { kind: 'recertification', key: certificateKey(fact.certName) };
    case 'quizzed':
      return fact.result === 'failed' ? { kind: 'quizCoaching', key: fact.quizId } : null;
    case 'provisioned':
      return { kind: 'onboarding', key: '' };
    case 'deprovisioned':
      return { kind: 'offboarding', key: '' };
    default:
      return null;
  }
}

/** What the fact's own workflow relies on: other workflows of the learner, by kind and key. It joins them, or leaves something to them. */
export function reliesOn(fact: Fact): { readonly kinds: readonly WaitingKind[]; readonly key: string } | null {
  const opened = opens(fact);
  if (opened === null) return null;
  const { kind, key } = opened;
  // An offboarding asks whether a hire came before it.
  return { kinds: kind === 'onboarding' ? [kind, 'offboarding'] : [kind], key };
}

/**
 * What `fact` (of event `eventId`) means to `open`, a workflow of the same learner; null when nothing. The one table
 * that is asked both when the fact comes second and when the workflow does.
 */
export function newsFor(open: OpenWorkflow, fact: Fact, eventId: string, rules: RenewalRules): News | null {
  if (eventId === open.workflowId) return null;
  switch (fact.kind) {
    case 'completed':
      return renews(fact, open, rules)
        ? { signal: 'recertified', eventId }
        : when(isFirstStep(open, fact), { signal: 'started', eventId });
    case 'progressed':
      return when(isFirstStep(open, fact), { signal: 'started', eventId });
    case 'quizzed':
      return when(isRetake(open, fact), { signal: 'retaken', eventId });
    case 'deprovisioned':
      return when(endsWithEmployment(open, fact), { signal: 'cancel', eventId, reason: 'left the company' });
    case 'expired':
      return when(supersedes(fact, open), { signal: 'cancel', eventId, reason: 'superseded' });
    case 'provisioned':
      return rehire(open, fact, eventId);
    default:
      return null;
  }
}

/** An older hire says nothing; one whose order is not proven has to be asked. */
function rehire(open: OpenWorkflow, { at }: Fact & { kind: 'provisioned' }, eventId: string): News | null {
  const order = open.kind === 'offboarding' ? orderOf(at, open.openedBy) : 'older';
  return order === 'older' ? null : { signal: 'rehired', eventId, hiredAt: at, isProven: order === 'newer' };
}

/**
 * Of all known expiries of a certificate (epoch ms) the one that a completion renews; undefined: none. A completion renews
 * one expiry: of those that it came after the latest, since that superseded the older; if it came before all of them the
 * first, since it earned the certificates that expired later. So it is a matter of when things happened, and not of the
 * order in which they arrived. The exception is an expiry that arrives last: what the completion has renewed by then stays
 * renewed, and the older case is superseded.
 */
export function renewedExpiry(
  completedAt: number,
  expiries: readonly number[],
  { renewalLeadDays }: RenewalRules,
): number | undefined {
  const within = expiries.filter((at) => completedAt >= at - renewalLeadDays * DAY);
  const past = within.filter((at) => at <= completedAt);
  if (within.length === 0) return undefined;
  return past.length > 0 ? Math.max(...past) : Math.min(...within);
}

function when(applies: boolean, news: News): News | null {
  return applies ? news : null;
}

function renews(fact: Fact & { kind: 'completed' }, open: OpenWorkflow, rules: RenewalRules): boolean {
  if (open.kind !== 'recertification') return false;
  const { courses } = rules;
  const mapped = byName(courses, fact.courseId) ?? byName(courses, fact.courseName) ?? [fact.courseName];
  const isItsCourse = mapped.some((certName) => certificateKey(certName) === open.key);
  return isItsCourse && fact.at >= open.openedBy - rules.renewalLeadDays * DAY;
}

function isFirstStep(open: OpenWorkflow, fact: Fact): boolean {
  return open.kind === 'onboarding' && fact.at >= open.openedBy - RETRY_LADDER;
}

/** A certificate may expire after its holder left: that case ends too. An onboarding that may be of a later hire waits. */
function endsWithEmployment(open: OpenWorkflow, fact: Fact): boolean {
  if (open.kind === 'offboarding') return false;
  return open.kind !== 'onboarding' || orderOf(open.openedBy, fact.at) === 'older';
}

function isRetake(open: OpenWorkflow, fact: Fact & { kind: 'quizzed' }): boolean {
  const isSameQuiz = open.kind === 'quizCoaching' && open.key === fact.quizId;
  return isSameQuiz && fact.result === 'passed' && fact.at >= open.openedBy;
}

function supersedes(fact: Fact & { kind: 'expired' }, open: OpenWorkflow): boolean {
  const isSameCertificate = open.kind === 'recertification' && open.key === certificateKey(fact.certName);
  return isSameCertificate && fact.at > open.openedBy;
}
