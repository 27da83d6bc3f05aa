import type { WorkflowHandle } from '@temporalio/client';
import { DAY, DEFAULT_CALENDAR, HOUR, isoTime, type Policy } from '../../src/domain';
import { retakenSignal } from '../../workflows/messages';
import { failing, learner, recorded, rejected, unavailable } from './fakes';
import { cancel, coached, escalate, retry } from './operator';
import { end, heard, stepIs, unlessClosed, useWorld } from './world';

const world = useWorld();

const failed = { score: 2, maxScore: 10, passed: false };
const send = (data?: object) => world.send('quiz.submitted', { data });
const withoutManager = learner({ managerEmail: null });
const setPolicy = (change: Partial<Policy>) => {
  world.policy = { ...world.policy, ...change };
};
const setTeam = (escalation: readonly string[]) =>
  setPolicy({ teams: { t1: { manager: 'tina@example.com', escalation } } });

/** Its first notification is sent, and it waits. */
async function opened(data?: object): Promise<WorkflowHandle> {
  const handle = await send(data);
  await world.until(handle, stepIs('notifyManager', 'done'));
  return handle;
}

/** The next such day (0: Sunday) at that hour, UTC. */
async function sleepUntil(weekday: number, hour: number): Promise<number> {
  const now = await world.now();
  const days = (weekday - new Date(now).getUTCDay() + 7) % 7 || 7;
  const wanted = Math.floor(now / DAY) * DAY + days * DAY + hour * HOUR;
  await world.sleep(wanted - now);
  return wanted;
}

/** Five working days from there pass over one weekend. */
const sleepUntilWednesday = () => sleepUntil(3, 9);

const toTheHour = (at: number) => isoTime(Math.floor(at / HOUR) * HOUR);
const deadlineOf = ({ deadline }: { readonly deadline: string | null }) => toTheHour(Date.parse(deadline ?? ''));

/** Who was notified, in days since `from`, and the kind where it is not a request to coach. */
const notifiedSince = (from: number) =>
  world
    .notifications()
    .map(({ kind, to, at }) => `${to}${kind === 'coach' ? '' : ` (${kind})`} ${Math.round((at - from) / DAY)}`);
const coaches = () =>
  world
    .notifications()
    .filter(({ kind }) => kind === 'coach')
    .map(({ to }) => to);

describe('quizCoaching', () => {
  test.each<[string, object, number | undefined, string]>([
    ['a passed quiz', { score: 9, maxScore: 10, passed: true }, undefined, 'passed'],
    ['a practice quiz', { quizType: 'practice' }, undefined, 'ungraded'],
    ['a quiz with nothing to judge by', { score: null, maxScore: null, passed: null }, 80, 'ungraded'],
    ['a score over the mark that was not passed', { score: 9, maxScore: 10, passed: false }, 80, 'passed'],
    ['a maximum of 0, and passed', { score: 0, maxScore: 0, passed: true }, 80, 'passed'],
    ['no maximum, and passed', { score: 1, maxScore: null, passed: true }, 80, 'passed'],
    ['a practice quiz that was not passed', { quizType: 'practice', ...failed }, 80, 'ungraded'],
  ])('%s is recorded and ends', async (_claim, result, passPercent, verdict) => {
    if (passPercent !== undefined) setPolicy({ quiz: { ...world.policy.quiz, passPercent } });
    const handle = await send(result);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent', 'closeWorkflow']);
    expect((await world.state(handle)).history).toMatchObject([{ what: `quiz ${verdict}: no coaching` }]);
  });

  test.each<[string, object, number | undefined, number | null]>([
    ['a quiz that was not passed', failed, undefined, 20],
    ['a score under the mark that was passed', { score: 7, maxScore: 10, passed: true }, 80, 70],
    ['a maximum of 0, not passed', { score: 0, maxScore: 0, passed: false }, 80, null],
    ['no score, not passed', { score: null, maxScore: null, passed: false }, 80, null],
  ])('%s notifies the manager and waits', async (_claim, result, passPercent, percent) => {
    if (passPercent !== undefined) setPolicy({ quiz: { ...world.policy.quiz, passPercent } });
    const handle = await opened(result);
    expect(await world.state(handle)).toMatchObject({ phase: 'waiting', waitingFor: 'coaching or a passing retake' });
    expect(coaches()).toEqual(['mona@example.com']);
    const notification = { kind: 'coach', quizName: 'Pricing', userId: 'u1', percent };
    expect(world.callsOf('sendMail')[0]?.args[3]).toEqual(notification);
    expect(world.callsOf('recordEvent')[0]?.args[0]).toMatchObject({ fact: { result: 'failed', percent } });
    await end(handle);
  });

  test.each([
    ['a retake that came first', { signal: 'retaken', eventId: 'q2' }, 'retaken', []],
    [
      'a learner who has left already',
      { signal: 'cancel', eventId: 'd1', reason: 'left the company' },
      'cancelled',
      [{ by: 'event d1', reason: 'left the company' }],
    ],
  ] as const)('%s settles it without a notification', async (_claim, settledBy, outcome, history) => {
    world.fake('recordEvent', recorded({ settledBy }));
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome });
    expect(world.notifications()).toEqual([]);
    expect((await world.state(handle)).history).toMatchObject(history);
  });
});

