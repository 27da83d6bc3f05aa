import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import fc from 'fast-check';
import type { StepContext } from '../../activities';
import { DAY, isoTime, type Fact } from '../../src/domain';
import { RULES } from '../ledger/events';
import { createLedgerModel, type LedgerModel } from '../ledger/model';
import { extendDeadlineUpdate } from '../../workflows/messages';
import { CERTIFIED, lifeOf, play, PROGRAM, REQUIRED, type Arrival } from '../ledger/orders';
import { openWorld, type World } from './old-world';

const ORDERS = 30;
const AT_ONCE = 6;

/** By then a case that waits is not late, however long the file takes. */
const DEADLINE = 40 * DAY;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  const onboarding = { ...world.policy.onboarding, programs: [{ role: 'rep', groups: [PROGRAM] }] };
  // An offboarding then ends at once: no time is skipped here.
  const offboarding = { ...world.policy.offboarding, deactivateAfterDays: 0 };
  world.policy = { ...world.policy, onboarding, offboarding };
  answerForAll();
});
afterAll(() => world.stop());

/** What MindTickle sends of a fact. */
function sentOf(fact: Fact, now: number): { readonly type: string; readonly event: string; readonly data: object } {
  const { userId } = fact;
  switch (fact.kind) {
    case 'completed': {
      const { courseId, courseName, score } = fact;
      const data = { userId, courseId, courseName, score, completedAt: isoTime(fact.at) };
      return { type: 'courseCompletion', event: 'course.completed', data };
    }
    case 'quizzed': {
      const { quizId, quizName, result: verdict } = fact;
      const data = { userId, quizId, quizName, passed: verdict === 'passed' };
      return { type: 'quizCoaching', event: 'quiz.submitted', data };
    }
    case 'provisioned': {
      const { email, role, teamId } = fact;
      return {
        type: 'onboarding',
        event: 'user.provisioned',
        data: { userId, email, role, teamId, provisionedBy: 'hr' },
      };
    }
    case 'deprovisioned': {
      const data = { userId, email: fact.email, reason: fact.reason, deprovisionedAt: isoTime(fact.at) };
      return { type: 'offboarding', event: 'user.deprovisioned', data };
    }
    case 'expired': {
      const renewalDeadline = isoTime(now + DEADLINE);
      const data = { userId, certName: fact.certName, expiredAt: isoTime(fact.at), renewalDeadline };
      return { type: 'recertification', event: 'certification.expired', data };
    }
    case 'progressed':
      throw new Error('no life has progress');
  }
}

/** The far side of one learner: the ledger's model, and an identity provider that holds groups. */
interface Side {
  readonly model: LedgerModel;
  readonly groups: Set<string>;
  /** `<workflow> <step>`. */
  readonly writes: string[];
  /** Whom the last fact was told to. */
  told: readonly string[];
  isActive: boolean;
  hasCompleted: boolean;
}

const sides = new Map<string, Side>();

function openSide(userId: string, now: number): Side {
  const model = createLedgerModel(RULES, now);
  const side: Side = { model, groups: new Set([CERTIFIED]), writes: [], told: [], isActive: true, hasCompleted: false };
  sides.set(userId, side);
  return side;
}

function sideOf(userId: string): Side {
  const side = sides.get(userId);
  if (side === undefined) throw new Error('an activity asks for a learner of no order');
  return side;
}

const ownId = (): string => Context.current().info.workflowExecution?.workflowId ?? '';

function isOpenElsewhere({ model }: Side, kind: string | null): boolean {
  return model.open().some((row) => row.kind === kind && row.workflowId !== ownId());
}

/** The side of the learner that a write is about, where it is written down. */
function writing({ userId, step }: StepContext): Side {
  const side = sideOf(userId);
  side.writes.push(`${ownId()} ${step}`);
  return side;
}

function leave(side: Side, group: string, unlessOpen: string | null): string {
  return !isOpenElsewhere(side, unlessOpen) && side.groups.delete(group) ? 'done' : 'unchanged';
}

function record({ receipt: { eventId }, fact }: { receipt: { eventId: string }; fact: Fact }): object {
  const side = sideOf(fact.userId);
  const hadCompleted = side.hasCompleted;
  const { joins, settledBy, settles } = side.model.record(eventId, fact);
  side.told = settles.map(({ workflowId }) => workflowId);
  side.hasCompleted ||= fact.kind === 'completed';
  const answer = { firstCompletion: !hadCompleted, ...(joins !== null && { joins }) };
  return { outcome: 'new', answer, settledBy, settles };
}

