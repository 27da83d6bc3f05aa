import { ApplicationFailure } from '@temporalio/activity';
import { DAY, isoTime } from '../../src/domain';
import {
  cancelSignal,
  escalateSignal,
  extendDeadlineUpdate,
  recertifiedSignal,
  retryStepUpdate,
  skipStepUpdate,
  type ProcessState,
} from '../../workflows/messages';
import { end, failing, openWorld, rejected, stepIs, type World } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

async function startIn(days: number, certName = 'Sales Basics') {
  const now = await world.env.currentTimeMs();
  const deadline = now + days * DAY;
  const data = { userId: 'u1', certName, expiredAt: isoTime(now - DAY), renewalDeadline: isoTime(deadline) };
  const handle = await world.start('recertification', data, { event: 'certification.expired' });
  return { handle, deadline };
}

/** Opened in full: the last of its first steps is done. A cancellation then meets no activity under way. */
const opened = ({ steps }: ProcessState): boolean =>
  steps.some(({ name, status }) => name === 'tellManager' && status === 'done');

/** The server's clock may run on once nothing is left to do. */
const endedAt = (): number => world.named('closeWorkflow')[0]?.at ?? NaN;

describe('recertification over time', () => {
  test('reminds 30, 14, 7, 3 and 1 days before, ends the access at the deadline, and lapses after the grace', async () => {
    const { handle, deadline } = await startIn(365);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    const reminders = world.letters().filter(({ kind }) => kind === 'remind');
    expect(reminders.map(({ at }) => Math.round((deadline - at) / DAY))).toEqual([30, 14, 7, 3, 1]);
    const [left] = world.named('leaveGroup');
    expect(left?.args[2]).toBe('Certified');
    expect(Math.round(((left?.at ?? 0) - deadline) / DAY)).toBe(0);
    expect(
      world
        .letters()
        .filter(({ kind }) => kind === 'lapsed')
        .map(({ to }) => to),
    ).toEqual(['mona@example.com', 'admin@example.com']);
    expect(Math.round((endedAt() - deadline) / DAY)).toBe(30);
  });

  test('a deadline already past ends the access at once, and is open for the grace', async () => {
    const { handle } = await startIn(-3);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    expect(world.letters().some(({ kind }) => kind === 'remind')).toBe(false);
    expect(world.named('leaveGroup').map(({ args }) => args[2])).toEqual(['Certified']);
  });

  test('extendDeadline moves reminders and deadline', async () => {
    const { handle, deadline } = await startIn(5);
    await world.until(handle, opened);
    const moved = deadline + 60 * DAY;
    const state = await handle.executeUpdate(extendDeadlineUpdate, {
      args: [{ deadline: isoTime(moved), by: 'ada', reason: 'leave' }],
    });
    expect(state.deadline).toBe(isoTime(moved));
    await handle.result();
    const reminders = world.letters().filter(({ kind }) => kind === 'remind');
    expect(reminders.map(({ at }) => Math.round((moved - at) / DAY))).toEqual([30, 14, 7, 3, 1]);
  });

  test('a deadline moved ahead after the lapse gives the certificate back, each time', async () => {
    const { handle, deadline } = await startIn(2);
    for (const days of [10, 20]) {
      await world.env.sleep('5 days');
      await world.until(handle, ({ waitingFor }) => waitingFor === 'a late renewal of the certificate');
      const moved = isoTime(deadline + days * DAY);
      await handle.executeUpdate(extendDeadlineUpdate, { args: [{ deadline: moved, by: 'ada', reason: 'leave' }] });
      await world.until(handle, ({ waitingFor }) => waitingFor === 'a renewal of the certificate');
      await world.env.sleep('5 days');
    }
    expect(world.named('restore').map(({ args }) => args[2])).toEqual(['leaveCertified', 'leaveCertified (2)']);
    await end(handle);
  });

  test('a lapse is told once to a manager who stands in the line again', async () => {
    const team = { manager: 'tina@example.com', escalation: ['Mona@example.com', 'dora@example.com'] };
    world.policy = { ...world.policy, teams: { t1: team }, administrators: ['DORA@example.com', 'admin@example.com'] };
    const { handle } = await startIn(2);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    const told = world.letters().filter(({ kind }) => kind === 'lapsed');
    expect(told.map(({ to }) => to)).toEqual(['mona@example.com', 'dora@example.com', 'admin@example.com']);
  });

  test('a late renewal within the grace gives the certificate back', async () => {
    const { handle } = await startIn(2);
    await world.env.sleep('10 days');
    expect((await world.state(handle)).waitingFor).toBe('a late renewal of the certificate');
    await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(world.named('joinGroup').map(({ args }) => args[2])).toEqual(['Recertification required', 'Certified']);
  });
});

