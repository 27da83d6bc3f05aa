import type { WorkflowHandle } from '@temporalio/client';
import { HOUR } from '../../src/domain';
import { rehiredSignal } from '../../workflows/messages';
import { failing, inTurn, later, recorded, rejected, unavailable } from './fakes';
import { cancel, retry, skip } from './operator';
import { effectsIn, end, heard, stepIs, useWorld } from './world';

const world = useWorld();
beforeEach(() => setPolicy({ deactivateAfterDays: 0 }));

const refused = rejected('identity answered 403: its credentials were refused');
const archived = { key: 'k', sha256: 'cd' };

function setPolicy(change: Partial<typeof world.policy.offboarding>): void {
  world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, ...change } };
}
const send = () => world.send('user.deprovisioned');
const undone = () => world.callsOf('restoreUser').map(({ args }) => args[2]);
const effects = () => effectsIn(world).filter((name) => name !== 'parked');

/** Parked at the archive, with access ended. */
async function parkAtArchive(): Promise<WorkflowHandle> {
  world.fake('archivePerson', failing(1, refused, archived));
  const handle = await send();
  await world.parked(handle, 'archive');
  world.calls.length = 0;
  return handle;
}

/** It is cancelled, and the first undo is refused. */
async function parkAtUndo(): Promise<WorkflowHandle> {
  const handle = await parkAtArchive();
  world.fake('restoreUser', failing(1, refused, 'done'));
  await cancel(handle);
  const state = await world.parked(handle, 'undoLeaveLateGroups');
  expect(state).toMatchObject({ phase: 'undoing', waitingFor: 'retryStep or skipStep of "undoLeaveLateGroups"' });
  expect(undone()).toEqual(['leaveLateGroups']);
  return handle;
}

