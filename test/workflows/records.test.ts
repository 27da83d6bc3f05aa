import type { WorkflowHandle } from '@temporalio/client';
import { DAY, HOUR, isoTime } from '../../src/domain';
import { cancelSignal, escalateSignal, extendDeadlineUpdate, recertifiedSignal } from '../../workflows/messages';
import { end, failing, openWorld, rejected, stepIs, type World } from './old-world';

/** The systems that keep records of learners, and the chat: written to beside the rest, where they are set. */

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.reset();
  world.modes = { ...world.modes, salesforce: 'on', slack: 'on', xapi: 'on' };
});

const person = { userId: 'u1', email: 'rita@example.com' };
const completion = {
  userId: 'u1',
  courseName: 'Discovery',
  courseId: 'c1',
  score: 80,
  completedAt: '2026-11-01T10:00:00Z',
};
const complete = (data: object = {}) =>
  world.start('courseCompletion', { ...completion, ...data }, { event: 'course.completed' });
const refused = rejected('salesforce answered 400: INVALID_FIELD');
const written = (name: string): unknown[] => world.named(name).map(({ args }) => args[1]);

async function expire(days: number): Promise<WorkflowHandle> {
  const now = await world.env.currentTimeMs();
  const data = {
    userId: 'u1',
    certName: 'Sales',
    expiredAt: isoTime(now - DAY),
    renewalDeadline: isoTime(now + days * DAY),
  };
  const handle = await world.start('recertification', data, { event: 'certification.expired' });
  await world.until(handle, (state) => stepIs('tellManager', 'done')(state) && stepIs('markRequired', 'done')(state));
  return handle;
}

async function leave(): Promise<WorkflowHandle> {
  const deprovisionedAt = isoTime((await world.env.currentTimeMs()) - HOUR);
  const data = { ...person, reason: 'terminated', deprovisionedAt };
  return world.start('offboarding', data, { event: 'user.deprovisioned' });
}

describe('a completion', () => {
  test('goes to the archive, the LMS, the CRM and the learner side by side', async () => {
    const handle = await complete();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(written('storeStatement')).toMatchObject([{ ...completion, verb: 'completed' }]);
    expect(written('upsertTraining')).toMatchObject([{ ...completion, email: 'rita@example.com' }]);
    expect(world.named('storeCertificate')).toHaveLength(1);
    expect(world.letters()).toHaveLength(1);
  });

  test('is passed where the policy sets a mark', async () => {
    world.policy = { ...world.policy, course: { ...world.policy.course, passPercent: 70 } };
    await (await complete()).result();
    expect(written('storeStatement')).toMatchObject([{ verb: 'passed' }]);
  });

  test.each([
    [true, 1],
    [false, 0],
  ])('that is a retake writes to the CRM when it is better: %s', async (improved, times) => {
    const answer = { firstCompletion: false, bestScore: 95, improved };
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer, settledBy: null, settles: [] }));
    await expect((await complete({ score: 95 })).result()).resolves.toEqual({ outcome: 'done' });
    expect(written('upsertTraining')).toHaveLength(times);
    expect([...world.named('storeStatement'), ...world.named('storeCertificate')]).toEqual([]);
  });

  test('that the CRM refuses parks there and stops no other', async () => {
    world.answers.set('upsertTraining', failing(1, refused, { score: 80, completedAt: completion.completedAt }));
    const handle = await complete();
    const state = await world.parked(handle, 'recordTraining');
    expect(state.steps.filter(({ status }) => status === 'done').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['storeCertificate', 'storeStatement', 'tellLearner']),
    );
    await end(handle);
  });

  test('where a system only watches says what it would do', async () => {
    world.modes = { ...world.modes, salesforce: 'observe', xapi: 'observe' };
    for (const name of ['upsertTraining', 'storeStatement']) world.answers.set(name, () => 'observed');
    const handle = await complete();
    await handle.result();
    const { steps } = await world.state(handle);
    expect(
      steps
        .filter(({ status }) => status === 'would do')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['recordTraining', 'storeStatement']);
  });
});

describe('a certificate in the CRM', () => {
  test('is required, then certified', async () => {
    const handle = await expire(20);
    await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(written('markCertificate')).toMatchObject([
      { certName: 'Sales', status: 'required', deadline: expect.any(String) as string },
      { certName: 'Sales', status: 'certified', deadline: null },
    ]);
  });

  test('lapses with its deadline, and is required again when the deadline is moved', async () => {
    const handle = await expire(2);
    await world.env.sleep('3 days');
    await world.until(handle, stepIs('markLapsed', 'done'));
    const deadline = isoTime((await world.env.currentTimeMs()) + 20 * DAY);
    await handle.executeUpdate(extendDeadlineUpdate, { args: [{ deadline, by: 'ada', reason: 'on leave' }] });
    await world.until(handle, stepIs('markRequired (2)', 'done'));
    expect(written('markCertificate')).toMatchObject([
      { status: 'required' },
      { status: 'lapsed' },
      { status: 'required', deadline },
    ]);
    await end(handle);
  });

  test('a CRM that refuses holds up neither letters nor the next word', async () => {
    world.answers.set('markCertificate', failing(1, refused, 'done'));
    const now = await world.env.currentTimeMs();
    const data = { userId: 'u1', certName: 'Sales', expiredAt: isoTime(now), renewalDeadline: isoTime(now + 20 * DAY) };
    const handle = await world.start('recertification', data, { event: 'certification.expired' });
    await world.parked(handle, 'markRequired');
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(written('markCertificate')).toMatchObject([{ status: 'required' }, { status: 'certified' }]);
  });
});