describe('recertification and what it is told', () => {
  test('recertified leaves the group and restores the certificate', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'course seen' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(world.named('joinGroup').map(({ args }) => args[2])).toEqual(['Recertification required', 'Certified']);
    expect(world.named('leaveGroup').map(({ args }) => args[2])).toEqual(['Recertification required']);
    const state = await world.state(handle);
    expect(state).toMatchObject({ phase: 'done', outcome: 'recertified', waitingFor: null, deadline: null });
    expect(state.history.at(-1)).toMatchObject({ what: 'recertified', by: 'ada', reason: 'course seen' });
  });

  test('once it is renewed it waits for nothing but a step that is parked', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    world.answers.set('joinGroup', failing(1, rejected('identity answered 403'), 'done'));
    await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'course seen' });
    const state = await world.parked(handle);
    expect(state).toMatchObject({ waitingFor: 'retryStep or skipStep of "joinCertified"', deadline: null });
    await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'joinCertified', by: 'ada' }] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
  });

  test('a completion that came first settles it without a letter', async () => {
    world.answers.set('recordEvent', () => ({
      outcome: 'new',
      answer: {},
      settledBy: { signal: 'recertified', eventId: 'c1' },
      settles: [],
    }));
    const { handle } = await startIn(40);
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(world.letters()).toEqual([]);
  });

  test('cancel undoes and ends as completed; twice is once', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    await handle.signal(cancelSignal, { reason: 'a mistake', by: 'ada' });
    await world.atOnce(() => handle.signal(cancelSignal, { reason: 'a mistake', by: 'ada' }));
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.named('restore').map(({ args }) => args[2])).toEqual(['joinRecertificationRequired']);
    const { history } = await world.state(handle);
    expect(history.filter(({ what }) => what === 'cancel')).toHaveLength(1);
  });

  test('a native cancellation undoes the same and ends as canceled, by Temporal', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(world.named('restore')).toHaveLength(1);
    expect((await world.state(handle)).history.at(-1)).toMatchObject({ what: 'cancel', by: 'Temporal' });
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('a superseding expiry ends it without undoing', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    await handle.signal(cancelSignal, { reason: 'superseded', by: 'event e2', eventId: 'e2' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'superseded' });
    expect(world.named('restore')).toEqual([]);
  });

  test('escalate tells the manager, then the administrator, and goes on', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    for (const reason of ['no answer', 'still no answer', 'and again'])
      await handle.signal(escalateSignal, { reason, by: 'ada' });
    await world.until(handle, ({ history }) =>
      history.some(({ what }) => what === 'nobody is left in the escalation chain'),
    );
    await world.until(
      handle,
      ({ history }) => history.filter(({ what }) => what.startsWith('notified the')).length === 2,
    );
    const told = world.letters().filter(({ kind }) => kind === 'escalation');
    expect(told.map(({ to }) => to).sort()).toEqual(['admin@example.com', 'mona@example.com']);
    expect((await world.state(handle)).phase).toBe('waiting');
    await end(handle);
  });

  test('malformed messages are noted, refused, and change nothing', async () => {
    const { handle } = await startIn(40);
    const before = await world.until(handle, opened);
    for (const junk of [
      undefined,
      null,
      7,
      'cancel',
      [],
      {},
      { reason: '', by: 'x' },
      { reason: 1, by: 2 },
      { by: 'x' },
    ])
      await handle.signal('cancel', junk);
    await handle.signal('cancel');
    await handle.signal('recertified', { by: 'x' });
    await handle.signal('escalate', { by: 'x', reason: 'y', to: 'nobody' });
    for (const junk of [
      undefined,
      {},
      { deadline: 'soon', by: 'x', reason: 'y' },
      { deadline: '2001-01-01', by: 'x', reason: 'y' },
    ])
      await expect(handle.executeUpdate('extendDeadline', { args: [junk] })).rejects.toThrow('Workflow Update failed');
    await expect(handle.executeUpdate(retryStepUpdate, { args: [{ step: 'x', by: 'ada' }] })).rejects.toMatchObject({
      cause: { message: 'no step is parked' },
    });
    const after = await world.state(handle);
    expect(after).toMatchObject({ phase: 'waiting', outcome: null, deadline: before.deadline });
    expect(after.history.filter(({ what }) => what === 'cancel ignored')).toHaveLength(10);
    await end(handle);
  });

  test('a payload that does not decode is noted and ignored', async () => {
    const { handle } = await startIn(40);
    await world.until(handle, opened);
    const bytes = (text: string) => new TextEncoder().encode(text);
    await world.env.connection.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId },
      signalName: 'cancel',
      input: { payloads: [{ metadata: { encoding: bytes('json/plain') }, data: bytes('{not json') }] },
    });
    const state = await world.until(handle, ({ history }) => history.length > 0);
    expect(state).toMatchObject({ phase: 'waiting', history: [{ what: 'cancel ignored', by: 'unknown' }] });
    await end(handle);
  });
});

