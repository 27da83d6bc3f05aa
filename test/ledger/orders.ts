import { DAY, HOUR, opens, type Fact, type News, type OpenWorkflow } from '../../src/domain';
import type { LearnerStanding } from '../../src/ledger/learners';
import { completed, deprovisioned, expired, provisioned, quizzed } from './events';
import type { Told } from './model';

/** A fact under its event's id, which is also its workflow's. */
export interface Arrival {
  readonly eventId: string;
  readonly fact: Fact;
}

/**
 * What one learner lives through, by when it happened. Each two of them that have to be told apart by time are further
 * apart than times are uncertain: a hire and a departure within the retry ladder are asked, not ordered. The renewal is too
 * old for the second expiry.
 */
export function lifeOf(userId: string, now: number): Readonly<Record<string, Fact>> {
  const ago = (days: number): { at: number } => ({ at: now - days * DAY });
  return {
    hired: provisioned(userId, ago(500)),
    oldCompletion: completed(userId, ago(400)),
    expired: expired(userId, ago(200)),
    quizFailed: quizzed(userId, { result: 'failed', ...ago(199) }),
    quizPassed: quizzed(userId, { result: 'passed', ...ago(197) }),
    renewal: completed(userId, ago(195)),
    expiredAgain: expired(userId, ago(1)),
    left: deprovisioned(userId, { at: now - HOUR }),
  };
}

/** Beside them, a pass of the quiz from before it was failed. */
export function quizzesOf(userId: string, now: number): Readonly<Record<string, Fact>> {
  const { hired, quizFailed, quizPassed, left } = lifeOf(userId, now);
  const passedBefore = quizzed(userId, { result: 'passed', at: now - 300 * DAY });
  return { hired, passedBefore, quizFailed, quizPassed, left } as Record<string, Fact>;
}

/** Days ago: an expiry, the next one, and a completion that would do for both. */
export const RENEWALS = {
  'before both': { expired: 80, expiredAgain: 20, renewal: 100 },
  'between them': { expired: 100, expiredAgain: 20, renewal: 80 },
  'after both': { expired: 100, expiredAgain: 60, renewal: 40 },
} as const;

export type Renewal = keyof typeof RENEWALS;

/** One certificate expires twice within the renewal lead of one completion. */
export function renewalsOf(userId: string, now: number, when: Renewal): Readonly<Record<string, Fact>> {
  const ago = (days: number): { at: number } => ({ at: now - days * DAY });
  const days = RENEWALS[when];
  return {
    hired: provisioned(userId, ago(500)),
    expired: expired(userId, ago(days.expired)),
    expiredAgain: expired(userId, ago(days.expiredAgain)),
    renewal: completed(userId, ago(days.renewal)),
    left: deprovisioned(userId, { at: now - HOUR }),
  };
}

/** Of these, in this order, the case that waits for another completion, if any. */
export function unrenewed(order: readonly string[], when: Renewal): 'expired' | 'expiredAgain' | null {
  const has = (name: string): boolean => order.includes(name);
  if (!has('renewal')) return has('expiredAgain') ? 'expiredAgain' : has('expired') ? 'expired' : null;
  if (when === 'after both' || !has('expired') || !has('expiredAgain')) return null;
  const isHeardLast = ['renewal', 'expiredAgain'].every((name) => order.indexOf(name) < order.indexOf('expired'));
  return isHeardLast ? null : 'expiredAgain';
}

export interface LedgerOfOne {
  readonly record: (eventId: string, fact: Fact) => Told | Promise<Told>;
  readonly close: (workflowId: string) => void | Promise<void>;
  readonly standing: () => LearnerStanding | Promise<LearnerStanding>;
}

/** How soon what is ordered is done. */
export interface Pace {
  /** Messages are read: at once, or only when all facts are recorded. */
  readonly reads: 'at once' | 'last';
  /** A workflow that has ended closes its case: at once, or only when all facts are recorded. */
  readonly closes: 'at once' | 'last';
}

export interface EndState {
  /** The workflows that still wait, sorted. */
  readonly open: readonly string[];
  readonly standing: LearnerStanding;
  /** May sign in. */
  readonly isActive: boolean;
  /** In the groups, sorted. */
  readonly groups: readonly string[];
}

export interface Played {
  readonly end: EndState;
  readonly outcomes: Readonly<Record<string, string>>;
  /** Each write that a workflow makes, `<workflow> <write>`. */
  readonly writes: readonly string[];
  /** Each message, `<workflow> <signal> <event>`. */
  readonly messages: readonly string[];
}

