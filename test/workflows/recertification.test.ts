import { ApplicationFailure } from '@temporalio/common';
import { DAY, isoTime, readDeadline } from '../../src/domain';
import { extendDeadlineUpdate, identifyUpdate, type ProcessState } from '../../workflows/messages';
import { failing, learner, recorded, rejected } from './fakes';
import { cancel, escalate, extend, recertified, retry, skip } from './operator';
import { end, heard, stepIs, useWorld } from './world';

const world = useWorld();

async function sendIn(days: number) {
  const deadline = (await world.now()) + days * DAY;
  const handle = await world.send('certification.expired', { data: { renewalDeadline: isoTime(deadline) } });
  return { handle, deadline };
}

const hasOpened = (state: ProcessState): boolean =>
  ['joinRecertificationRequired', 'notifyLearner', 'notifyManager'].every((step) => stepIs(step, 'done')(state));

/** Opened in full: its first steps are done. A cancellation then meets no activity under way. */
async function opened(days = 40, isOpen: (state: ProcessState) => boolean = hasOpened) {
  const begun = await sendIn(days);
  await world.until(begun.handle, isOpen);
  return begun;
}

/** The server's clock may run on once nothing is left to do. */
const endedAt = (): number => world.callsOf('closeWorkflow')[0]?.at ?? NaN;
const notified = (kind: string) => world.notifications().filter((notification) => notification.kind === kind);
const informed = (kind: string) =>
  notified(kind)
    .map(({ to }) => to)
    .sort();
const remindedDaysBefore = (deadline: number) => notified('remind').map(({ at }) => Math.round((deadline - at) / DAY));
const joined = () => world.callsOf('joinGroup').map(({ args }) => args[2]);
const left = () => world.callsOf('leaveGroup').map(({ args }) => args[2]);
const restored = () => world.callsOf('restoreUser').map(({ args }) => args[2]);
const waitsFor = (what: string) => (state: ProcessState) => state.waitingFor === what;

