import type { WorkflowHandle } from '@temporalio/client';
import { DAY, DEFAULT_CALENDAR, HOUR, isoTime } from '../../src/domain';
import { cancelSignal, coachedSignal, escalateSignal, retakenSignal, retryStepUpdate } from '../../workflows/messages';
import { end, failing, openWorld, rejected, stepIs, unavailable, type World, unlessClosed } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const quiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1' };
const failed = { score: 2, maxScore: 10, passed: false };
const learner = {
  userId: 'u1',
  email: 'rita@example.com',
  role: 'rep',
  teamId: 't1',
  managerEmail: null,
  active: true,
};

const start = (result: object = failed) =>
  world.start('quizCoaching', { ...quiz, ...result }, { event: 'quiz.submitted' });
const coachLetters = () => world.letters().filter(({ kind }) => kind === 'coach');
const setMark = (passPercent: number) => {
  world.policy = { ...world.policy, quiz: { ...world.policy.quiz, passPercent } };
};

/** The next such day (0: Sunday) at that hour, UTC. */
async function sleepUntil(weekday: number, hour: number): Promise<number> {
  const now = await world.env.currentTimeMs();
  const days = (weekday - new Date(now).getUTCDay() + 7) % 7 || 7;
  const wanted = Math.floor(now / DAY) * DAY + days * DAY + hour * HOUR;
  await world.env.sleep(wanted - now);
  return wanted;
}

/** Five working days from there pass over one weekend. */
const sleepUntilWednesday = () => sleepUntil(3, 9);

const toTheHour = (at: number) => isoTime(Math.floor(at / HOUR) * HOUR);
const deadlineOf = ({ deadline }: { readonly deadline: string | null }) => toTheHour(Date.parse(deadline ?? ''));

/** Whom each was told, in days since `from`; kinds are left out where it is a coach letter. */
const toldSince = (from: number) =>
  world
    .letters()
    .map(({ kind, to, at }) => `${to}${kind === 'coach' ? '' : ` (${kind})`} ${Math.round((at - from) / DAY)}`);

const setTeam = (escalation: readonly string[]) => {
  world.policy = { ...world.policy, teams: { t1: { manager: 'tina@example.com', escalation } } };
};

describe('quizCoaching', () => {
  test.each<[string, object, number | undefined, string]>([
    ['a passed quiz', { score: 9, maxScore: 10, passed: true }, undefined, 'quiz passed: no coaching'],
    ['a practice quiz', { quizType: 'practice' }, undefined, 'quiz ungraded: no coaching'],
    ['a quiz with nothing to judge by', {}, 80, 'quiz ungraded: no coaching'],
    [
      'a score over the mark that was not passed',
      { score: 9, maxScore: 10, passed: false },
      80,
      'quiz passed: no coaching',
    ],
    ['a maximum of 0, and passed', { score: 0, maxScore: 0, passed: true }, 80, 'quiz passed: no coaching'],
    ['no maximum, and passed', { score: 1, passed: true }, 80, 'quiz passed: no coaching'],
    ['a practice quiz that was not passed', { quizType: 'practice', ...failed }, 80, 'quiz ungraded: no coaching'],
  ])('%s is recorded and ends', async (_claim, result, mark, note) => {
    if (mark !== undefined) setMark(mark);
    const handle = await start(result);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent', 'closeWorkflow']);
    expect((await world.state(handle)).history).toMatchObject([{ what: note }]);
  });

  test.each<[string, object, number | undefined, number | null]>([
    ['a quiz that was not passed', failed, undefined, 20],
    ['a score under the mark that was passed', { score: 7, maxScore: 10, passed: true }, 80, 70],
    ['a maximum of 0, not passed', { score: 0, maxScore: 0, passed: false }, 80, null],
    ['no score, not passed', { passed: false }, 80, null],
  ])('%s tells the manager and waits', async (_claim, result, mark, percent) => {
    if (mark !== undefined) setMark(mark);
    const handle = await start(result);
    const state = await world.until(handle, stepIs('tellManager', 'done'));
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'coaching or a passing retake' });
    expect(coachLetters().map(({ to }) => to)).toEqual(['mona@example.com']);
    expect(world.named('sendLetter')[0]?.args[3]).toEqual({
      kind: 'coach',
      quizName: 'Pricing',
      userId: 'u1',
      percent,
    });
    expect(world.named('recordEvent')[0]?.args[0]).toMatchObject({ fact: { verdict: 'failed', percent } });
    await end(handle);
  });

  test('a retake that came first settles it without a letter', async () => {
    const settledBy = { signal: 'retaken', eventId: 'q2' };
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy, settles: [] }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'retaken' });
    expect(world.letters()).toEqual([]);
  });

  test('a learner who has left already is not coached', async () => {
    const settledBy = { signal: 'cancel', eventId: 'd1', reason: 'left the company' };
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy, settles: [] }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.letters()).toEqual([]);
    expect((await world.state(handle)).history).toMatchObject([{ by: 'event d1', reason: 'left the company' }]);
  });
});

