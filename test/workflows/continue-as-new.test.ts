import type { WorkflowHandle } from '@temporalio/client';
import { DAY, isoTime } from '../../src/domain';
import { rehiredSignal, startedSignal, type ProcessState } from '../../workflows/messages';
import { floodWithNoise, SHORT_BATCH } from './flood';
import { cancel, coached, discard, extend, recertified } from './operator';
import { end, stepIs, useWorld } from './world';

/** One for each test: the server's time may stand still after a test that failed, and its workflow would write on. */
const RECERTIFY: unknown = expect.objectContaining({ role: 'learner', notification: 'recertify' });

const world = useWorld('time-skipping', { each: true, hasShortRuns: true });

const flood = (handle: WorkflowHandle) => floodWithNoise(world, handle, SHORT_BATCH);

async function opened(event: string, isOpen: (state: ProcessState) => boolean, data?: object): Promise<WorkflowHandle> {
  const handle = await world.send(event, { data });
  await world.until(handle, isOpen);
  return handle;
}

/** The time-skipping server may give a task another moment, some ms later, when its run is replayed. */
function withoutMoments(state: object): unknown {
  return JSON.parse(JSON.stringify(state, (name, value: unknown) => (name === 'at' ? undefined : value)));
}

const waitsFor = (what: string) => (state: ProcessState) => state.waitingFor === what;
const restored = () => world.callsOf('restoreUser').map(({ args }) => args[2]);

describe('a recertification whose history is long', () => {
  async function recertification(days: number) {
    const deadline = (await world.now()) + days * DAY;
    const data = { renewalDeadline: isoTime(deadline) };
    return { handle: await opened('certification.expired', stepIs('notifyManager', 'done'), data), deadline };
  }
  const daysBefore = (deadline: number): number[] =>
    world
      .notifications()
      .filter(({ kind }) => kind === 'remind')
      .map(({ at }) => Math.round((deadline - at) / DAY));

  test('goes on in a new run as it was, reminds once each, and is recertified', async () => {
    const { handle, deadline } = await recertification(20);
    const { runId } = await handle.describe();
    await world.sleep('7 days');
    expect(daysBefore(deadline)).toEqual([14]);
    const moved = deadline + 7 * DAY;
    await extend(handle, moved);
    await world.atRest(handle);
    const { history: noted, ...before } = await world.state(handle);
    const now = await flood(handle);
    expect((await now.describe()).runId).not.toBe(runId);
    const { history, ...after } = await world.state(now);
    expect(withoutMoments(after)).toEqual(withoutMoments(before));
    expect(history.filter(({ by }) => by === 'ada')).toEqual(noted);
    expect((await now.fetchHistory()).events?.length).toBeLessThan(200);
    await world.sleep('18 days');
    expect(daysBefore(moved)).toEqual([21, 14, 7, 3]);
    await recertified(now);
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(world.callsOf('recordEvent')).toHaveLength(1);
    expect(world.callsOf('joinGroup').map(({ args }) => args[2])).toEqual(['Recertification required', 'Certified']);
    expect(world.callsOf('leaveGroup').map(({ args }) => args[2])).toEqual(['Recertification required']);
    const closed = world.callsOf('closeWorkflow').map(({ args }) => args[0]);
    expect(closed).toHaveLength(1);
    expect(closed[0]).toMatchObject({ workflowId: handle.workflowId, firstRunId: runId, outcome: 'recertified' });
    // What the run before did is in it.
    expect(closed[0]?.final).toMatchObject({ phase: 'done', notified: expect.arrayContaining([RECERTIFY]) as unknown });
  });

  test('is cancelled in the new run, which undoes what the first one did', async () => {
    const { handle } = await recertification(20);
    const now = await flood(handle);
    await cancel(now);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(restored()).toEqual(['joinRecertificationRequired']);
    expect(stepIs('joinRecertificationRequired', 'undone')(await world.state(now))).toBe(true);
  });

  test('that has lapsed gives back what the lapse took in the run before', async () => {
    const { handle, deadline } = await recertification(2);
    await world.sleep('3 days');
    await world.until(handle, stepIs('notifyOfLapse2', 'done'));
    const now = await flood(handle);
    expect((await world.state(now)).waitingFor).toBe('a late renewal of the certificate');
    await extend(now, deadline + 20 * DAY);
    await world.until(now, stepIs('giveCertifiedBack', 'done'));
    expect(restored()).toEqual(['leaveCertified']);
    await world.until(now, waitsFor('a renewal of the certificate'));
    await end(now);
  });
});

describe('other processes whose history is long', () => {
  test('a coaching notifies the next in the chain when the term that began before is over', async () => {
    const handle = await opened('quiz.submitted', stepIs('notifyManager', 'done'));
    const { deadline } = await world.state(handle);
    const now = await flood(handle);
    expect((await world.state(now)).deadline).toBe(deadline);
    await world.sleep('9 days');
    await world.until(now, stepIs('notifyAdministrator', 'done'));
    expect(world.notifications().map(({ to }) => to)).toEqual(['mona@example.com', 'admin@example.com']);
    await coached(now);
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
  });

  test('an onboarding nudges on the days that it would have', async () => {
    const handle = await opened('user.provisioned', stepIs('welcome', 'done'));
    await world.sleep('8 days');
    const now = await flood(handle);
    await world.sleep('8 days');
    expect(world.notifications().map(({ to }) => to)).toEqual([
      'rita@example.com',
      'rita@example.com',
      'mona@example.com',
    ]);
    await now.signal(startedSignal, { eventId: 'p1' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('recordEvent')).toHaveLength(1);
  });

  test.each([
    ['deactivates on its day', 'done', 1, []],
    ['can be cancelled until its day', 'cancelled', 0, ['leaveLateGroups', 'leaveGroups', 'freeze']],
  ])('an offboarding %s', async (_claim, outcome, deactivations, undone) => {
    const handle = await opened('user.deprovisioned', waitsFor('the day of the deactivation'));
    const now = await flood(handle);
    if (outcome === 'cancelled') await cancel(now);
    await expect(handle.result()).resolves.toEqual({ outcome });
    expect(world.callsOf('freezeUser')).toHaveLength(1);
    expect(world.callsOf('deactivateUser')).toHaveLength(deactivations);
    expect(restored()).toEqual(undone);
  });

  test('an offboarding that is announced asks about a hire of the run before', async () => {
    const data = { deprovisionedAt: isoTime((await world.now()) + 10 * DAY) };
    const handle = await opened('user.deprovisioned', waitsFor('the day of leaving'), data);
    await handle.signal(rehiredSignal, { eventId: 'p1', order: 'not proven' });
    const now = await flood(handle);
    await world.sleep('11 days');
    await world.parked(now, 'rehireUnconfirmed');
    expect(world.callsOf('freezeUser')).toEqual([]);
    await end(now);
  });

  test('a quarantine waits on for a person', async () => {
    const handle = await opened('unknown.event', ({ phase }) => phase === 'waiting');
    const now = await flood(handle);
    await discard(now);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });
});
