import { DAY } from '../../src/domain';
import { cancelSignal, retryStepUpdate, skipStepUpdate, startedSignal } from '../../workflows/messages';
import { end, failing, openWorld, rejected, stepIs, type World } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.reset();
  world.policy = { ...world.policy, onboarding: { ...world.policy.onboarding, programs } };
});

const programs = [
  { role: 'rep', groups: ['Sales', 'Sales onboarding'] },
  { team: 't1', groups: ['EMEA', 'Sales'] },
  { role: 'engineer', groups: ['Engineering'] },
];
const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };

const start = (data: object = {}) => world.start('onboarding', { ...hire, ...data }, { event: 'user.provisioned' });
/** The server's clock may run on once nothing is left to do. */
const endedAt = (): number => world.named('closeWorkflow')[0]?.at ?? NaN;
const joined = (): unknown[] => world.named('joinGroup').map(({ args }) => args[2]);

describe('onboarding', () => {
  test('joins the groups of role and team, each once, then welcomes the learner', async () => {
    const handle = await start();
    const state = await world.until(handle, stepIs('welcome', 'done'));
    expect(joined()).toEqual(['Sales', 'Sales onboarding', 'EMEA']);
    expect(world.named('joinGroup')[0]?.args[1]).toEqual({ userId: 'u1', email: 'rita@example.com' });
    expect(world.letters()).toMatchObject([{ kind: 'welcome', to: 'rita@example.com' }]);
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'the first step of the learner' });
    await end(handle);
  });

  test('a role and team without programs are welcomed all the same', async () => {
    const handle = await start({ role: 'lawyer', teamId: 't9' });
    await world.until(handle, stepIs('welcome', 'done'));
    expect(joined()).toEqual([]);
    await end(handle);
  });

  test('a first step that came first ends it after the welcome', async () => {
    const settledBy = { signal: 'started', eventId: 'p1' };
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy, settles: [] }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(['Sales', 'Sales onboarding', 'EMEA']);
    expect(world.letters().map(({ kind }) => kind)).toEqual(['welcome']);
  });

  test('a hire who has left again gets nothing', async () => {
    const settledBy = { signal: 'cancel', eventId: 'd1', reason: 'left the company' };
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy, settles: [] }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent', 'closeWorkflow']);
  });
});