describe('recertification over time', () => {
  test('reminds 30, 14, 7, 3 and 1 days before, ends the access at the deadline, and lapses after the grace', async () => {
    const { handle, deadline } = await sendIn(365);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    expect(remindedDaysBefore(deadline)).toEqual([30, 14, 7, 3, 1]);
    expect(left()).toEqual(['Certified']);
    expect(Math.round(((world.callsOf('leaveGroup')[0]?.at ?? 0) - deadline) / DAY)).toBe(0);
    expect(informed('lapsed')).toEqual(['admin@example.com', 'mona@example.com']);
    expect(Math.round((endedAt() - deadline) / DAY)).toBe(30);
  });

  test('a deadline already past ends the access at once, and is open for the grace', async () => {
    const { handle } = await sendIn(-3);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    expect(notified('remind')).toEqual([]);
    expect(left()).toEqual(['Certified']);
  });

  test('extendDeadline moves reminders and deadline', async () => {
    const { handle, deadline } = await opened(5);
    const moved = deadline + 60 * DAY;
    const state = await extend(handle, moved);
    expect(state.deadline).toBe(isoTime(moved));
    await handle.result();
    expect(remindedDaysBefore(moved)).toEqual([30, 14, 7, 3, 1]);
  });

  test('extendDeadline to a date moves it to the end of that day in the zone of the policy', async () => {
    world.policy = { ...world.policy, calendar: { ...world.policy.calendar, timeZone: 'America/Los_Angeles' } };
    const { handle } = await opened();
    const day = isoTime((await world.now()) + 60 * DAY).slice(0, 10);
    const request = { deadline: day, reason: 'leave', by: 'ada' };
    const { deadline } = await handle.executeUpdate(extendDeadlineUpdate, { args: [request] });
    expect(deadline).toBe(isoTime(readDeadline(day, 'America/Los_Angeles')));
    expect(new Date(deadline ?? '').toLocaleString('sv', { timeZone: 'America/Los_Angeles' })).toBe(`${day} 23:59:59`);
    await end(handle);
  });

  test('a deadline moved ahead after the lapse gives the certificate back, each time', async () => {
    const { handle, deadline } = await sendIn(2);
    for (const days of [10, 20]) {
      await world.sleep('5 days');
      await world.until(handle, waitsFor('a late renewal of the certificate'));
      await extend(handle, deadline + days * DAY);
      await world.until(handle, waitsFor('a renewal of the certificate'));
      await world.sleep('5 days');
    }
    expect(restored()).toEqual(['leaveCertified', 'leaveCertified2']);
    await end(handle);
  });

  test('notifies of a lapse once a manager who is in the escalation chain again', async () => {
    const team = { manager: 'tina@example.com', escalation: ['Mona@example.com', 'dora@example.com'] };
    world.policy = { ...world.policy, teams: { t1: team }, administrators: ['DORA@example.com', 'admin@example.com'] };
    const { handle } = await sendIn(2);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    expect(informed('lapsed')).toEqual(['admin@example.com', 'dora@example.com', 'mona@example.com']);
  });

  test('a late renewal within the grace gives the certificate back', async () => {
    const { handle } = await sendIn(2);
    await world.sleep('10 days');
    expect((await world.state(handle)).waitingFor).toBe('a late renewal of the certificate');
    await recertified(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(joined()).toEqual(['Recertification required', 'Certified']);
  });
});

describe('recertification and its messages', () => {
  test('recertified leaves the group and restores the certificate', async () => {
    const { handle } = await opened();
    await recertified(handle, 'course seen');
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(joined()).toEqual(['Recertification required', 'Certified']);
    expect(left()).toEqual(['Recertification required']);
    const state = await world.state(handle);
    expect(state).toMatchObject({ phase: 'done', outcome: 'recertified', waitingFor: null, deadline: null });
    expect(state.history.at(-1)).toMatchObject({ what: 'recertified', by: 'ada', reason: 'course seen' });
  });

  test('once it is renewed it waits for nothing but a step that is parked', async () => {
    const { handle } = await opened();
    world.fake('joinGroup', failing(1, rejected('identity answered 403'), 'done'));
    await recertified(handle);
    const state = await world.parked(handle);
    expect(state).toMatchObject({ waitingFor: 'retryStep or skipStep of "joinCertified"', deadline: null });
    await retry(handle, 'joinCertified');
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
  });

  test('a completion that came first settles it without a notification', async () => {
    world.fake('recordEvent', recorded({ settledBy: { signal: 'recertified', eventId: 'c1' } }));
    const { handle } = await sendIn(40);
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(world.notifications()).toEqual([]);
  });

  test('cancel undoes and ends as completed; twice is once', async () => {
    const { handle } = await opened();
    await cancel(handle);
    await world.atOnce(() => cancel(handle));
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(restored()).toEqual(['joinRecertificationRequired']);
    const { history } = await world.state(handle);
    expect(history.filter(({ what }) => what === 'cancel')).toHaveLength(1);
  });

  test('a native cancellation undoes the same and ends as canceled, by Temporal', async () => {
    const { handle } = await opened();
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(restored()).toHaveLength(1);
    expect((await world.state(handle)).history.at(-1)).toMatchObject({ what: 'cancel', by: 'Temporal' });
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('a superseding expiry ends it without undoing', async () => {
    const { handle } = await opened();
    await handle.signal('cancel', { reason: 'superseded', by: 'event e2', eventId: 'e2' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'superseded' });
    expect(restored()).toEqual([]);
  });

  test('escalate notifies the manager, then the administrator, and goes on', async () => {
    const { handle } = await opened();
    for (const reason of ['no answer', 'still no answer', 'and again']) await escalate(handle, reason);
    await world.until(handle, heard('nobody is left in the escalation chain'));
    await world.until(handle, heard('notified the', 2));
    const escalated = notified('escalation').map(({ to }) => to);
    expect(escalated.sort()).toEqual(['admin@example.com', 'mona@example.com']);
    expect((await world.state(handle)).phase).toBe('waiting');
    await end(handle);
  });
});

describe('recertification and what goes wrong', () => {
  test('parks without an address, and goes on by identify', async () => {
    world.fake('findLearner', null);
    const { handle } = await sendIn(40);
    await world.parked(handle);
    const identify = (email: string) => handle.executeUpdate(identifyUpdate, { args: [{ email, by: 'ada' }] });
    await expect(identify('no address')).rejects.toThrow('Workflow Update failed');
    world.fake('findLearner');
    await identify('rita@example.com');
    await world.until(handle, stepIs('notifyLearner', 'done'));
    expect(world.callsOf('setLearnerEmail')[0]?.args[0]).toEqual({ userId: 'u1', email: 'rita@example.com' });
    await end(handle);
  });

  test('parks without an address, and goes on by itself when the learner is provisioned later', async () => {
    world.fake('findLearner', null);
    const { handle } = await sendIn(40);
    await world.parked(handle);
    await world.sleep('2 days');
    expect(await world.state(handle)).toMatchObject({ phase: 'parked' });
    world.fake('findLearner', learner({ managerEmail: null }));
    await world.sleep('7 hours');
    const { history } = await world.until(handle, stepIs('notifyLearner', 'done'));
    expect(history).toMatchObject([{ what: 'the address is known now', by: 'mindtickle' }]);
    const asked = world.callsOf('findLearner').length;
    await world.sleep('3 days');
    expect(world.callsOf('findLearner')).toHaveLength(asked);
    await end(handle);
  });

  test('a month without an address keeps its history short', async () => {
    world.fake('findLearner', null);
    const { handle } = await sendIn(30);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    const { length } = world.callsOf('findLearner');
    expect(length).toBeGreaterThan(30);
    expect(length).toBeLessThan(150);
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(1700);
  });

  test('a step that a person skipped is not checked any more', async () => {
    world.fake('findLearner', null);
    const { handle } = await sendIn(40);
    await world.parked(handle);
    await skip(handle, 'findAddress');
    await world.until(handle, stepIs('findAddress', 'skipped'));
    const asked = world.callsOf('findLearner').length;
    await world.sleep('3 days');
    expect(world.callsOf('findLearner').length - asked).toBeLessThan(3);
    await end(handle);
  });

  test('a parked step does not delay the deadline', async () => {
    world.fake('joinGroup', rejected('identity has no such group'));
    const { handle } = await sendIn(3);
    const { steps } = await world.parked(handle);
    expect(steps.find(({ status }) => status === 'parked')?.detail).toBe('identity has no such group');
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    expect(left()).toHaveLength(1);
    expect(notified('parked').map(({ to }) => to)).toContain('admin@example.com');
  });

  test('retryStep tries again, skipStep goes on without', async () => {
    world.fake('sendMail', rejected('mail answered 550'));
    const { handle } = await sendIn(40);
    await world.parked(handle);
    await skip(handle, 'notifyLearner', 'left a note');
    await world.parked(handle, 'notifyManager');
    world.fake('sendMail');
    await retry(handle, 'notifyManager');
    const { steps } = await world.until(handle, stepIs('notifyManager', 'done'));
    expect(steps).toContainEqual(
      expect.objectContaining({ step: 'notifyLearner', status: 'skipped', detail: 'by ada: left a note' }),
    );
    await end(handle);
  });

  test('a bug of an activity is tried again for a day and then parks, and the process goes on once it is fixed', async () => {
    // As Temporal wraps a TypeError; tried each quarter of an hour, or a day would be 1,440 attempts.
    const message = 'Cannot read properties of undefined';
    const bug = ApplicationFailure.create({ type: 'TypeError', message, nextRetryDelay: '15 minutes' });
    world.fake('sendMail', (_context, _to, role) => {
      if (role === 'learner') throw bug;
      return 'sent';
    });
    const { handle } = await sendIn(40);
    await world.sleep('25 hours');
    const parked = await world.until(handle, stepIs('notifyLearner', 'parked'));
    expect(parked).toMatchObject({ phase: 'parked', outcome: null });
    expect(parked.steps.find(({ status }) => status === 'parked')?.detail).toBe('failed: TypeError');
    world.fake('sendMail');
    await retry(handle, 'notifyLearner');
    await world.until(handle, hasOpened);
    await end(handle);
  }, 180_000);

  test('a group that is refused keeps no notification back', async () => {
    world.fake('joinGroup', rejected('identity answered 403'));
    const { handle } = await sendIn(40);
    await world.parked(handle, 'joinRecertificationRequired');
    await world.until(handle, (state) =>
      ['notifyLearner', 'notifyManager'].every((step) => stepIs(step, 'done')(state)),
    );
    expect([notified('recertify').length, notified('recertify-report').length]).toEqual([1, 1]);
    await end(handle);
  });

  test('a system that is off is skipped, one that is observed says what it would do', async () => {
    world.modes = { identity: 'observe', mail: 'off', archive: 'off' };
    world.fake('joinGroup', 'observed');
    world.fake('leaveGroup', 'observed');
    const { handle } = await sendIn(40);
    const { steps } = await world.until(handle, stepIs('joinRecertificationRequired', 'would do'));
    expect(steps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          step: 'joinRecertificationRequired',
          status: 'would do',
          title: 'Join the group "Recertification required"',
        }),
        expect.objectContaining({ step: 'notifyLearner', status: 'skipped', detail: 'not configured' }),
      ]),
    );
    await end(handle);
  });
});