describe('quizCoaching and its messages', () => {
  test('coached ends it, and says by whom', async () => {
    const handle = await opened();
    await coached(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    expect((await world.state(handle)).history).toMatchObject([
      { what: 'coached', by: 'ada', reason: 'went through it' },
    ]);
    expect(world.callsOf('closeWorkflow')[0]?.args[0]).toMatchObject({ outcome: 'coached' });
  });

  test('retaken ends it, and what comes later changes nothing', async () => {
    const handle = await opened();
    await handle.signal(retakenSignal, { eventId: 'q2' });
    await world.atOnce(() => coached(handle, 'too late')).catch(unlessClosed);
    await expect(handle.result()).resolves.toEqual({ outcome: 'retaken' });
  });

  test('ends even while the notification is parked', async () => {
    world.fake('sendMail', rejected('mail answered 550'));
    const handle = await send();
    const parked = await world.parked(handle, 'notifyManager');
    expect(parked).toMatchObject({
      phase: 'parked',
      waitingFor: 'retryStep or skipStep of "notifyManager"; coaching or a passing retake',
    });
    await coached(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    expect(stepIs('notifyManager', 'dropped')(await world.state(handle))).toBe(true);
  });

  test('escalate notifies whom it names, whatever the clock says', async () => {
    const handle = await opened();
    await escalate(handle, 'urgent', 'vera@example.com');
    await world.until(handle, heard('notified the other'));
    expect(world.notifications().at(-1)).toMatchObject({ kind: 'escalation', to: 'vera@example.com' });
    await end(handle);
  });

  test('a parked notification goes on by retryStep', async () => {
    world.fake('sendMail', failing(1, rejected('mail answered 550'), 'sent'));
    const handle = await send();
    await world.parked(handle, 'notifyManager');
    await retry(handle, 'notifyManager');
    const state = await world.until(handle, stepIs('notifyManager', 'done'));
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'coaching or a passing retake' });
    await end(handle);
  });
});

