import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import fc from 'fast-check';
import type { StepContext } from '../../activities';
import { people } from '../../src/dev/people';
import type { StandIns } from '../../src/dev/stand-ins';
import { DAY, type Fact, isoTime } from '../../src/domain';
import type { EventName } from '../../src/events';
import { setLearnerEmail } from '../../src/ledger';
import { createClaims, createLedgerActivities } from '../../activities/ledger';
import { readConfigFile } from '../../src/settings';
import { at, connectTo, emptyLedger, statusOf } from '../activities/running';
import { start as startStandIns, stateOf, stopAll } from '../dev/stand-ins/running';
import { RULES } from '../ledger/events';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { createLedgerModel, type LedgerModel } from '../ledger/model';
import { type Arrival, CERTIFIED, lifeOf, play, PROGRAM, REQUIRED } from '../ledger/orders';
import { learner, recorded, type Arguments, type Fakes, type Recorded } from './fakes';
import { cancel, extend } from './operator';
import { useWorld } from './world';

const ORDERS = 12;
const AT_ONCE = 6;

/** By then a case that waits is not late, however long the file takes. */
const DEADLINE = 40 * DAY;

const world = useWorld('dev');

/** The event that brings a fact, and what it says beside the defaults. */
function sentOf(fact: Fact, now: number): { readonly event: EventName; readonly data: object } {
  const { userId } = fact;
  switch (fact.kind) {
    case 'completed': {
      const { courseId, courseName, score } = fact;
      return {
        event: 'course.completed',
        data: { userId, courseId, courseName, score, completedAt: isoTime(fact.at) },
      };
    }
    case 'quizzed': {
      const { quizId, quizName, result } = fact;
      return { event: 'quiz.submitted', data: { userId, quizId, quizName, passed: result === 'passed' } };
    }
    case 'provisioned': {
      const { email, role, teamId } = fact;
      return { event: 'user.provisioned', data: { userId, email, role, teamId } };
    }
    case 'deprovisioned': {
      const { email, reason } = fact;
      return { event: 'user.deprovisioned', data: { userId, email, reason, deprovisionedAt: isoTime(fact.at) } };
    }
    case 'expired': {
      const renewalDeadline = isoTime(now + DEADLINE);
      const data = { userId, certName: fact.certName, expiredAt: isoTime(fact.at), renewalDeadline };
      return { event: 'certification.expired', data };
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
  /** The workflows that the last fact was sent to. */
  notified: readonly string[];
  isActive: boolean;
  hasCompleted: boolean;
}

const sides = new Map<string, Side>();

function openSide(userId: string, now: number): Side {
  const model = createLedgerModel(RULES, now);
  const side: Side = {
    model,
    groups: new Set([CERTIFIED]),
    writes: [],
    notified: [],
    isActive: true,
    hasCompleted: false,
  };
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

function leave(side: Side, group: string, unlessOpen: string | null): 'done' | 'unchanged' {
  return !isOpenElsewhere(side, unlessOpen) && side.groups.delete(group) ? 'done' : 'unchanged';
}

function record(...[{ receipt, fact }]: Arguments<'recordEvent'>): Recorded {
  if (fact === null) throw new Error('no life has an event without a fact');
  const side = sideOf(fact.userId);
  const hadCompleted = side.hasCompleted;
  const { joins, settledBy, settles } = side.model.record(receipt.eventId, fact);
  side.notified = settles.map(({ workflowId }) => workflowId);
  side.hasCompleted ||= fact.kind === 'completed';
  const answer = { firstCompletion: !hadCompleted, ...(joins !== null && { joins }) };
  return recorded({ answer, settledBy, settles });
}

/** What the activities do to the sides of all learners. */
const FAKES: Fakes = {
  recordEvent: record,
  closeWorkflow: ({ workflowId }) => {
    for (const { model } of sides.values()) model.close(workflowId);
  },
  findLearner: (userId) => {
    const standing = sideOf(userId).model.standing();
    return learner({ userId, active: standing === 'active', standing });
  },
  joinGroup: (context, _person, group) => {
    const { model, groups } = writing(context);
    if (model.standing() !== 'active') return 'not active';
    groups.add(group);
    return 'done';
  },
  leaveGroup: (context, _person, group, unlessOpen) => leave(writing(context), group, unlessOpen),
  leaveGroups: (context) => {
    const { groups } = writing(context);
    const left = [...groups];
    groups.clear();
    return { left };
  },
  freezeUser: (context) => {
    writing(context).isActive = false;
    return 'done';
  },
  storeCertificate: (context) => {
    writing(context);
    return { key: 'k', sha256: 'ab' };
  },
  // Of what these lives undo, every step had joined a group.
  restoreUser: (context, _person, of, unlessOpen) =>
    leave(writing(context), of === 'joinRecertificationRequired' ? REQUIRED : of.replace(/^join ?/, ''), unlessOpen),
};

/** Facts come one after the other, each when what the last one began or ended is at rest. No time is skipped. */
async function live(names: readonly string[], life: Readonly<Record<string, Fact>>, side: Side, now: number) {
  const handles = new Map<string, WorkflowHandle>();
  for (const name of names) {
    if (name === EXTENDED) {
      await extendOpen(handles.get('expired'), now);
      continue;
    }
    const fact = life[name] as Fact;
    const { event, data } = sentOf(fact, now);
    const handle = await world.send(event, { data, signedAt: fact.at, receivedAt: now });
    handles.set(name, handle);
    await world.atRest(handle);
    for (const other of handles.values()) if (side.notified.includes(other.workflowId)) await world.atRest(other);
  }
  return handles;
}

async function extendOpen(handle: WorkflowHandle | undefined, now: number): Promise<void> {
  if (handle === undefined || (await world.state(handle)).outcome !== null) return;
  await extend(handle, now + 2 * DEADLINE);
  await world.atRest(handle);
}

async function playOne(userId: string, names: readonly string[]) {
  const now = await world.now();
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
  beforeEach(() => {
    const onboarding = { ...world.policy.onboarding, programs: [{ role: 'rep', groups: [PROGRAM] }] };
    // An offboarding then ends at once: no time is skipped here.
    const offboarding = { ...world.policy.offboarding, deactivateAfterDays: 0 };
    world.policy = { ...world.policy, onboarding, offboarding };
    world.fakeAll(FAKES);
  });

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
  }, 300_000);
});