describe('offboarding that is cancelled', () => {
  test('reinstates the learner first, then undoes in reverse, the freeze last', async () => {
    const handle = await parkAtArchive();
    await cancel(handle, 'not a leaver');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects()).toEqual(['reinstateLearner', 'restoreUser', 'restoreUser', 'restoreUser']);
    expect(world.callsOf('reinstateLearner')[0]?.args).toEqual([{ userId: 'u1', eventId: handle.workflowId }]);
    expect(undone()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
    expect(world.callsOf('restoreUser')[0]?.args[0]).toMatchObject({
      step: 'undoLeaveLateGroups',
      actor: 'ada',
      reason: 'not a leaver',
    });
    const { steps } = await world.state(handle);
    expect(steps.map(({ step, status }) => `${step} ${status}`).slice(3)).toEqual([
      'freeze undone',
      'freezeCrm skipped',
      'deactivateSlack skipped',
      'leaveGroups undone',
      'archive dropped',
      'leaveLateGroups undone',
      'undoLeaveLateGroups done',
      'undoLeaveGroups done',
      'undoFreeze done',
    ]);
  });

  test('natively, undoes the same and ends as canceled', async () => {
    const handle = await parkAtArchive();
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(undone()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
    expect(world.callsOf('reinstateLearner')).toHaveLength(1);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('undoes a step that was cut off too: it may have happened', async () => {
    world.fake('leaveGroups', unavailable(HOUR));
    const handle = await send();
    await world.until(handle, () => world.callsOf('leaveGroups').length > 0);
    await world.atRest(handle);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(undone()).toEqual(['leaveGroups', 'freeze']);
    expect(stepIs('leaveGroups', 'dropped')(await world.state(handle))).toBe(true);
  });

  test('undoes only steps that began', async () => {
    world.fake('freezeUser', refused);
    const handle = await send();
    await world.parked(handle, 'freeze');
    await cancel(handle);
    await handle.result();
    expect(undone()).toEqual(['freeze']);
  });

  test('before its first step, reinstates the learner all the same', async () => {
    const record = later(recorded());
    // The third is the normal activity: while a local one runs, a workflow handles no signal.
    world.fake('recordEvent', () => {
      if (world.callsOf('recordEvent').length < 3) throw unavailable();
      return record.answer();
    });
    const handle = await send();
    await world.until(handle, () => world.callsOf('recordEvent').length === 3);
    await world.atOnce(() => cancel(handle));
    record.letGo();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects()).toEqual(['reinstateLearner']);
  });

  test('parks at an undo that is refused, and goes on by retryStep', async () => {
    const handle = await parkAtUndo();
    await retry(handle, 'undoLeaveLateGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(undone()).toEqual(['leaveLateGroups', 'leaveLateGroups', 'leaveGroups', 'freeze']);
  });

  test('leaves a step as done whose undo is skipped', async () => {
    const handle = await parkAtUndo();
    await skip(handle, 'undoLeaveLateGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    const { steps } = await world.state(handle);
    const statuses = Object.fromEntries(steps.map(({ step, status }) => [step, status]));
    expect(statuses).toMatchObject({ leaveLateGroups: 'done', undoLeaveLateGroups: 'skipped', freeze: 'undone' });
  });

  test('is not changed by a second cancel while it undoes', async () => {
    const handle = await parkAtUndo();
    await handle.signal('cancel', { reason: 'hurry', by: 'bo' });
    await world.until(handle, ({ history }) => history.some(({ by }) => by === 'bo'));
    expect((await world.state(handle)).phase).toBe('undoing');
    await retry(handle, 'undoLeaveLateGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.callsOf('restoreUser').at(-1)?.args[0]).toMatchObject({ actor: 'ada' });
    expect(undone()).toEqual(['leaveLateGroups', 'leaveLateGroups', 'leaveGroups', 'freeze']);
  });

  test('notes that the learner is hired again while it undoes, and nothing more', async () => {
    const handle = await parkAtUndo();
    await hire(handle, 'proven');
    await world.until(handle, heard('hired again'));
    expect((await world.state(handle)).steps.map(({ step }) => step)).not.toContain('rehireUnconfirmed');
    await retry(handle, 'undoLeaveLateGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
  });
});

/** Later than the time to which the server has skipped by then: it may be a hundred years ahead. */
const HIRED_AT = 30_000_000_000_000;
const hired = (isProven: boolean) => ({ signal: 'rehired', eventId: 'p1', hiredAt: HIRED_AT, isProven }) as const;
function hire(handle: WorkflowHandle, order: string, eventId = 'p1'): Promise<void> {
  return handle.signal(rehiredSignal, { eventId, order });
}

describe('offboarding of a learner who is hired again', () => {
  test('with `undo` and a proven order undoes in reverse at once, and names the event', async () => {
    setPolicy({ rehire: 'undo' });
    const handle = await parkAtArchive();
    await handle.signal(rehiredSignal, { eventId: 'p1', hiredAt: '2027-01-15T08:00:00Z', order: 'proven' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects()).toEqual(['reinstateLearner', 'restoreUser', 'restoreUser', 'restoreUser']);
    expect(undone()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
    const { history } = await world.state(handle);
    expect(history).toMatchObject([
      { what: 'hired again', by: 'event p1' },
      { what: 'cancel', by: 'event p1', reason: 'hired again' },
    ]);
  });

  test('with `undo` and a hire that came first changes nothing, and reinstates the learner', async () => {
    setPolicy({ rehire: 'undo' });
    world.fake('recordEvent', recorded({ settledBy: hired(true) }));
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effectsIn(world)).toEqual(['reinstateLearner']);
  });

  test.each([
    ['undo', false],
    ['ask', false],
    ['ask', true],
  ] as const)(
    'with `%s`, proven: %s, asks before the first step, and cancel reinstates the learner',
    async (rehire, isProven) => {
      setPolicy({ rehire });
      world.fake('recordEvent', recorded({ settledBy: hired(isProven) }));
      const handle = await send();
      const state = await world.parked(handle, 'rehireUnconfirmed');
      expect(state).toMatchObject({ phase: 'parked', waitingFor: 'retryStep or skipStep of "rehireUnconfirmed"' });
      expect(state.steps[0]?.detail).toMatch(
        isProven ? /^rehired after the departure\?/ : /^rehired, or an old event\?/,
      );
      expect(state.steps[0]?.detail).toContain('Event p1');
      expect(effectsIn(world)).toEqual(['parked']);
      await cancel(handle);
      await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
      expect(effectsIn(world)).toEqual(['parked', 'reinstateLearner']);
    },
  );

  test('asks at once though another step is parked, and no further step begins until it is answered', async () => {
    const handle = await parkAtArchive();
    await hire(handle, 'not proven');
    await world.parked(handle, 'rehireUnconfirmed');
    await retry(handle, 'archive');
    await world.until(handle, stepIs('archive', 'done'));
    expect(effectsIn(world)).toEqual(['parked', 'archivePerson']);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(undone()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
    expect(effectsIn(world)).not.toContain('offboarded');
  });

  test('retryStep asks again, skipStep goes on: the departure is confirmed and open workflows are notified', async () => {
    const open = await world.send('quiz.submitted');
    await world.until(open, stepIs('notifyManager', 'done'));
    await world.atRest(open);
    const news = { signal: 'cancel', eventId: 'offboarding', reason: 'left the company' } as const;
    const settles = [{ workflowId: open.workflowId, news }];
    world.fake('recordEvent', inTurn(recorded({ settledBy: hired(false) }), recorded({ settles })));
    world.calls.length = 0;
    const handle = await send();
    await world.parked(handle, 'rehireUnconfirmed');
    await retry(handle, 'rehireUnconfirmed');
    await world.until(handle, () => world.notifications().length === 2);
    await world.parked(handle, 'rehireUnconfirmed');
    expect(effectsIn(world)).toEqual(['parked', 'parked']);
    await skip(handle, 'rehireUnconfirmed');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    await expect(open.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effectsIn(world).slice(2, 5)).toEqual(['confirmDeparture', 'freezeUser', 'leaveGroups']);
    const { workflowId } = handle;
    expect(world.callsOf('confirmDeparture')[0]?.args[0]).toEqual({
      userId: 'u1',
      eventId: workflowId,
      workflowId,
      at: HIRED_AT,
    });
    expect(world.callsOf('recordEvent').at(-1)?.args[0]).toMatchObject({
      fact: { kind: 'deprovisioned', at: HIRED_AT },
    });
  });

  test('asks once of the same event twice, and again of another one', async () => {
    const handle = await parkAtArchive();
    for (const order of ['not proven', 'not proven ']) await hire(handle, order);
    await world.parked(handle, 'rehireUnconfirmed');
    await hire(handle, 'not proven', 'p2');
    const { steps } = await world.parked(handle, 'rehireUnconfirmed2');
    expect(steps.filter(({ step }) => step.startsWith('rehireUnconfirmed'))).toHaveLength(2);
    await end(handle);
  });

  test('is notified by the workflow of the hire', async () => {
    setPolicy({ rehire: 'undo' });
    const handle = await parkAtArchive();
    world.fake('recordEvent', recorded({ settles: [{ workflowId: handle.workflowId, news: hired(true) }] }));
    const onboarding = await world.send('user.provisioned');
    await world.until(onboarding, stepIs('welcome', 'done'));
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    await end(onboarding);
  });

  test('is not deactivated while it is asked', async () => {
    setPolicy({ deactivateAfterDays: 7 });
    const handle = await send();
    await world.until(handle, ({ phase }) => phase === 'waiting');
    await hire(handle, 'not proven');
    await world.parked(handle, 'rehireUnconfirmed');
    await world.sleep('10 days');
    expect(world.callsOf('deactivateUser')).toEqual([]);
    await skip(handle, 'rehireUnconfirmed');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effectsIn(world).slice(-2)).toEqual(['deactivateUser', 'offboarded']);
  });
});