describe('quizCoaching and the calendar', () => {
  const oneDay = { slaWorkingDays: 1 };
  const inKiritimati = { ...DEFAULT_CALENDAR, timeZone: 'Pacific/Kiritimati' };
  test.each<[string, number, number, (from: number) => Partial<Policy>, number]>([
    ['five working days pass over a weekend', 3, 9, () => ({}), 7],
    [
      'a holiday is no working day',
      3,
      9,
      (from) => ({ calendar: { ...DEFAULT_CALENDAR, holidays: [isoTime(from + 7 * DAY).slice(0, 10)] } }),
      8,
    ],
    ['a policy without a calendar means Monday to Friday', 3, 9, () => ({ calendar: undefined }), 7],
    ['a day from Friday noon in UTC', 5, 12, () => ({ quiz: oneDay, calendar: DEFAULT_CALENDAR }), 3],
    ['a day from Friday noon in another zone', 5, 12, () => ({ quiz: oneDay, calendar: inKiritimati }), 2],
  ])('%s', async (_claim, weekday, hour, policyFrom, days) => {
    const from = await sleepUntil(weekday, hour);
    setPolicy(policyFrom(from));
    const handle = await opened();
    expect(deadlineOf(await world.state(handle))).toBe(isoTime(from + days * DAY));
    await end(handle);
  });

  test('working days count from the receipt of the event: hours in the spool do', async () => {
    const receivedAt = (await sleepUntilWednesday()) - 6 * HOUR;
    const handle = await world.send('quiz.submitted', { signedAt: receivedAt });
    await world.until(handle, stepIs('notifyManager', 'done'));
    expect(deadlineOf(await world.state(handle))).toBe(isoTime(receivedAt + 7 * DAY));
    await end(handle);
  });

  test('a policy that changes meanwhile does not change what has begun', async () => {
    const wednesday = await sleepUntilWednesday();
    const handle = await opened();
    setPolicy({ quiz: { slaWorkingDays: 1 }, administrators: ['new@example.com'] });
    await world.sleep('20 days');
    expect(notifiedSince(wednesday)).toEqual(['mona@example.com 0', 'admin@example.com 7']);
    await end(handle);
  });

  test('a limit of no days notifies everyone at once, and does not spin', async () => {
    setPolicy({ quiz: { slaWorkingDays: 0 } });
    const handle = await send();
    await world.until(handle, stepIs('notifyAdministrator', 'done'));
    await world.sleep('1 day');
    const { history } = await world.state(handle);
    expect(history.filter(({ what }) => what === 'nobody coached in time')).toHaveLength(2);
    expect(coaches()).toHaveLength(2);
    await end(handle);
  });
});

