import { dataOf } from '../events/deliveries';
import { failing, recorded, rejected } from './fakes';
import { cancel, retry, skip } from './operator';
import { end, stepIs, useWorld } from './world';

const world = useWorld('dev');

const completion = dataOf('course.completed');
const send = (data?: object) => world.send('course.completed', { data });
const setMark = (passPercent: number) => {
  world.policy = { ...world.policy, course: { ...world.policy.course, passPercent } };
};
const stored = { key: 'k', sha256: 'ab' };

describe('courseCompletion', () => {
  test('stores the certificate and sends it to the learner', async () => {
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('storeCertificate')[0]?.args).toEqual([
      { step: 'storeCertificate', userId: 'u1', mode: 'on' },
      completion,
    ]);
    expect(world.notifications()).toMatchObject([{ kind: 'certificate', to: 'rita@example.com' }]);
    expect((await world.state(handle)).steps).toEqual(
      expect.arrayContaining([expect.objectContaining({ step: 'storeCertificate', detail: 'SHA-256 ab' })]),
    );
  });

  test('a later completion is recorded and issues no second certificate', async () => {
    world.fake('recordEvent', recorded({ answer: { firstCompletion: false, bestScore: 95, improved: true } }));
    const handle = await send({ score: 95 });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent', 'closeWorkflow']);
    expect((await world.state(handle)).history).toMatchObject([{ what: 'completed before: no second certificate' }]);
  });

  const improvedFrom = (bestBefore: number) =>
    recorded({ answer: { firstCompletion: false, bestScore: 90, improved: true, bestBefore } });

  test.each([
    ['without a mark any score counts', undefined, 0, recorded(), 1],
    ['the mark itself counts', 80, 80, recorded(), 1],
    ['a score below the mark issues nothing', 81, 80, recorded(), 0],
    ['the first score that reaches the mark earns the certificate', 80, 90, improvedFrom(70), 1],
    ['a later score that reaches the mark earns no second', 80, 90, improvedFrom(80), 0],
  ])('%s', async (_claim, mark, score, known, certificates) => {
    if (mark !== undefined) setMark(mark);
    world.fake('recordEvent', known);
    await expect((await send({ score })).result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('storeCertificate')).toHaveLength(certificates);
    expect(world.notifications()).toHaveLength(certificates);
  });

  test('notifies an open recertification that it renews', async () => {
    const open = await world.send('certification.expired', { data: { certName: 'Discovery' } });
    await world.until(open, stepIs('notifyManager', 'done'));
    await world.atRest(open);
    const news = { signal: 'recertified', eventId: 'c1' } as const;
    world.fake('recordEvent', recorded({ settles: [{ workflowId: open.workflowId, news }] }));
    await (await send()).result();
    await expect(open.result()).resolves.toEqual({ outcome: 'recertified' });
    const { history } = await world.state(open);
    expect(history.at(-1)).toMatchObject({ what: 'recertified', by: 'event c1', reason: 'c1' });
  });
});