let ledger: LedgerFixture;
let standIns: StandIns;

const { nina } = people;

async function groups(): Promise<readonly string[]> {
  const { identity } = await stateOf(standIns);
  return identity.users.find(({ externalId }) => externalId === nina.userId)?.groups ?? [];
}

/** Two workflows that wait, each for the renewal of one certificate. */
async function twoCases(): Promise<readonly [WorkflowHandle, WorkflowHandle]> {
  const now = await world.now();
  await setLearnerEmail(ledger.pool, nina.userId, nina.email);
  const open = async (certName: string): Promise<WorkflowHandle> => {
    const times = { expiredAt: isoTime(now - DAY), renewalDeadline: isoTime(now + 40 * DAY) };
    const handle = await world.send('certification.expired', { data: { userId: nina.userId, certName, ...times } });
    await world.atRest(handle);
    return handle;
  };
  const cases = [await open('Certificate A'), await open('Certificate B')] as const;
  expect(await groups()).toContain(REQUIRED);
  return cases;
}

const ROUNDS = [1, 2, 3, 4, 5];

describe('two recertifications of one learner', () => {
  let real: Fakes;
  beforeAll(async () => {
    [ledger, standIns] = await Promise.all([openLedger(), startStandIns()]);
    const course = { renews: { Safety: ['Certificate A', 'Certificate B'] } };
    const policy = { ...readConfigFile(undefined).policy, course };
    const { pool } = ledger;
    const { joinGroup, leaveGroup, restoreUser } = connectTo(
      pool,
      'identity',
      at.scim(`${standIns.url}/identity/scim/v2`),
    );
    // The real ledger and identity provider; all other activities are fakes.
    real = {
      ...createLedgerActivities({
        pool,
        policy,
        modes: {},
        receiptDays: 90,
        auditDays: 400,
        claims: createClaims(pool, statusOf()),
      }),
      joinGroup,
      leaveGroup,
      restoreUser,
    };
  });
  afterAll(() => Promise.all([stopAll(), ledger.stop()]));
  beforeEach(async () => {
    world.fakeAll(real);
    await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(ledger.pool)]);
  });

  test.each(ROUNDS)('that one course renews at once leave the group, round %i', async () => {
    const cases = await twoCases();
    const completedAt = isoTime(await world.now());
    await world.send('course.completed', { data: { userId: nina.userId, courseName: 'Safety', completedAt } });
    for (const one of cases) await world.until(one, ({ outcome }) => outcome === 'recertified');
    expect(await groups()).toEqual(['Certified']);
  });

  test.each(ROUNDS)('that are cancelled at once leave the group, round %i', async () => {
    const cases = await twoCases();
    await Promise.all(cases.map((one) => cancel(one)));
    for (const one of cases) await world.until(one, ({ outcome }) => outcome === 'cancelled');
    expect(await groups()).not.toContain(REQUIRED);
  });
});