describe('quizCoaching and what it is told', () => {
  test('coached ends it, and says by whom', async () => {
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal(coachedSignal, { by: 'mona', note: 'went through it' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    expect((await world.state(handle)).history).toMatchObject([
      { what: 'coached', by: 'mona', reason: 'went through it' },
    ]);
    expect(world.named('closeWorkflow')[0]?.args[0]).toMatchObject({ outcome: 'coached' });
  });

  test('retaken ends it', async () => {
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal(retakenSignal, { eventId: 'q2' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'retaken' });
  });

  test('the first verdict stands', async () => {
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal(retakenSignal, { eventId: 'q2' });
    await world.atOnce(() => handle.signal(coachedSignal, { by: 'mona', note: 'too late' })).catch(unlessClosed);
    await expect(handle.result()).resolves.toEqual({ outcome: 'retaken' });
  });

  test('malformed messages change nothing', async () => {
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal('coached', { by: 'mona' });
    await handle.signal('retaken', 7);
    const { history } = await world.until(handle, ({ history: seen }) => seen.length === 2);
    expect(history).toMatchObject([
      { what: 'coached ignored', reason: '`note` is missing' },
      { what: 'retaken ignored' },
    ]);
    await end(handle);
  });

  test('ends even while the alert is parked', async () => {
    world.answers.set('sendLetter', () => {
      throw rejected('mail answered 550');
    });
    const handle = await start();
    const parked = await world.parked(handle, 'tellManager');
    expect(parked).toMatchObject({
      phase: 'parked',
      waitingFor: 'retryStep or skipStep of "tellManager"; coaching or a passing retake',
    });
    await handle.signal(coachedSignal, { by: 'mona', note: 'heard of it' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    expect(stepIs('tellManager', 'dropped')(await world.state(handle))).toBe(true);
  });

  test('escalate tells whom it names, whatever the clock says', async () => {
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal(escalateSignal, { reason: 'urgent', by: 'ada', to: 'vera@example.com' });
    await world.until(handle, ({ history }) => history.some(({ what }) => what === 'notified the other'));
    expect(world.letters().at(-1)).toMatchObject({ kind: 'escalation', to: 'vera@example.com' });
    await end(handle);
  });
});

describe('quizCoaching over time', () => {
  test('after five working days the next in line is told, each once, and it goes on waiting', async () => {
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    const opened = await world.until(handle, stepIs('tellManager', 'done'));
    expect(deadlineOf(opened)).toBe(isoTime(wednesday + 7 * DAY));
    await world.env.sleep('60 days');
    expect(coachLetters().map(({ to }) => to)).toEqual(['mona@example.com', 'admin@example.com']);
    expect(Math.round(((coachLetters()[1]?.at ?? 0) - wednesday) / DAY)).toBe(7);
    expect(await world.state(handle)).toMatchObject({ phase: 'waiting', deadline: null });
    await handle.signal(coachedSignal, { by: 'mona', note: 'late' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
  });

  test('a limit of no days tells everyone at once, and does not spin', async () => {
    world.policy = { ...world.policy, quiz: { slaWorkingDays: 0 } };
    const handle = await start();
    await world.until(handle, stepIs('tellAdministrator', 'done'));
    await world.env.sleep('1 day');
    const { history } = await world.state(handle);
    expect(history.filter(({ what }) => what === 'nobody coached in time')).toHaveLength(2);
    expect(coachLetters()).toHaveLength(2);
    await end(handle);
  });
});

describe('quizCoaching and the calendar', () => {
  test('a holiday is no working day', async () => {
    const wednesday = await sleepUntilWednesday();
    const holidays = [isoTime(wednesday + 7 * DAY).slice(0, 10)];
    world.policy = { ...world.policy, calendar: { ...DEFAULT_CALENDAR, holidays } };
    const handle = await start();
    const state = await world.until(handle, stepIs('tellManager', 'done'));
    expect(deadlineOf(state)).toBe(isoTime(wednesday + 8 * DAY));
    await end(handle);
  });

  test.each([
    ['UTC', 3],
    ['Pacific/Kiritimati', 2],
  ])('the days are those of the zone: Friday noon and a day in %s', async (timeZone, days) => {
    const friday = await sleepUntil(5, 12);
    world.policy = { ...world.policy, quiz: { slaWorkingDays: 1 }, calendar: { ...DEFAULT_CALENDAR, timeZone } };
    const handle = await start();
    const state = await world.until(handle, stepIs('tellManager', 'done'));
    expect(deadlineOf(state)).toBe(isoTime(friday + days * DAY));
    await end(handle);
  });

  test('a policy of before there was one means Monday to Friday', async () => {
    world.policy = { ...world.policy, calendar: undefined };
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    const state = await world.until(handle, stepIs('tellManager', 'done'));
    expect(deadlineOf(state)).toBe(isoTime(wednesday + 7 * DAY));
    await end(handle);
  });

  test('a policy that changes meanwhile does not change what has begun', async () => {
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    world.policy = { ...world.policy, quiz: { slaWorkingDays: 1 }, administrators: ['new@example.com'] };
    await world.env.sleep('20 days');
    expect(toldSince(wednesday)).toEqual(['mona@example.com 0', 'admin@example.com 7']);
    await end(handle);
  });
});

describe('quizCoaching up the line', () => {
  test('manager, the team’s list, administrators: each once, each with a term', async () => {
    setTeam(['dora@example.com', 'mona@example.com', 'vera@example.com']);
    world.policy = { ...world.policy, administrators: ['vera@example.com', 'admin@example.com'] };
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    await world.env.sleep('90 days');
    expect(toldSince(wednesday)).toEqual([
      'mona@example.com 0',
      'dora@example.com 7',
      'vera@example.com 14',
      'admin@example.com 21',
    ]);
    const { steps, history, ...state } = await world.state(handle);
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'coaching or a passing retake', deadline: null });
    expect(steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'tellManager done',
      'tellLead done',
      'tellLead (2) done',
      'tellAdministrator done',
    ]);
    expect(history.map(({ what }) => what)).toEqual([
      ...Array.from({ length: 4 }, () => 'nobody coached in time'),
      'nobody is left in the escalation chain',
    ]);
    await end(handle);
  });

  test('another team’s list is not told', async () => {
    world.policy = { ...world.policy, teams: { t2: { escalation: ['dora@example.com'] } } };
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    await world.env.sleep('30 days');
    expect(toldSince(wednesday)).toEqual(['mona@example.com 0', 'admin@example.com 7']);
    await end(handle);
  });

  test('without a manager it begins with the team’s list', async () => {
    world.answers.set('findLearner', () => learner);
    world.policy = { ...world.policy, teams: { t1: { escalation: ['dora@example.com'] } } };
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    await world.env.sleep('30 days');
    expect(toldSince(wednesday)).toEqual(['dora@example.com 0', 'admin@example.com 7']);
    await end(handle);
  });

  test('with nobody to tell, it says so and waits', async () => {
    world.answers.set('findLearner', () => null);
    world.policy = { ...world.policy, administrators: [] };
    const handle = await start();
    const state = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(state).toMatchObject({ deadline: null, history: [{ what: 'nobody is left in the escalation chain' }] });
    await end(handle);
  });

  test('escalate tells the next one now, who has a full term from then on', async () => {
    setTeam(['dora@example.com', 'vera@example.com']);
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await world.env.sleep('5 days');
    await handle.signal(escalateSignal, { reason: 'on leave', by: 'ada' });
    const state = await world.until(handle, ({ history }) => history.some(({ what }) => what === 'notified the lead'));
    expect(deadlineOf(state)).toBe(isoTime(wednesday + 12 * DAY));
    await world.env.sleep('60 days');
    expect(toldSince(wednesday)).toEqual([
      'mona@example.com 0',
      'dora@example.com (escalation) 5',
      'vera@example.com 12',
      'admin@example.com 19',
    ]);
    await end(handle);
  });

  test('escalate told twice in a row tells two, and with nobody left says so', async () => {
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await handle.signal(escalateSignal, { reason: 'on leave', by: 'ada' });
    await handle.signal(escalateSignal, { reason: 'on leave too', by: 'ada' });
    await world.until(handle, ({ history }) =>
      history.some(({ what }) => what === 'nobody is left in the escalation chain'),
    );
    expect(world.letters().map(({ to }) => to)).toEqual(['mona@example.com', 'admin@example.com']);
    await world.env.sleep('30 days');
    expect(world.letters()).toHaveLength(2);
    await end(handle);
  });

  test('a letter that is parked does not hold the next one up', async () => {
    world.answers.set('sendLetter', (_context: unknown, to: string) => {
      if (to === 'mona@example.com') throw rejected('mail answered 550');
      return 'sent';
    });
    const wednesday = await sleepUntilWednesday();
    const handle = await start();
    await world.parked(handle, 'tellManager');
    await world.env.sleep('8 days');
    const state = await world.until(handle, stepIs('tellAdministrator', 'done'));
    expect(stepIs('tellManager', 'parked')(state)).toBe(true);
    expect(toldSince(wednesday)).toEqual(['mona@example.com 0', 'admin@example.com (parked) 0', 'admin@example.com 7']);
    await handle.signal(coachedSignal, { by: 'mona', note: 'heard of it' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    expect(stepIs('tellManager', 'dropped')(await world.state(handle))).toBe(true);
  });

  test('coached ends it while the next in line is still looked up', async () => {
    world.answers.set('findLearner', () => learner);
    world.answers.set('findContact', () => {
      throw unavailable(60_000);
    });
    const handle = await start();
    await world.until(handle, () => world.named('findContact').length > 0);
    await handle.signal(coachedSignal, { by: 'mona', note: 'saw it myself' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
    // It was not waited for: a look-up that is wanted no more is cancelled.
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.activityTaskCancelRequestedEventAttributes)).toBe(true);
    expect(world.letters()).toEqual([]);
  });

  const endings: readonly [string, (handle: WorkflowHandle) => Promise<void>][] = [
    ['coached', (handle) => handle.signal(coachedSignal, { by: 'mona', note: 'done' })],
    ['retaken', (handle) => handle.signal(retakenSignal, { eventId: 'q9' })],
    ['cancelled', (handle) => handle.signal(cancelSignal, { reason: 'a mistake', by: 'ada' })],
  ];
  const levels: readonly [string, number][] = [
    ['the manager was told', 1],
    ['a lead was told', 2],
    ['everyone was', 3],
  ];
  test.each(endings.flatMap(([outcome, say]) => levels.map(([level, told]) => ({ outcome, say, level, told }))))(
    '$outcome ends it when $level, and nobody is told after',
    async ({ outcome, say, told }) => {
      setTeam(['dora@example.com']);
      await sleepUntilWednesday();
      const handle = await start();
      await world.until(handle, stepIs('tellManager', 'done'));
      if (told > 1) await world.env.sleep((told - 1) * 7 * DAY + HOUR);
      await world.until(handle, () => coachLetters().length === told);
      await say(handle);
      await expect(handle.result()).resolves.toEqual({ outcome });
      await world.env.sleep('30 days');
      expect(world.letters()).toHaveLength(told);
    },
  );

  test('several quizzes of one learner go their own ways', async () => {
    setTeam(['dora@example.com']);
    const wednesday = await sleepUntilWednesday();
    const [pricing, objections] = [await start(), await start({ ...failed, quizId: 'q2', quizName: 'Objections' })];
    for (const handle of [pricing, objections]) await world.until(handle, stepIs('tellManager', 'done'));
    await world.env.sleep('1 day');
    await pricing.signal(retakenSignal, { eventId: 'q9' });
    await expect(pricing.result()).resolves.toEqual({ outcome: 'retaken' });
    await world.env.sleep('7 days');
    expect(toldSince(wednesday)).toEqual(['mona@example.com 0', 'mona@example.com 0', 'dora@example.com 7']);
    expect(world.named('sendLetter')[2]?.args[3]).toMatchObject({ quizName: 'Objections' });
    expect(await world.state(objections)).toMatchObject({ phase: 'waiting', outcome: null });
    await objections.signal(coachedSignal, { by: 'dora', note: 'done' });
    await expect(objections.result()).resolves.toEqual({ outcome: 'coached' });
  });
});

describe('quizCoaching and who leads', () => {
  test('the identity provider knows the manager whom the ledger does not', async () => {
    world.answers.set('findLearner', () => learner);
    world.answers.set('findContact', () => ({ email: null, managerEmail: 'max@example.com' }));
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    expect(coachLetters().map(({ to }) => to)).toEqual(['max@example.com']);
    await end(handle);
  });

  test('else the policy’s team has one', async () => {
    world.answers.set('findLearner', () => learner);
    world.policy = { ...world.policy, teams: { t1: { manager: 'tina@example.com' } } };
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    expect(coachLetters().map(({ to }) => to)).toEqual(['tina@example.com']);
    await end(handle);
  });

  test('else the administrator is told', async () => {
    world.answers.set('findLearner', () => null);
    const handle = await start();
    await world.until(handle, stepIs('tellAdministrator', 'done'));
    expect(coachLetters().map(({ to }) => to)).toEqual(['admin@example.com']);
    await end(handle);
  });

  test('with the identity provider refusing, the administrator is told, and it says so', async () => {
    world.answers.set('findLearner', () => learner);
    world.answers.set('findContact', () => {
      throw rejected('identity answered 401: its credentials were refused');
    });
    const handle = await start();
    const { history } = await world.until(handle, stepIs('tellAdministrator', 'done'));
    expect(history).toMatchObject([
      { what: 'the manager was not looked up', reason: 'identity answered 401: its credentials were refused' },
    ]);
    await end(handle);
  });

  test.each([
    ['as it stands', 'dora@example.com', 'admin@example.com'],
    ['in another case', 'Dora@Example.com', 'Admin@Example.com'],
  ])('who stands in the line twice, %s, is told once', async (_how, manager, lead) => {
    world.answers.set('findLearner', () => ({ ...learner, managerEmail: manager }));
    setTeam(['dora@example.com', lead]);
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await world.env.sleep('60 days');
    expect(coachLetters().map(({ to }) => to)).toEqual([manager, lead]);
    await end(handle);
  });

  test('a manager who is the administrator too is told once', async () => {
    world.answers.set('findLearner', () => ({ ...learner, managerEmail: 'admin@example.com' }));
    const handle = await start();
    await world.until(handle, stepIs('tellManager', 'done'));
    await world.env.sleep('30 days');
    expect(coachLetters().map(({ to }) => to)).toEqual(['admin@example.com']);
    await end(handle);
  });

  test('a parked alert goes on by retryStep', async () => {
    world.answers.set('sendLetter', failing(1, rejected('mail answered 550'), 'sent'));
    const handle = await start();
    await world.parked(handle, 'tellManager');
    await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'tellManager', by: 'ada' }] });
    const state = await world.until(handle, stepIs('tellManager', 'done'));
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'coaching or a passing retake' });
    await end(handle);
  });
});
