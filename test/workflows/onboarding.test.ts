import type { WorkflowHandle } from '@temporalio/client';
import { DAY, HOUR, isoTime } from '../../src/domain';
import { startedSignal, type StepState } from '../../workflows/messages';
import { failing, inTurn, learner, recorded, rejected } from './fakes';
import { cancel, retry, skip } from './operator';
import { end, heard, stepIs, useWorld } from './world';

const world = useWorld();

const programs = [
  { role: 'rep', groups: ['Sales', 'Sales onboarding'] },
  { team: 't1', groups: ['EMEA', 'Sales'] },
  { role: 'engineer', groups: ['Engineering'] },
];
const GROUPS = ['Sales', 'Sales onboarding', 'EMEA'];
const setPolicy = (change: Partial<typeof world.policy.onboarding>) => {
  world.policy = { ...world.policy, onboarding: { ...world.policy.onboarding, ...change } };
};
beforeEach(() => setPolicy({ programs }));

const send = (data?: object) => world.send('user.provisioned', { data });
/** The server's clock may run on once nothing is left to do. */
const endedAt = (): number => world.callsOf('closeWorkflow')[0]?.at ?? NaN;
const joined = () => world.callsOf('joinGroup').map(({ args }) => args[2]);
const kinds = () => world.notifications().map(({ kind }) => kind);
const stepsWith =
  (detail: string) =>
  (step: StepState): boolean =>
    step.detail === detail;
const groupIsMissing = rejected('identity has no group named "Sales"');

describe('onboarding', () => {
  test('joins the groups of role and team, each once, then welcomes the learner', async () => {
    const handle = await send();
    const state = await world.until(handle, stepIs('welcome', 'done'));
    expect(joined()).toEqual(GROUPS);
    expect(world.callsOf('joinGroup')[0]?.args[1]).toEqual({ userId: 'u1', email: 'rita@example.com' });
    expect(world.notifications()).toMatchObject([{ kind: 'welcome', to: 'rita@example.com' }]);
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'the first step of the learner' });
    await end(handle);
  });

  test('a role and team without programs are welcomed all the same', async () => {
    const handle = await send({ role: 'lawyer', teamId: 't9' });
    await world.until(handle, stepIs('welcome', 'done'));
    expect(joined()).toEqual([]);
    await end(handle);
  });

  test('makes a contact in the CRM', async () => {
    world.modes = { ...world.modes, salesforce: 'on' };
    const handle = await send();
    await world.until(handle, (state) => stepIs('linkContact', 'done')(state) && stepIs('welcome', 'done')(state));
    const contact = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1' };
    expect(world.callsOf('linkContact').map(({ args }) => args[1])).toEqual([contact]);
    await end(handle);
  });

  test('a first step that came first ends it after the welcome', async () => {
    world.fake('recordEvent', recorded({ settledBy: { signal: 'started', eventId: 'p1' } }));
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(GROUPS);
    expect(kinds()).toEqual(['welcome']);
  });

  test('a hire who has left again gets nothing', async () => {
    world.fake('recordEvent', recorded({ settledBy: { signal: 'cancel', eventId: 'd1', reason: 'left the company' } }));
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent', 'endCase', 'closeWorkflow']);
  });
});