function answerForAll(): void {
  const answers: Record<string, (...args: never[]) => unknown> = {
    recordEvent: record,
    closeWorkflow: ({ workflowId }: { workflowId: string }) => {
      for (const { model } of sides.values()) model.close(workflowId);
    },
    findLearner: (userId: string) => {
      const active = sideOf(userId).model.standing() === 'active';
      return { userId, email: 'r@example.com', managerEmail: 'm@example.com', active };
    },
    joinGroup: (context: StepContext, _person: unknown, group: string) => {
      const { model, groups } = writing(context);
      if (model.standing() !== 'active') return 'not active';
      groups.add(group);
      return 'done';
    },
    leaveGroup: (context: StepContext, _person: unknown, group: string, unlessOpen: string | null) =>
      leave(writing(context), group, unlessOpen),
    leaveGroups: (context: StepContext) => {
      const { groups } = writing(context);
      const left = [...groups];
      groups.clear();
      return { left };
    },
    freezeUser: (context: StepContext) => {
      writing(context).isActive = false;
      return 'done';
    },
    storeCertificate: (context: StepContext) => {
      writing(context);
      return { key: 'k', sha256: 'ab' };
    },
    // Of what these lives undo, every step had joined a group.
    restore: (context: StepContext, _person: unknown, of: string, unlessOpen: string | null) =>
      leave(writing(context), of === 'joinRecertificationRequired' ? REQUIRED : of.replace(/^join ?/, ''), unlessOpen),
  };
  for (const [name, answer] of Object.entries(answers)) world.answers.set(name, answer);
}

/** Facts come one after the other, each when what the last one began or ended is at rest. No time is skipped. */
async function live(names: readonly string[], life: Readonly<Record<string, Fact>>, side: Side, now: number) {
  const handles = new Map<string, WorkflowHandle>();
  for (const name of names) {
    if (name === EXTENDED) {
      await extend(handles.get('expired'), now);
      continue;
    }
    const fact = life[name] as Fact;
    const { type, event, data } = sentOf(fact, now);
    const handle = await world.start(type, data, { event, signedAt: fact.at });
    handles.set(name, handle);
    await world.atRest(handle);
    for (const told of handles.values()) if (side.told.includes(told.workflowId)) await world.atRest(told);
  }
  return handles;
}

async function extend(handle: WorkflowHandle | undefined, now: number): Promise<void> {
  if (handle === undefined || (await world.state(handle)).outcome !== null) return;
  const request = { deadline: isoTime(now + 2 * DEADLINE), by: 'ada', reason: 'leave' };
  await handle.executeUpdate(extendDeadlineUpdate, { args: [request] });
  await world.atRest(handle);
}

async function playOne(userId: string, names: readonly string[]) {
  const now = await world.env.currentTimeMs();
  const life = lifeOf(userId, now);
  const arrivals = names.flatMap((name): Arrival[] => {
    const fact = life[name];
    return fact === undefined ? [] : [{ eventId: name, fact }];
  });
  const expected = await play(createLedgerModel(RULES, now), arrivals, { reads: 'at once', closes: 'at once' });

  const side = openSide(userId, now);
  const handles = await live(names, life, side, now);
  const open: string[] = [];
  for (const [name, handle] of handles) if ((await world.state(handle)).outcome === null) open.push(name);
  const { model, isActive, groups, writes } = side;
  const end = { open: open.sort(), standing: model.standing(), isActive, groups: [...groups].sort() };
  const twice = writes.filter((write, index) => writes.indexOf(write) < index);
  const certificates = writes.filter((write) => write.endsWith(' storeCertificate')).length;
  return { end, expected: expected.end, twice, certificates };
}

/** A person moves the deadline of the first expiry; never before it has come. */
const EXTENDED = 'extended';
const FACTS = Object.keys(lifeOf('u', 0));
const all = [...FACTS, EXTENDED];
const order = fc
  .oneof(
    { weight: 2, arbitrary: fc.shuffledSubarray(all, { minLength: all.length }) },
    { weight: 1, arbitrary: fc.shuffledSubarray(all, { minLength: 4 }) },
  )
  .map((names) => {
    const [moved, expired] = [names.indexOf(EXTENDED), names.indexOf('expired')];
    if (moved < 0 || moved > expired) return expired < 0 ? names.filter((name) => name !== EXTENDED) : names;
    return names.with(moved, 'expired').with(expired, EXTENDED);
  });

describe('the processes of one learner', () => {
  test(`end alike in ${ORDERS} orders of arrival, ${AT_ONCE} learners at a time, and do nothing twice`, async () => {
    const left = [...fc.sample(order, { numRuns: ORDERS, seed: 20_261_124 }).entries()];
    const ends = new Map<string, string>();
    const wrong: unknown[] = [];
    let ran = 0;
    const player = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const [number, names] = next;
        const { end, expected, twice, certificates } = await playOne(`learner ${number}`, names);
        ran += 1;
        const choice = names.toSorted().join(', ');
        const known = ends.get(choice) ?? JSON.stringify(end);
        ends.set(choice, known);
        const due = names.includes('oldCompletion') || names.includes('renewal') ? 1 : 0;
        const isRight = JSON.stringify(end) === JSON.stringify(expected) && JSON.stringify(end) === known;
        if (!isRight || twice.length > 0 || certificates !== due)
          wrong.push({ names, end, expected, known, twice, certificates });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, player));
    expect(wrong.slice(0, 2)).toEqual([]);
    expect(ran).toBe(ORDERS);
  }, 120_000);
});