describe('quizCoaching and its escalation chain', () => {
  test('manager, the team’s list, administrators: each once, each with a term, and then it goes on waiting', async () => {
    setTeam(['dora@example.com', 'mona@example.com', 'vera@example.com']);
    setPolicy({ administrators: ['vera@example.com', 'admin@example.com'] });
    const wednesday = await sleepUntilWednesday();
    const handle = await send();
    await world.sleep('90 days');
    expect(notifiedSince(wednesday)).toEqual([
      'mona@example.com 0',
      'dora@example.com 7',
      'vera@example.com 14',
      'admin@example.com 21',
    ]);
    const { steps, history, ...state } = await world.state(handle);
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'coaching or a passing retake', deadline: null });
    expect(steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'notifyManager done',
      'notifyLead done',
      'notifyLead2 done',
      'notifyAdministrator done',
    ]);
    expect(history.map(({ what }) => what)).toEqual([
      ...Array.from({ length: 4 }, () => 'nobody coached in time'),
      'nobody is left in the escalation chain',
    ]);
    await coached(handle, 'late');
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
  });

  const dora = { t1: { escalation: ['dora@example.com'] } };
  test.each<[string, { knows?: typeof withoutManager; teams?: Policy['teams'] }, readonly string[]]>([
    ['without a list the administrators follow', {}, ['mona@example.com 0', 'admin@example.com 7']],
    [
      'another team’s list is not notified',
      { teams: { t2: { escalation: ['dora@example.com'] } } },
      ['mona@example.com 0', 'admin@example.com 7'],
    ],
    [
      'without a manager it begins with the team’s list',
      { knows: withoutManager, teams: dora },
      ['dora@example.com 0', 'admin@example.com 7'],
    ],
    [
      'who is in it twice is notified once',
      {
        knows: learner({ managerEmail: 'dora@example.com' }),
        teams: { t1: { escalation: ['dora@example.com', 'admin@example.com'] } },
      },
      ['dora@example.com 0', 'admin@example.com 7'],
    ],
    [
      'who is in it twice in another case is notified once',
      {
        knows: learner({ managerEmail: 'Dora@Example.com' }),
        teams: { t1: { escalation: ['dora@example.com', 'Admin@Example.com'] } },
      },
      ['Dora@Example.com 0', 'Admin@Example.com 7'],
    ],
    [
      'a manager who is the administrator too is notified once',
      { knows: learner({ managerEmail: 'admin@example.com' }) },
      ['admin@example.com 0'],
    ],
  ])('%s', async (_claim, { knows = learner(), teams = {} }, notified) => {
    world.fake('findLearner', knows);
    setPolicy({ teams });
    const wednesday = await sleepUntilWednesday();
    const handle = await send();
    await world.sleep('60 days');
    expect(notifiedSince(wednesday)).toEqual(notified);
    await end(handle);
  });

  test('with nobody to notify, it says so and waits', async () => {
    world.fake('findLearner', null);
    setPolicy({ administrators: [] });
    const handle = await send();
    const state = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(state).toMatchObject({ deadline: null, history: [{ what: 'nobody is left in the escalation chain' }] });
    await end(handle);
  });

  test('escalate notifies the next one now, who has a full term from then on', async () => {
    setTeam(['dora@example.com', 'vera@example.com']);
    const wednesday = await sleepUntilWednesday();
    const handle = await opened();
    await world.sleep('5 days');
    await escalate(handle, 'on leave');
    const state = await world.until(handle, heard('notified the lead'));
    expect(deadlineOf(state)).toBe(isoTime(wednesday + 12 * DAY));
    await world.sleep('60 days');
    expect(notifiedSince(wednesday)).toEqual([
      'mona@example.com 0',
      'dora@example.com (escalation) 5',
      'vera@example.com 12',
      'admin@example.com 19',
    ]);
    await end(handle);
  });

  test('escalate twice in a row notifies two, and with nobody left says so', async () => {
    const handle = await opened();
    for (const reason of ['on leave', 'on leave too']) await escalate(handle, reason);
    await world.until(handle, heard('nobody is left in the escalation chain'));
    expect(world.notifications().map(({ to }) => to)).toEqual(['mona@example.com', 'admin@example.com']);
    await world.sleep('30 days');
    expect(world.notifications()).toHaveLength(2);
    await end(handle);
  });

  test('a notification that is parked does not delay the next one', async () => {
    world.fake('sendMail', (_context, to) => {
      if (to === 'mona@example.com') throw rejected('mail answered 550');
      return 'sent';
    });
    const wednesday = await sleepUntilWednesday();
    const handle = await send();
    await world.parked(handle, 'notifyManager');
    await world.sleep('8 days');
    const state = await world.until(handle, stepIs('notifyAdministrator', 'done'));
    expect(stepIs('notifyManager', 'parked')(state)).toBe(true);
    expect(notifiedSince(wednesday)).toEqual([
      'mona@example.com 0',
      'admin@example.com (parked) 0',
      'admin@example.com 7',
    ]);
    await coached(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    expect(stepIs('notifyManager', 'dropped')(await world.state(handle))).toBe(true);
  });

  test('coached ends it while the next one is still looked up', async () => {
    world.fake('findLearner', withoutManager);
    world.fake('findContact', unavailable(60_000));
    const handle = await send();
    await world.until(handle, () => world.callsOf('findContact').length > 0);
    await coached(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    // It was not waited for: a look-up that nobody needs any more is cancelled.
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.activityTaskCancelRequestedEventAttributes)).toBe(true);
    expect(world.notifications()).toEqual([]);
  });

  const endings: readonly [string, (handle: WorkflowHandle) => Promise<void>][] = [
    ['coached', coached],
    ['retaken', (handle) => handle.signal(retakenSignal, { eventId: 'q9' })],
    ['cancelled', cancel],
  ];
  const levels: readonly [string, number][] = [
    ['the manager is notified', 1],
    ['a lead is notified', 2],
    ['everyone is notified', 3],
  ];
  test.each(endings.flatMap(([outcome, say]) => levels.map(([level, times]) => ({ outcome, say, level, times }))))(
    '$outcome ends it when $level, and nobody is notified after',
    async ({ outcome, say, times }) => {
      setTeam(['dora@example.com']);
      await sleepUntilWednesday();
      const handle = await opened();
      if (times > 1) await world.sleep((times - 1) * 7 * DAY + HOUR);
      await world.until(handle, () => coaches().length === times);
      await say(handle);
      await expect(handle.result()).resolves.toEqual({ outcome });
      await world.sleep('30 days');
      expect(world.notifications()).toHaveLength(times);
    },
  );

  test('several quizzes of one learner go their own ways', async () => {
    setTeam(['dora@example.com']);
    const wednesday = await sleepUntilWednesday();
    const pricing = await opened();
    const objections = await opened({ quizId: 'q2', quizName: 'Objections' });
    await world.sleep('1 day');
    await pricing.signal(retakenSignal, { eventId: 'q9' });
    await expect(pricing.result()).resolves.toEqual({ outcome: 'retaken' });
    await world.sleep('7 days');
    expect(notifiedSince(wednesday)).toEqual(['mona@example.com 0', 'mona@example.com 0', 'dora@example.com 7']);
    expect(world.callsOf('sendMail')[2]?.args[3]).toMatchObject({ quizName: 'Objections' });
    expect(await world.state(objections)).toMatchObject({ phase: 'waiting', outcome: null });
    await coached(objections);
    await expect(objections.result()).resolves.toEqual({ outcome: 'coached' });
  });
});