describe('onboarding over time', () => {
  test.each([
    [
      'nudges the learner after 7 days and the manager after 14, and ends on day 30',
      {},
      ['welcome of rita@example.com 0', 'nudge of rita@example.com 7', 'nudge of mona@example.com 14'],
      30,
    ],
    [
      'nudges the manager first where the policy says so',
      { programs: [], nudgeLearnerAfterDays: 5, nudgeManagerAfterDays: 2, endAfterDays: 3 },
      ['welcome of rita@example.com 0', 'nudge of mona@example.com 2'],
      3,
    ],
  ])('%s', async (_claim, policy, notified, endDay) => {
    setPolicy(policy);
    const begun = await world.now();
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const days = (at: number) => Math.round((at - begun) / DAY);
    expect(world.notifications().map(({ kind, to, at }) => `${kind} of ${to} ${days(at)}`)).toEqual(notified);
    expect(days(endedAt())).toBe(endDay);
  });

  test('its days count from the receipt of the event: hours in the spool do', async () => {
    const receivedAt = (await world.now()) - 6 * HOUR;
    const handle = await world.send('user.provisioned', { signedAt: receivedAt });
    const { deadline } = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(deadline).toBe(isoTime(receivedAt + 30 * DAY));
    await end(handle);
  });

  test('started after the first nudge ends it before the second', async () => {
    const handle = await send();
    await world.sleep('10 days');
    await handle.signal(startedSignal, { eventId: 'p1' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(kinds()).toEqual(['welcome', 'nudge']);
    expect((await world.state(handle)).history).toMatchObject([{ what: 'started', by: 'event p1' }]);
  });

  test('without a manager only the learner is nudged', async () => {
    world.fake('findLearner', null);
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.notifications().map(({ to }) => to)).toEqual(['rita@example.com', 'rita@example.com']);
  });

  test('a manager whom the identity provider refuses to name parks, and does not stop the rest', async () => {
    world.fake('findLearner', null);
    world.fake('findContact', rejected('identity answered 401: its credentials were refused'));
    const handle = await send();
    await world.sleep('20 days');
    expect(await world.state(handle)).toMatchObject({ phase: 'parked' });
    await skip(handle, 'findManager');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });
});

describe('onboarding and what goes wrong', () => {
  test('a group that is refused parks, and the nudges come all the same', async () => {
    world.fake('joinGroup', failing(1, groupIsMissing, 'done'));
    const handle = await send();
    await world.sleep('20 days');
    const { steps } = await world.state(handle);
    expect(steps.find(({ status }) => status === 'parked')).toMatchObject({
      step: 'joinProgram',
      detail: 'identity has no group named "Sales"',
    });
    expect(kinds()).toEqual(['parked', 'nudge', 'nudge']);
    await retry(handle, 'joinProgram');
    await world.until(handle, stepIs('welcome', 'done'));
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(['Sales', ...GROUPS]);
  });

  test('started while a group is parked waits for the welcome, and says so', async () => {
    world.fake('joinGroup', failing(1, groupIsMissing, 'done'));
    const handle = await send();
    await world.parked(handle, 'joinProgram');
    await handle.signal(startedSignal, { eventId: 'p1' });
    const state = await world.until(handle, heard('started'));
    expect(state.waitingFor).toBe('retryStep or skipStep of "joinProgram"');
    await skip(handle, 'joinProgram');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(GROUPS);
  });

  test('cancel leaves the groups again, in reverse', async () => {
    const handle = await send();
    await world.until(handle, stepIs('welcome', 'done'));
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    const steps = ['joinProgram', 'joinProgram2', 'joinProgram3'];
    expect(world.callsOf('restoreUser').map(({ args }) => args[2])).toEqual(steps.toReversed());
    const state = await world.state(handle);
    expect(state.steps.filter(({ status }) => status === 'undone').map(({ step }) => step)).toEqual(steps);
  });

  test('a hire who may have left parks, is heard of, and joins by itself once the answer has come', async () => {
    const begun = await world.now();
    const isAnswered = async (): Promise<boolean> => (await world.now()) > begun + 2 * DAY;
    world.fake('joinGroup', async () => ((await isAnswered()) ? 'done' : 'not active'));
    world.fake('findLearner', async () =>
      learner((await isAnswered()) ? {} : { active: false, standing: 'rehireUnconfirmed' }),
    );
    const handle = await send();
    const { steps } = await world.parked(handle, 'joinProgram');
    expect(steps.find(({ status }) => status === 'parked')?.detail).toMatch(/^left, or hired again\?/);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect([...new Set(joined())]).toEqual(GROUPS);
    expect(joined().length).toBeLessThan(100);
    const [parked, welcome] = world.notifications();
    expect([parked?.kind, welcome?.kind]).toEqual(['parked', 'welcome']);
    const days = ((welcome?.at ?? 0) - begun) / DAY;
    expect([days > 2, days < 2.5]).toEqual([true, true]);
  });

  test('a hire of whom nobody ever says parks with a pause of up to a day, and ends by skipStep', async () => {
    world.fake('joinGroup', 'not active');
    world.fake('findLearner', learner({ active: false, standing: 'rehireUnconfirmed' }));
    setPolicy({ programs: [{ groups: ['Sales'] }] });
    const handle = await send();
    await world.sleep('60 days');
    expect(joined().length).toBeLessThan(130);
    await skip(handle, 'joinProgram');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('a provider that goes on saying that an active learner is not parks, and is not called without a pause', async () => {
    world.fake('joinGroup', 'not active');
    setPolicy({ programs: [{ groups: ['Sales'] }] });
    const handle = await send();
    await world.parked(handle, 'joinProgram');
    expect(joined()).toEqual(['Sales', 'Sales']);
    await skip(handle, 'joinProgram');
    await world.until(handle, stepIs('welcome', 'done'));
    await end(handle);
  });

  test('a hire who turns out to have left joins nothing', async () => {
    const asked = learner({ email: null, standing: 'rehireUnconfirmed' });
    world.fake('joinGroup', 'not active');
    world.fake('findLearner', inTurn(asked, asked, learner({ email: null, standing: 'left' })));
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect([...new Set(joined())]).toEqual(GROUPS);
    expect((await world.state(handle)).steps.filter(stepsWith('not active'))).toHaveLength(GROUPS.length);
  });

  test('a group that the ledger does not allow says so', async () => {
    world.fake('joinGroup', 'not active');
    world.fake('findLearner', null);
    const handle = await send();
    const { steps } = await world.until(handle, stepIs('welcome', 'done'));
    expect(steps.find(({ step }) => step === 'joinProgram')).toMatchObject({ status: 'done', detail: 'not active' });
    await end(handle);
  });
});

describe('onboarding of one who is provisioned again', () => {
  const left = () => world.callsOf('leaveGroup').map(({ args }) => args[2]);
  /** A later hire, whose own workflow joins the one that runs. */
  const join = (holder: WorkflowHandle, data?: object) => {
    world.fake('recordEvent', recorded({ answer: { joins: holder.workflowId } }));
    return send(data);
  };

  test('with the same role and team is welcomed once', async () => {
    const handle = await send();
    await world.until(handle, stepIs('welcome', 'done'));
    for (let time = 1; time < 4; time += 1) {
      const again = await join(handle);
      await expect(again.result()).resolves.toEqual({ outcome: 'done' });
      await world.until(handle, heard('provisioned again', time));
    }
    await world.atRest(handle);
    expect([joined(), left(), kinds()]).toEqual([GROUPS, [], ['welcome']]);
    await end(handle);
  });

  test('with another role moves from group to group, with one message', async () => {
    const handle = await send();
    await world.until(handle, stepIs('welcome', 'done'));
    world.fake('findLearner', learner({ role: 'engineer', teamId: 't2' }));
    world.fake('findProgramGroups', ['Sales', 'Sales onboarding']);
    const again = await join(handle, { role: 'engineer', teamId: 't2' });
    await again.result();
    await world.until(handle, stepIs('notifyOfMove', 'done'));
    expect([joined(), left()]).toEqual([
      [...GROUPS, 'Engineering'],
      ['Sales', 'Sales onboarding'],
    ]);
    expect(kinds()).toEqual(['welcome', 'moved']);
    await end(handle);
  });

  test('goes by what the ledger knows: an older hire that comes late moves nobody', async () => {
    const handle = await send();
    await world.until(handle, stepIs('welcome', 'done'));
    world.fake('findProgramGroups', GROUPS);
    await (await join(handle, { role: 'engineer' })).result();
    await world.until(handle, heard('provisioned again'));
    await world.atRest(handle);
    expect([joined(), left(), kinds()]).toEqual([GROUPS, [], ['welcome']]);
    await end(handle);
  });

  test('after the onboarding only moves', async () => {
    world.fake('recordEvent', recorded({ answer: { isOnboarded: true } }));
    world.fake('findLearner', learner({ role: 'engineer', teamId: 't2' }));
    world.fake('findProgramGroups', ['Sales']);
    const handle = await send({ role: 'engineer', teamId: 't2' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect([joined(), left(), kinds()]).toEqual([['Engineering'], ['Sales'], ['moved']]);
  });

  test('after the onboarding, with nothing new, hears nothing', async () => {
    world.fake('recordEvent', recorded({ answer: { isOnboarded: true } }));
    world.fake('findProgramGroups', GROUPS);
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect([joined(), left(), kinds()]).toEqual([[], [], []]);
  });
});