describe('onboarding over time', () => {
  test('nudges the learner after 7 days and the manager after 14, and ends on day 30', async () => {
    const begun = await world.env.currentTimeMs();
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const told = world.letters().map(({ kind, to, at }) => [kind, to, Math.round((at - begun) / DAY)]);
    expect(told).toEqual([
      ['welcome', 'rita@example.com', 0],
      ['nudge', 'rita@example.com', 7],
      ['nudge', 'mona@example.com', 14],
    ]);
    expect(Math.round((endedAt() - begun) / DAY)).toBe(30);
  });

  test('started after the first nudge ends it before the second', async () => {
    const handle = await start();
    await world.env.sleep('10 days');
    await handle.signal(startedSignal, { eventId: 'p1' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.letters().map(({ kind }) => kind)).toEqual(['welcome', 'nudge']);
    expect((await world.state(handle)).history).toMatchObject([{ what: 'started', by: 'event p1' }]);
  });

  test('a policy that nudges the manager first is taken at its word', async () => {
    world.policy = {
      ...world.policy,
      onboarding: { programs: [], nudgeLearnerAfterDays: 5, nudgeManagerAfterDays: 2, endAfterDays: 3 },
    };
    const begun = await world.env.currentTimeMs();
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.letters().map(({ kind, to }) => [kind, to])).toEqual([
      ['welcome', 'rita@example.com'],
      ['nudge', 'mona@example.com'],
    ]);
    expect(Math.round((endedAt() - begun) / DAY)).toBe(3);
  });

  test('without a manager only the learner is nudged', async () => {
    world.answers.set('findLearner', () => null);
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.letters().map(({ to }) => to)).toEqual(['rita@example.com', 'rita@example.com']);
  });

  test('a manager whom the identity provider refuses to name parks, and does not stop the rest', async () => {
    world.answers.set('findLearner', () => null);
    world.answers.set('findContact', () => {
      throw rejected('identity answered 401: its credentials were refused');
    });
    const handle = await start();
    await world.env.sleep('20 days');
    expect(await world.state(handle)).toMatchObject({ phase: 'parked' });
    await handle.executeUpdate(skipStepUpdate, { args: [{ step: 'findManager', reason: 'has none', by: 'ada' }] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });
});

describe('onboarding and what goes wrong', () => {
  test('a group that is refused parks, and the nudges come all the same', async () => {
    world.answers.set('joinGroup', failing(1, rejected('identity has no group named "Sales"'), 'done'));
    const handle = await start();
    await world.env.sleep('20 days');
    const state = await world.state(handle);
    expect(state.steps.find(({ status }) => status === 'parked')).toMatchObject({
      name: 'join Sales',
      detail: 'identity has no group named "Sales"',
    });
    expect(world.letters().map(({ kind }) => kind)).toEqual(['parked', 'nudge', 'nudge']);
    await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'join Sales', by: 'ada' }] });
    await world.until(handle, stepIs('welcome', 'done'));
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(['Sales', 'Sales', 'Sales onboarding', 'EMEA']);
  });

  test('started while a group is parked waits for the welcome, and says so', async () => {
    world.answers.set('joinGroup', failing(1, rejected('identity has no group named "Sales"'), 'done'));
    const handle = await start();
    await world.parked(handle, 'join Sales');
    await handle.signal(startedSignal, { eventId: 'p1' });
    const state = await world.until(handle, ({ history }) => history.some(({ what }) => what === 'started'));
    expect(state.waitingFor).toBe('retryStep or skipStep of "join Sales"');
    await handle.executeUpdate(skipStepUpdate, { args: [{ step: 'join Sales', reason: 'by hand', by: 'ada' }] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(['Sales', 'Sales onboarding', 'EMEA']);
  });

  test('cancel leaves the groups again, in reverse', async () => {
    const handle = await start();
    await world.until(handle, stepIs('welcome', 'done'));
    await handle.signal(cancelSignal, { reason: 'a mistake', by: 'ada' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.named('restore').map(({ args }) => args[2])).toEqual([
      'join EMEA',
      'join Sales onboarding',
      'join Sales',
    ]);
    const { steps } = await world.state(handle);
    expect(steps.filter(({ status }) => status === 'undone').map(({ name }) => name)).toEqual([
      'join Sales',
      'join Sales onboarding',
      'join EMEA',
    ]);
  });

  test('a hire who may have left waits for the answer, and joins once it is undone', async () => {
    const known = { userId: 'u1', email: 'rita@example.com', active: false };
    const begun = await world.env.currentTimeMs();
    const isAnswered = async (): Promise<boolean> => (await world.env.currentTimeMs()) > begun + 2 * DAY;
    world.answers.set('joinGroup', async () => ((await isAnswered()) ? 'done' : 'not active'));
    world.answers.set('findLearner', async () =>
      (await isAnswered()) ? { ...known, active: true, standing: 'active' } : { ...known, standing: 'rehired?' },
    );
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(['Sales', 'Sales', 'Sales onboarding', 'EMEA']);
    const [welcome] = world.letters();
    expect([welcome?.kind, Math.round(((welcome?.at ?? 0) - begun) / DAY)]).toEqual(['welcome', 2]);
    expect(world.named('findLearner').length).toBeLessThan(100);
    const { history } = await world.state(handle);
    expect(history.filter(({ what }) => what.startsWith('waits for the offboarding'))).toHaveLength(1);
  });

  test('a hire who turns out to have left joins nothing', async () => {
    const standings = ['rehired?', 'rehired?', 'left'];
    world.answers.set('joinGroup', () => 'not active');
    world.answers.set('findLearner', () => ({ userId: 'u1', email: null, standing: standings.shift() ?? 'left' }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(joined()).toEqual(['Sales', 'Sales onboarding', 'EMEA']);
  });

  test('a group that the ledger does not allow says so', async () => {
    world.answers.set('joinGroup', () => 'not active');
    const handle = await start();
    const { steps } = await world.until(handle, stepIs('welcome', 'done'));
    expect(steps.find(({ name }) => name === 'join Sales')).toMatchObject({ status: 'done', detail: 'not active' });
    await end(handle);
  });
});