describe('recertification in the CRM', () => {
  beforeEach(() => {
    world.modes = { ...world.modes, salesforce: 'on' };
  });
  const marked = () => world.callsOf('markCertificate').map(({ args }) => args[1]);
  const isOpen = (state: ProcessState) => hasOpened(state) && stepIs('markRequired', 'done')(state);

  test('is required, then certified', async () => {
    const { handle } = await opened(20, isOpen);
    await recertified(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(marked()).toMatchObject([
      { certName: 'Sales', status: 'required', deadline: expect.any(String) as string },
      { certName: 'Sales', status: 'certified', deadline: null },
    ]);
  });

  test('lapses with its deadline, and is required again when the deadline is moved', async () => {
    const { handle } = await opened(2, isOpen);
    await world.sleep('3 days');
    await world.until(handle, stepIs('markLapsed', 'done'));
    const deadline = (await world.now()) + 20 * DAY;
    await extend(handle, deadline);
    await world.until(handle, stepIs('markRequired2', 'done'));
    expect(marked()).toMatchObject([
      { status: 'required' },
      { status: 'lapsed' },
      { status: 'required', deadline: isoTime(deadline) },
    ]);
    await end(handle);
  });

  test('has its status back when it is cancelled, each change of it the last first', async () => {
    const { handle } = await opened(2, isOpen);
    await world.sleep('3 days');
    await world.until(handle, stepIs('markLapsed', 'done'));
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.callsOf('restoreCertificate').map(({ args }) => args[2])).toEqual(['markLapsed', 'markRequired']);
    const { steps } = await world.state(handle);
    expect(steps.find(({ step }) => step === 'markRequired')).toMatchObject({ status: 'undone' });
  });

  test('that refuses delays neither notifications nor the next status', async () => {
    world.fake('markCertificate', failing(1, rejected('salesforce answered 400: INVALID_FIELD'), 'done'));
    const { handle } = await sendIn(20);
    await world.parked(handle, 'markRequired');
    await world.until(handle, stepIs('notifyManager', 'done'));
    await recertified(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(marked()).toMatchObject([{ status: 'required' }, { status: 'certified' }]);
  });
});