test('a new hire gets a contact', async () => {
  const hire = { ...person, role: 'rep', teamId: 't1', provisionedBy: 'scim' };
  const handle = await world.start('onboarding', hire, { event: 'user.provisioned' });
  await world.until(handle, (state) => stepIs('linkContact', 'done')(state) && stepIs('welcome', 'done')(state));
  expect(written('linkContact')).toEqual([{ ...person, role: 'rep', teamId: 't1' }]);
  await end(handle);
});

describe('a leaver', () => {
  test('is frozen in the CRM and deactivated in the chat after access has ended, before the archive', async () => {
    await (await leave()).result();
    const order = world.calls.map(({ name }) => name);
    const [groups, crm, chat, archive] = ['leaveGroups', 'freezeCrmUser', 'deactivateChatUser', 'archivePerson'].map(
      (name) => order.indexOf(name),
    ) as [number, number, number, number];
    expect(groups).toBeLessThan(Math.min(crm, chat));
    expect(archive).toBeGreaterThan(Math.max(crm, chat));
  });

  test('who is none after all gets both back, in reverse order', async () => {
    world.answers.set('archivePerson', failing(1, rejected('archive is full'), { key: 'k', sha256: 'cd' }));
    const handle = await leave();
    await world.parked(handle, 'archive');
    await handle.signal(cancelSignal, { reason: 'not a leaver', by: 'ada' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    const undone = world.calls.map(({ name }) => name).filter((name) => name.startsWith('restore'));
    expect(undone).toEqual(['restoreChatUser', 'restoreCrmUser', 'restore', 'restore']);
    expect(world.named('restoreCrmUser')[0]?.args.slice(1)).toEqual([person, 'freezeCrm']);
  });

  test('is kept in a chat whose plan has no accounts to deactivate', async () => {
    world.answers.set('deactivateChatUser', () => 'not configured');
    const handle = await leave();
    await handle.result();
    const { steps } = await world.state(handle);
    expect(steps.find(({ name }) => name === 'deactivateChat')).toMatchObject({
      status: 'skipped',
      detail: 'not configured',
    });
  });
});

/** What is parked or waits here stays so: to end it would cancel what may just be told. */
describe('the chat', () => {
  const ops = { alertsChannel: '#ops', directMessages: false };

  test('hears of what parks, and not of what is told already', async () => {
    world.policy = { ...world.policy, slack: ops };
    world.answers.set('upsertTraining', () => Promise.reject(refused));
    const first = await complete();
    await world.until(first, ({ told = [] }) => told.some(({ role }) => role === 'channel'));
    expect(world.named('postMessage').map(({ args }) => args[1])).toEqual([{ channel: '#ops' }]);
    world.answers.set('sendLetter', () => 'told before');
    const second = await complete({ courseId: 'c2' });
    await world.parked(second, 'recordTraining');
    expect(world.named('postMessage')).toHaveLength(1);
  });

  test('hears of escalations, and who leads of theirs where the policy says so', async () => {
    world.policy = { ...world.policy, slack: { ...ops, directMessages: true } };
    const quiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 2, maxScore: 10, passed: false };
    const handle = await world.start('quizCoaching', quiz, { event: 'quiz.submitted' });
    await world.until(handle, ({ told = [] }) => told.some(({ letter }) => letter === 'coach, in the chat'));
    await handle.signal(escalateSignal, { reason: 'on leave', by: 'ada' });
    await world.until(handle, ({ told = [] }) => told.some(({ role }) => role === 'channel'));
    expect(world.named('postMessage').map(({ args }) => args[1])).toEqual([
      { email: 'mona@example.com' },
      { channel: '#ops' },
    ]);
  });

  test('that refuses is noted and holds nothing up', async () => {
    world.policy = { ...world.policy, slack: { ...ops, directMessages: true } };
    world.answers.set('postMessage', () => Promise.reject(rejected('slack answered users_not_found')));
    const quiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 2, maxScore: 10, passed: false };
    const handle = await world.start('quizCoaching', quiz, { event: 'quiz.submitted' });
    const state = await world.until(handle, ({ history }) =>
      history.some(({ what }) => what === 'a notification was not sent'),
    );
    expect(state).toMatchObject({ phase: 'waiting' });
  });
});