interface Running {
  readonly id: string;
  readonly kind: OpenWorkflow['kind'];
  outcome: string | null;
}

export const REQUIRED = 'Recertification required';
export const CERTIFIED = 'Certified';
export const PROGRAM = 'Program';

/** What the workflows do about one learner, as far as access goes: the words of the processes, without their letters. */
export async function play(ledger: LedgerOfOne, arrivals: readonly Arrival[], pace: Pace): Promise<Played> {
  const workflows = new Map<string, Running>();
  const groups = new Set([CERTIFIED]);
  const [writes, messages]: [string[], string[]] = [[], []];
  const [unread, unclosed]: [{ workflowId: string; news: News }[], string[]] = [[], []];
  let isActive = true;

  const write = (workflow: Running, does: string, effect: () => void): void => {
    writes.push(`${workflow.id} ${does}`);
    effect();
  };

  /** Everything that grants asks first whether the learner is with us. */
  async function join(workflow: Running, group: string): Promise<void> {
    if ((await ledger.standing()) === 'active') write(workflow, `joins ${group}`, () => groups.add(group));
  }

  const leave = (workflow: Running, group: string): void =>
    write(workflow, `leaves ${group}`, () => groups.delete(group));

  const isNeeded = (workflow: Running): boolean =>
    [...workflows.values()].some(
      ({ id, kind, outcome }) => id !== workflow.id && kind === workflow.kind && outcome === null,
    );

  async function end(workflow: Running, outcome: string): Promise<void> {
    workflow.outcome = outcome;
    if (pace.closes === 'at once') await ledger.close(workflow.id);
    else unclosed.push(workflow.id);
  }

  async function begin(workflow: Running): Promise<void> {
    if (workflow.kind === 'recertification') await join(workflow, REQUIRED);
    if (workflow.kind === 'onboarding') await join(workflow, PROGRAM);
    if (workflow.kind !== 'offboarding') return;
    write(workflow, 'freezes', () => (isActive = false));
    write(workflow, 'leaves all', () => groups.clear());
    await end(workflow, 'done');
  }

  async function read({ workflowId, news }: { workflowId: string; news: News }): Promise<void> {
    const workflow = workflows.get(workflowId);
    if (workflow?.outcome !== null) return;
    if (news.signal === 'recertified') {
      await join(workflow, CERTIFIED);
      if (!isNeeded(workflow)) leave(workflow, REQUIRED);
    }
    if (news.signal === 'cancel' && news.reason === 'left the company') undo(workflow);
    await end(workflow, outcomeOf(news));
  }

  function undo(workflow: Running): void {
    if (workflow.kind === 'onboarding') leave(workflow, PROGRAM);
    if (workflow.kind === 'recertification' && !isNeeded(workflow)) leave(workflow, REQUIRED);
  }

  async function arrive({ eventId, fact }: Arrival): Promise<void> {
    const { joins, settledBy, settles } = await ledger.record(eventId, fact);
    const kind = opens(fact)?.kind;
    messages.push(...settles.map(({ workflowId, news }) => `${workflowId} ${news.signal} ${news.eventId}`));
    if (pace.reads === 'last') unread.push(...settles);
    else for (const message of settles) await read(message);
    if (kind === undefined || joins !== null) return;
    const workflow: Running = { id: eventId, kind, outcome: null };
    workflows.set(eventId, workflow);
    // A new hire is welcomed, whatever step came first.
    if (settledBy === null || settledBy.signal === 'started') await begin(workflow);
    if (settledBy !== null) await end(workflow, outcomeOf(settledBy));
  }

  for (const arrival of arrivals) await arrive(arrival);
  for (const message of unread) await read(message);
  for (const id of unclosed) await ledger.close(id);

  const all = [...workflows.values()];
  const open = all.filter(({ outcome }) => outcome === null).map(({ id }) => id);
  return {
    end: { open: open.sort(), standing: await ledger.standing(), isActive, groups: [...groups].sort() },
    outcomes: Object.fromEntries(all.flatMap(({ id, outcome }) => (outcome === null ? [] : [[id, outcome]]))),
    writes,
    messages,
  };
}

function outcomeOf(news: News): string {
  return news.signal === 'cancel' ? news.reason : news.signal;
}

/** Every order of every choice of up to `most` of the items. */
export function* ordersOf<T>(items: readonly T[], most: number): Generator<readonly T[]> {
  yield [];
  if (most === 0) return;
  for (const [index, item] of items.entries())
    for (const rest of ordersOf([...items.slice(0, index), ...items.slice(index + 1)], most - 1)) yield [item, ...rest];
}
