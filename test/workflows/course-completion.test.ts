import { cancelSignal, retryStepUpdate, skipStepUpdate } from '../../workflows/messages';
import { end, failing, openWorld, rejected, stepIs, type World } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const completion = {
  userId: 'u1',
  courseName: 'Discovery',
  courseId: 'c1',
  score: 80,
  completedAt: '2026-11-01T10:00:00Z',
};

const start = (data: object = {}) =>
  world.start('courseCompletion', { ...completion, ...data }, { event: 'course.completed' });
const setMark = (passPercent: number) => {
  world.policy = { ...world.policy, course: { ...world.policy.course, passPercent } };
};

describe('courseCompletion', () => {
  test('stores the certificate and tells the learner', async () => {
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('storeCertificate')[0]?.args).toEqual([
      { step: 'storeCertificate', userId: 'u1', mode: 'on' },
      completion,
    ]);
    expect(world.letters()).toMatchObject([{ kind: 'certificate', to: 'rita@example.com' }]);
    expect((await world.state(handle)).steps).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'storeCertificate', detail: 'SHA-256 ab' })]),
    );
  });

  test('a later completion is recorded and issues no second certificate', async () => {
    world.answers.set('recordEvent', () => ({
      outcome: 'new',
      answer: { firstCompletion: false, bestScore: 95, improved: true },
      settledBy: null,
      settles: [],
    }));
    const handle = await start({ score: 95 });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent', 'closeWorkflow']);
    expect((await world.state(handle)).history).toMatchObject([{ what: 'completed before: no second certificate' }]);
  });

  test.each([
    ['without a mark any score counts', undefined, 0, 1],
    ['the mark itself counts', 80, 80, 1],
    ['a score below the mark issues nothing', 81, 80, 0],
  ])('%s', async (_claim, mark, score, certificates) => {
    if (mark !== undefined) setMark(mark);
    const handle = await start({ score });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('storeCertificate')).toHaveLength(certificates);
    expect(world.letters()).toHaveLength(certificates);
  });

  test.each([
    ['the first that reaches it earns the certificate', 70, 1],
    ['one that was reached before earns no second', 80, 0],
  ])('with a mark, %s', async (_claim, bestBefore, certificates) => {
    setMark(80);
    const answer = { firstCompletion: false, bestScore: 90, improved: true, bestBefore };
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer, settledBy: null, settles: [] }));
    await expect((await start({ score: 90 })).result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('storeCertificate')).toHaveLength(certificates);
    expect(world.letters()).toHaveLength(certificates);
  });

  test('of an event that the ledger has with other bytes does nothing, and these are kept', async () => {
    world.answers.set('recordEvent', ({ receipt }: { receipt: { eventId: string } }) =>
      receipt.eventId.startsWith('conflict:')
        ? { outcome: 'replayed', first: 'captured' }
        : { outcome: 'duplicate', first: receipt.eventId, conflict: true },
    );
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'duplicate', first: handle.workflowId });
    const { events } = await handle.fetchHistory();
    const child = events?.find((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
    const { workflowId = '' } = child?.startChildWorkflowExecutionInitiatedEventAttributes ?? {};
    expect(workflowId).toMatch(new RegExp(`^conflict:${handle.workflowId}:[0-9a-f]{16}$`));
    const kept = world.env.client.workflow.getHandle(workflowId ?? '');
    await expect(kept.result()).resolves.toEqual({ outcome: 'replayed', first: 'captured' });
    expect(world.named('storeCertificate')).toEqual([]);
  });

  test('an open recertification that it renews is told', async () => {
    const data = { userId: 'u1', certName: 'Discovery', expiredAt: '2026-10-01', renewalDeadline: '2090-01-01' };
    const open = await world.start('recertification', data, { event: 'certification.expired' });
    await world.until(open, stepIs('tellManager', 'done'));
    await world.atRest(open);
    const news = { signal: 'recertified', eventId: 'c1' };
    world.answers.set('recordEvent', () => ({
      outcome: 'new',
      answer: { firstCompletion: true },
      settledBy: null,
      settles: [{ workflowId: open.workflowId, news }],
    }));
    await (await start()).result();
    await expect(open.result()).resolves.toEqual({ outcome: 'recertified' });
    expect((await world.state(open)).history.at(-1)).toMatchObject({
      what: 'recertified',
      by: 'event c1',
      reason: 'c1',
    });
  });
});

describe('courseCompletion and what goes wrong', () => {
  test('a certificate that is refused parks and does not hold up the letter', async () => {
    world.answers.set(
      'storeCertificate',
      failing(1, rejected('archive holds other bytes'), { key: 'k', sha256: 'ab' }),
    );
    const handle = await start();
    await world.parked(handle, 'storeCertificate');
    const state = await world.until(handle, stepIs('tellLearner', 'done'));
    expect(state).toMatchObject({ phase: 'parked', waitingFor: 'retryStep or skipStep of "storeCertificate"' });
    await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'storeCertificate', by: 'ada' }] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('an unknown address parks and does not hold up the certificate', async () => {
    world.answers.set('findLearner', () => null);
    const handle = await start();
    await world.parked(handle, 'findAddress');
    await world.until(handle, stepIs('storeCertificate', 'done'));
    await handle.executeUpdate(skipStepUpdate, { args: [{ step: 'findAddress', reason: 'left no trace', by: 'ada' }] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.letters().map(({ kind }) => kind)).not.toContain('certificate');
  });

  test('the address is asked of the identity provider when the ledger has none', async () => {
    world.answers.set('findLearner', () => null);
    world.answers.set('findContact', () => ({ email: 'rita@work.example.com', managerEmail: null }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.letters()).toMatchObject([{ kind: 'certificate', to: 'rita@work.example.com' }]);
  });

  test('an identity provider that refuses to say parks with its words', async () => {
    world.answers.set('findLearner', () => null);
    world.answers.set('findContact', () => {
      throw rejected('identity answered 401: its credentials were refused');
    });
    const handle = await start();
    const { steps } = await world.parked(handle, 'findAddress');
    expect(steps.find(({ name }) => name === 'findAddress')?.detail).toBe(
      'identity answered 401: its credentials were refused',
    );
    await world.until(handle, stepIs('storeCertificate', 'done'));
    await end(handle);
  });

  test('two parked steps are told apart, and cancel drops both', async () => {
    world.answers.set('findLearner', () => null);
    world.answers.set('storeCertificate', () => {
      throw rejected('archive holds other bytes');
    });
    const handle = await start();
    await world.parked(handle, 'findAddress');
    const { waitingFor } = await world.parked(handle, 'storeCertificate');
    expect(waitingFor?.split('; ').sort()).toEqual([
      'retryStep or skipStep of "findAddress"',
      'retryStep or skipStep of "storeCertificate"',
    ]);
    await handle.signal(cancelSignal, { reason: 'a test record', by: 'ada' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    const { steps } = await world.state(handle);
    expect(steps.filter(({ status }) => status !== 'skipped').map(({ status }) => status)).toEqual([
      'dropped',
      'dropped',
    ]);
  });
});