describe('quizCoaching and who is notified first', () => {
  const fromIdentity = { email: null, managerEmail: 'max@example.com' };
  test.each([
    ['the manager whom only the identity provider knows', withoutManager, fromIdentity, {}, 'max@example.com'],
    [
      'else the manager of the policy’s team',
      withoutManager,
      null,
      { manager: 'tina@example.com' },
      'tina@example.com',
    ],
    ['else the administrator', null, null, {}, 'admin@example.com'],
  ])('%s', async (_claim, knows, contact, team, first) => {
    world.fake('findLearner', knows);
    world.fake('findContact', contact);
    setPolicy({ teams: { t1: { escalation: [], ...team } } });
    const handle = await send();
    await world.until(handle, ({ steps }) => steps.some(({ status }) => status === 'done'));
    expect(coaches()).toEqual([first]);
    await end(handle);
  });

  test('the administrator where the identity provider refuses, and it says so', async () => {
    world.fake('findLearner', withoutManager);
    world.fake('findContact', rejected('identity answered 401: its credentials were refused'));
    const handle = await send();
    const { history } = await world.until(handle, stepIs('notifyAdministrator', 'done'));
    expect(history).toMatchObject([
      { what: 'the manager was not looked up', reason: 'identity answered 401: its credentials were refused' },
    ]);
    await end(handle);
  });
});

describe('quizCoaching of a quiz that is failed many times', () => {
  test('is one case: each attempt in its history, one message at the first', async () => {
    const handle = await opened();
    world.fake('recordEvent', recorded({ answer: { joins: handle.workflowId } }));
    for (let score = 3; score < 8; score += 1) {
      const again = await send({ ...failed, score });
      // Not by its result: waiting for that skips the first one's working days.
      expect((await world.until(again, ({ phase }) => phase === 'done')).outcome).toBe('done');
    }
    const { history } = await world.until(handle, heard('failed again', 5));
    expect(history.map(({ reason }) => reason)).toEqual(['30 %', '40 %', '50 %', '60 %', '70 %']);
    expect(coaches()).toEqual(['mona@example.com']);
    await end(handle);
  });
});