describe('courseCompletion in the LMS and the CRM', () => {
  beforeEach(() => {
    world.modes = { ...world.modes, salesforce: 'on', xapi: 'on' };
  });
  const written = (name: 'storeStatement' | 'upsertTraining') => world.callsOf(name).map(({ args }) => args[1]);

  test('writes to the archive, the LMS, the CRM and the learner side by side', async () => {
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(written('storeStatement')).toMatchObject([{ ...completion, verb: 'completed' }]);
    expect(written('upsertTraining')).toMatchObject([{ ...completion, email: 'rita@example.com' }]);
    expect(world.callsOf('storeCertificate')).toHaveLength(1);
    expect(world.notifications()).toHaveLength(1);
  });

  test('is passed where the policy sets a mark', async () => {
    setMark(70);
    await (await send()).result();
    expect(written('storeStatement')).toMatchObject([{ verb: 'passed' }]);
  });

  test.each([
    [true, 1],
    [false, 0],
  ])('of a retake writes to the CRM alone, and only what is better: %s', async (improved, times) => {
    world.fake('recordEvent', recorded({ answer: { firstCompletion: false, bestScore: 95, improved } }));
    await expect((await send({ score: 95 })).result()).resolves.toEqual({ outcome: 'done' });
    expect(written('upsertTraining')).toHaveLength(times);
    expect([...written('storeStatement'), ...world.callsOf('storeCertificate')]).toEqual([]);
  });

  test('parks where the CRM refuses, and stops no other system', async () => {
    const refused = rejected('salesforce answered 400: INVALID_FIELD');
    world.fake('upsertTraining', failing(1, refused, { score: 80, completedAt: '2026-11-01T10:00:00Z' }));
    const handle = await send();
    await world.parked(handle, 'recordTraining');
    for (const step of ['storeCertificate', 'storeStatement', 'notifyLearner'])
      await world.until(handle, stepIs(step, 'done'));
    await expect(world.state(handle)).resolves.toMatchObject({ phase: 'parked' });
    await end(handle);
  });

  test('says what it would do where it only observes', async () => {
    world.modes = { ...world.modes, salesforce: 'observe', xapi: 'observe' };
    world.fake('upsertTraining', 'observed');
    world.fake('storeStatement', 'observed');
    const handle = await send();
    await handle.result();
    const { steps } = await world.state(handle);
    const observed = steps.filter(({ status }) => status === 'would do').map(({ step }) => step);
    expect(observed.sort()).toEqual(['recordTraining', 'storeStatement']);
  });
});

describe('courseCompletion and what goes wrong', () => {
  test('a certificate that is refused parks and does not delay the notification', async () => {
    world.fake('storeCertificate', failing(1, rejected('archive holds other bytes'), stored));
    const handle = await send();
    await world.parked(handle, 'storeCertificate');
    const state = await world.until(handle, stepIs('notifyLearner', 'done'));
    expect(state).toMatchObject({ phase: 'parked', waitingFor: 'retryStep or skipStep of "storeCertificate"' });
    await retry(handle, 'storeCertificate');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('an unknown address parks and does not delay the certificate', async () => {
    world.fake('findLearner', null);
    const handle = await send();
    await world.parked(handle, 'findAddress');
    await world.until(handle, stepIs('storeCertificate', 'done'));
    await skip(handle, 'findAddress');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.notifications().map(({ kind }) => kind)).not.toContain('certificate');
  });

  test('an address that the ledger does not know is asked of the identity provider', async () => {
    world.fake('findLearner', null);
    world.fake('findContact', { email: 'rita@work.example.com', managerEmail: null });
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.notifications()).toMatchObject([{ kind: 'certificate', to: 'rita@work.example.com' }]);
  });

  test('an identity provider that refuses to say parks with its words', async () => {
    world.fake('findLearner', null);
    world.fake('findContact', rejected('identity answered 401: its credentials were refused'));
    const handle = await send();
    const { steps } = await world.parked(handle, 'findAddress');
    expect(steps.find(({ step }) => step === 'findAddress')?.detail).toBe(
      'identity answered 401: its credentials were refused',
    );
    await world.until(handle, stepIs('storeCertificate', 'done'));
    await end(handle);
  });

  test('two parked steps are named apart, and cancel drops both', async () => {
    world.fake('findLearner', null);
    world.fake('storeCertificate', rejected('archive holds other bytes'));
    const handle = await send();
    await world.parked(handle, 'findAddress');
    const { waitingFor } = await world.parked(handle, 'storeCertificate');
    expect(waitingFor?.split('; ').sort()).toEqual([
      'retryStep or skipStep of "storeCertificate"',
      'retryStep, identify or skipStep of "findAddress"',
    ]);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    const { steps } = await world.state(handle);
    const statuses = steps.map(({ status }) => status).filter((status) => status !== 'skipped');
    expect(statuses).toEqual(['dropped', 'dropped']);
  });
});