describe('recertification and what goes wrong', () => {
  test('parks without an address, and goes on by identify', async () => {
    world.answers.set('findLearner', () => null);
    const { handle } = await startIn(40);
    await world.parked(handle);
    await expect(handle.executeUpdate('identify', { args: [{ email: 'no address', by: 'ada' }] })).rejects.toThrow();
    world.answers.set('findLearner', () => ({
      userId: 'u1',
      email: 'rita@example.com',
      managerEmail: null,
      teamId: null,
      active: true,
    }));
    await handle.executeUpdate('identify', { args: [{ email: 'rita@example.com', by: 'ada' }] });
    await world.until(handle, ({ steps }) =>
      steps.some(({ name, status }) => name === 'tellLearner' && status === 'done'),
    );
    expect(world.named('identifyLearner')[0]?.args[0]).toEqual({ userId: 'u1', email: 'rita@example.com' });
    await end(handle);
  });

  test('parks without an address, and goes on by itself when the learner is provisioned later', async () => {
    world.answers.set('findLearner', () => null);
    const { handle } = await startIn(40);
    await world.parked(handle);
    await world.env.sleep('2 days');
    expect(await world.state(handle)).toMatchObject({ phase: 'parked' });
    world.answers.set('findLearner', () => ({ userId: 'u1', email: 'rita@example.com', managerEmail: null }));
    await world.env.sleep('7 hours');
    const { history } = await world.until(handle, stepIs('tellLearner', 'done'));
    expect(history).toMatchObject([{ what: 'the address is known now', by: 'mindtickle' }]);
    const asked = world.named('findLearner').length;
    await world.env.sleep('3 days');
    expect(world.named('findLearner')).toHaveLength(asked);
    await end(handle);
  });

  test('a year without an address keeps its history short', async () => {
    world.answers.set('findLearner', () => null);
    const { handle } = await startIn(365);
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    const { length } = world.named('findLearner');
    expect([length > 300, length < 600]).toEqual([true, true]);
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(5000);
  });

  test('a step that a person skipped is not looked after any more', async () => {
    world.answers.set('findLearner', () => null);
    const { handle } = await startIn(40);
    await world.parked(handle);
    await handle.executeUpdate(skipStepUpdate, { args: [{ step: 'findAddress', by: 'ada', reason: 'no mail' }] });
    await world.until(handle, stepIs('findAddress', 'skipped'));
    const asked = world.named('findLearner').length;
    await world.env.sleep('3 days');
    expect(world.named('findLearner').length - asked).toBeLessThan(3);
    await end(handle);
  });

  test('a parked step does not hold up the deadline', async () => {
    world.answers.set('joinGroup', () => {
      throw ApplicationFailure.create({
        type: 'identity.rejected',
        message: 'identity has no such group',
        nonRetryable: true,
      });
    });
    const { handle } = await startIn(3);
    const parked = await world.parked(handle);
    expect(parked.steps.find(({ status }) => status === 'parked')?.detail).toBe('identity has no such group');
    await expect(handle.result()).resolves.toEqual({ outcome: 'lapsed' });
    expect(world.named('leaveGroup')).toHaveLength(1);
    expect(world.letters().some(({ kind, to }) => kind === 'parked' && to === 'admin@example.com')).toBe(true);
  });

  test('retryStep tries again, skipStep goes on without', async () => {
    let isMended = false;
    world.answers.set('sendLetter', () => {
      if (isMended) return 'sent';
      throw ApplicationFailure.create({ type: 'mail.rejected', message: 'mail answered 550', nonRetryable: true });
    });
    const { handle } = await startIn(40);
    await world.parked(handle);
    await handle.executeUpdate(skipStepUpdate, { args: [{ step: 'tellLearner', by: 'ada', reason: 'left a note' }] });
    await world.parked(handle, 'tellManager');
    isMended = true;
    await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'tellManager', by: 'ada' }] });
    const state = await world.until(handle, opened);
    expect(state.steps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'tellLearner', status: 'skipped', detail: 'by ada: left a note' }),
        expect.objectContaining({ name: 'tellManager', status: 'done' }),
      ]),
    );
    await end(handle);
  });

  test('a system that is off is skipped, one that is observed says what it would do', async () => {
    world.modes = { identity: 'observe', mail: 'off', archive: 'off' };
    for (const name of ['joinGroup', 'leaveGroup']) world.answers.set(name, () => 'observed');
    const { handle } = await startIn(40);
    const state = await world.until(handle, ({ steps }) => steps.some(({ name }) => name === 'tellManager'));
    expect(state.steps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'joinRecertificationRequired',
          status: 'would do',
          detail: 'join the group "Recertification required"',
        }),
        expect.objectContaining({ name: 'tellLearner', status: 'skipped', detail: 'not configured' }),
      ]),
    );
    await end(handle);
  });

  test.each(['duplicate', 'replayed'])('a %s ends at once and does nothing', async (outcome) => {
    world.answers.set('recordEvent', () => ({ outcome, first: 'e0' }));
    const { handle } = await startIn(40);
    await expect(handle.result()).resolves.toEqual({ outcome, first: 'e0' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent']);
  });

  test('the ledger away: the step goes on as a normal activity', async () => {
    let attempts = 0;
    world.answers.set('recordEvent', () => {
      attempts += 1;
      if (attempts < 5)
        throw ApplicationFailure.create({ type: 'ledger.unavailable', message: 'ledger did not answer' });
      return { outcome: 'duplicate', first: 'e0' };
    });
    const { handle } = await startIn(40);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(attempts).toBe(5);
  });
});
