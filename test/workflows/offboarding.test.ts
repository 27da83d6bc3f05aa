import type { WorkflowHandle } from '@temporalio/client';
import { DAY, epochMs, HOUR, isoTime, MINUTE, SECOND } from '../../src/domain';
import { cancelSignal, escalateSignal, rehiredSignal, retryStepUpdate, skipStepUpdate } from '../../workflows/messages';
import { end, failing, openWorld, rejected, stepIs, unavailable, type World } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.reset();
  deactivateAfter(0);
});

const leaver = { userId: 'u1', email: 'rita@example.com', reason: 'terminated' };
const person = { userId: 'u1', email: 'rita@example.com' };
const refused = rejected('identity answered 403: its credentials were refused');

async function start(data: { reason?: string; email?: string; deprovisionedAt?: string } = {}) {
  const deprovisionedAt = isoTime((await world.env.currentTimeMs()) - HOUR);
  return world.start('offboarding', { ...leaver, deprovisionedAt, ...data }, { event: 'user.deprovisioned' });
}

/** The calls that change a system or tell somebody, in their order. */
const effects = (): string[] =>
  world.calls
    .filter(
      ({ name }) =>
        !['recordEvent', 'closeWorkflow', 'findLearner', 'findContact', 'admitLeaver', 'countOpen'].includes(name),
    )
    .map(({ name, args }) => (name === 'sendLetter' ? (args[3] as { kind: string }).kind : name));

const deactivateAfter = (days: number): void => {
  world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, deactivateAfterDays: days } };
};

const retry = (handle: WorkflowHandle, step: string) =>
  handle.executeUpdate(retryStepUpdate, { args: [{ step, by: 'ada' }] });
const skip = (handle: WorkflowHandle, step: string) =>
  handle.executeUpdate(skipStepUpdate, { args: [{ step, reason: 'not there', by: 'ada' }] });
const cancel = (handle: WorkflowHandle) => handle.signal(cancelSignal, { reason: 'not a leaver', by: 'ada' });

describe('offboarding', () => {
  test('freezes, leaves the groups, archives, looks once more, deactivates and reports, in this order', async () => {
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effects()).toEqual([
      'freezeUser',
      'leaveGroups',
      'archivePerson',
      'leaveGroups',
      'deactivateUser',
      'offboarded',
    ]);
    expect(world.named('leaveGroups').map(({ args }) => (args[0] as { step: string }).step)).toEqual([
      'leaveGroups',
      'leaveLateGroups',
    ]);
    expect(world.named('freezeUser')[0]?.args).toEqual([{ step: 'freeze', userId: 'u1', mode: 'on' }, person]);
    const [letter] = world.named('sendLetter');
    expect(letter?.args.slice(1, 3)).toEqual(['admin@example.com', 'administrator']);
    const { report } = letter?.args[3] as { report: string[] };
    expect(report.join('\n')).toMatch(
      /freeze: done[^]*leaveGroups: done \(left Sales\)[^]*archive: done \(SHA-256 cd\)[^]*deactivate: done \(cannot be undone\)/,
    );
    const state = await world.state(handle);
    expect(state).toMatchObject({ phase: 'done', outcome: 'done', waitingFor: null, deadline: null });
    expect(world.named('closeWorkflow')[0]?.args[0]).toMatchObject({ workflowId: handle.workflowId, outcome: 'done' });
  });

  test('a second departure joins the first and changes nothing', async () => {
    world.answers.set('recordEvent', () => ({
      outcome: 'new',
      answer: { joins: 'offboarding-0' },
      settledBy: null,
      settles: [],
    }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effects()).toEqual([]);
    const { history } = await world.state(handle);
    expect(history).toMatchObject([{ what: 'joins the offboarding that runs', by: 'event offboarding-0' }]);
  });

  test('a system that is off is skipped', async () => {
    world.modes = { identity: 'off', mail: 'on', archive: 'off' };
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effects()).toEqual(['offboarded']);
    const { steps } = await world.state(handle);
    expect(steps.filter(({ status }) => status === 'skipped').map(({ name, detail }) => [name, detail])).toEqual([
      ['freeze', 'not configured'],
      ['leaveGroups', 'not configured'],
      ['freezeCrm', 'not configured'],
      ['deactivateChat', 'not configured'],
      ['archive', 'not configured'],
      ['deactivate', 'not configured'],
    ]);
  });

  test('a system that is observed says what it would do', async () => {
    world.modes = { identity: 'observe', mail: 'on', archive: 'observe' };
    for (const name of ['freezeUser', 'leaveGroups', 'archivePerson', 'deactivateUser'])
      world.answers.set(name, () => 'observed');
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const { steps } = await world.state(handle);
    expect(steps.filter(({ status }) => status === 'would do').map(({ name, detail }) => [name, detail])).toEqual([
      ['freeze', 'freeze the sign-in and end the sessions'],
      ['leaveGroups', 'leave all groups'],
      ['archive', 'archive what is known of the person'],
      ['deactivate', 'deactivate the user permanently; cannot be undone'],
    ]);
    expect(world.named('freezeUser')[0]?.args[0]).toMatchObject({ mode: 'observe' });
  });

  test.each(['duplicate', 'replayed'])('a %s ends at once and does nothing', async (outcome) => {
    world.answers.set('recordEvent', () => ({ outcome, first: 'e0' }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome, first: 'e0' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent']);
  });
});

describe('offboarding over time', () => {
  test('a departure ahead is waited for, and only then told to the open workflows of the learner', async () => {
    const open = await world.start('quizCoaching', failedQuiz, { event: 'quiz.submitted' });
    await world.until(open, stepIs('tellManager', 'done'));
    await world.atRest(open);
    const leavesAt = (await world.env.currentTimeMs()) + 20 * DAY;
    const news = { signal: 'cancel', eventId: 'offboarding', reason: 'left the company' };
    let records = 0;
    world.answers.set('recordEvent', () => {
      records += 1;
      const settles = records === 1 ? [] : [{ workflowId: open.workflowId, news }];
      return { outcome: 'new', answer: {}, settledBy: null, settles };
    });
    world.calls.length = 0;
    const handle = await start({ deprovisionedAt: isoTime(leavesAt) });
    const waiting = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(waiting).toMatchObject({ waitingFor: 'the day of leaving', deadline: isoTime(leavesAt) });
    expect(effects()).toEqual([]);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('freezeUser')[0]?.at).toBeGreaterThanOrEqual(epochMs(isoTime(leavesAt)));
    await expect(open.result()).resolves.toEqual({ outcome: 'cancelled' });
  });

  test('a departure without a zone is one in UTC', async () => {
    const leavesAt = Math.ceil((await world.env.currentTimeMs()) / DAY) * DAY + DAY;
    const handle = await start({ deprovisionedAt: isoTime(leavesAt).slice(0, -1) });
    await handle.result();
    expect(Math.floor(((world.named('freezeUser')[0]?.at ?? 0) - leavesAt) / MINUTE)).toBe(0);
  });

  test('cancelled before its day, it changes nothing, and the learner stays', async () => {
    const handle = await start({ deprovisionedAt: isoTime((await world.env.currentTimeMs()) + 20 * DAY) });
    await world.until(handle, ({ phase }) => phase === 'waiting');
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects()).toEqual(['reinstateLearner']);
  });

  describe('while open workflows of the learner are told', () => {
    const settles = [{ workflowId: 'gone-1', news: { signal: 'cancel', eventId: 'd1', reason: 'left the company' } }];
    const timesAsked = (): number => world.named('countOpen').length;
    const freezeToLeaving = (): number =>
      (world.named('leaveGroups')[0]?.at ?? 0) - (world.named('freezeUser')[0]?.at ?? 0);

    beforeEach(() =>
      world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy: null, settles })),
    );

    test('waits until they have ended before it leaves the groups', async () => {
      const counts = [2, 1, 0];
      world.answers.set('countOpen', () => counts.shift());
      const handle = await start();
      await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
      expect(world.named('countOpen')[0]?.args).toEqual([['gone-1']]);
      expect(timesAsked()).toBe(3);
      expect(freezeToLeaving()).toBeGreaterThanOrEqual(10 * SECOND);
    });

    test('goes on after a minute without them', async () => {
      world.answers.set('countOpen', () => 1);
      const handle = await start();
      await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
      expect(timesAsked()).toBe(12);
      expect(freezeToLeaving()).toBeGreaterThanOrEqual(MINUTE);
    });
  });

  test('a group that was joined too late is left at the end, and joined again by cancel', async () => {
    const answers = [{ left: ['Sales'] }, { left: ['Certified'] }];
    world.answers.set('leaveGroups', () => answers.shift());
    world.answers.set('sendLetter', failing(1, rejected('mail refused'), 'sent'));
    const handle = await start();
    const { steps } = await world.parked(handle, 'report');
    expect(steps.find(({ name }) => name === 'leaveLateGroups')).toMatchObject({ detail: 'left Certified' });
    await cancel(handle);
    await handle.result();
    expect(world.named('restore').map(({ args }) => args[2])).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
  });

  test('access that has not ended within the hour escalates by itself, once, and the step goes on', async () => {
    const begun = await world.env.currentTimeMs();
    world.answers.set('freezeUser', async () => {
      if ((await world.env.currentTimeMs()) < begun + 3 * HOUR) throw unavailable(20 * MINUTE);
      return 'done';
    });
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const escalations = world.letters().filter(({ kind }) => kind === 'escalation');
    expect(escalations.map(({ to }) => to)).toEqual(['mona@example.com']);
    expect(Math.round(((escalations[0]?.at ?? 0) - begun) / MINUTE)).toBe(60);
    const { history } = await world.state(handle);
    expect(history[0]).toMatchObject({
      what: 'escalate',
      by: 'mindtickle',
      reason: 'access has not ended after 60 minutes',
    });
  });

  test('with the identity provider away, an escalation goes to the administrator instead', async () => {
    world.answers.set('findLearner', () => null);
    world.answers.set('findContact', () => {
      throw unavailable(MINUTE);
    });
    const begun = await world.env.currentTimeMs();
    world.answers.set('freezeUser', async () => {
      if ((await world.env.currentTimeMs()) < begun + 3 * HOUR) throw unavailable(20 * MINUTE);
      return 'done';
    });
    const handle = await start();
    await handle.result();
    const [escalation] = world.letters().filter(({ kind }) => kind === 'escalation');
    expect(escalation?.to).toBe('admin@example.com');
    expect(((escalation?.at ?? 0) - begun) / MINUTE).toBeLessThan(70);
  });

  test('access that ends in time is not escalated', async () => {
    world.answers.set('archivePerson', failing(8, unavailable(20 * MINUTE), { key: 'k', sha256: 'cd' }));
    const handle = await start();
    await handle.result();
    expect(world.letters().map(({ kind }) => kind)).toEqual(['offboarded']);
  });

  test('a step that never gets through parks after a day', async () => {
    world.answers.set('freezeUser', () => {
      throw unavailable(3 * HOUR);
    });
    const handle = await start();
    await world.env.sleep('25 hours');
    const state = await world.parked(handle, 'freeze');
    expect(state.steps.find(({ name }) => name === 'freeze')?.detail).toMatch(/did not answer|gave no result/);
    expect(world.letters().map(({ kind }) => kind)).toContain('parked');
    await end(handle);
  });
});

describe('offboarding and a step that is refused', () => {
  test('parks, says which and why, and tells the administrators', async () => {
    world.answers.set('freezeUser', failing(1, refused, 'done'));
    const handle = await start();
    const state = await world.parked(handle);
    expect(state.waitingFor).toBe('retryStep or skipStep of "freeze"');
    expect(state.steps.find(({ name }) => name === 'freeze')).toMatchObject({
      status: 'parked',
      detail: 'identity answered 403: its credentials were refused',
    });
    await retry(handle, 'freeze');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const [letter] = world.named('sendLetter');
    expect(letter?.args.slice(1)).toEqual([
      'admin@example.com',
      'administrator',
      {
        kind: 'parked',
        about: 'Offboarding of u1',
        step: 'freeze',
        why: 'identity answered 403: its credentials were refused',
        workflowId: handle.workflowId,
      },
    ]);
    expect(effects().filter((name) => name !== 'parked')).toEqual([
      'freezeUser',
      'freezeUser',
      'leaveGroups',
      'archivePerson',
      'leaveGroups',
      'deactivateUser',
      'offboarded',
    ]);
  });

  test('skipStep goes on without it, and the report says who skipped it and why', async () => {
    world.answers.set('leaveGroups', () => {
      throw refused;
    });
    const handle = await start();
    await world.parked(handle, 'leaveGroups');
    await skip(handle, 'leaveGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const { report } = world.named('sendLetter').at(-1)?.args[3] as { report: string[] };
    expect(report.join('\n')).toContain('leaveGroups: skipped (by ada: not there)');
  });

  test('retryStep of a step that is refused again parks again', async () => {
    world.answers.set('archivePerson', failing(2, rejected('archive holds other bytes'), { key: 'k', sha256: 'cd' }));
    const handle = await start();
    await world.parked(handle, 'archive');
    await retry(handle, 'archive');
    await world.until(handle, () => world.named('archivePerson').length === 2);
    await world.parked(handle, 'archive');
    await retry(handle, 'archive');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('a decision about a step that is not parked is refused with a sentence', async () => {
    world.answers.set('freezeUser', failing(1, refused, 'done'));
    const handle = await start();
    await world.parked(handle, 'freeze');
    await expect(retry(handle, 'archive')).rejects.toMatchObject({
      cause: { message: 'this step is not parked; parked: freeze' },
    });
    await expect(handle.executeUpdate('skipStep', { args: [{ step: 'freeze', by: 'ada' }] })).rejects.toMatchObject({
      cause: { message: '`reason` is missing' },
    });
    await retry(handle, 'freeze');
    await handle.result();
  });

  test('escalate tells the manager, then the administrator, while it is parked', async () => {
    world.answers.set('freezeUser', failing(1, refused, 'done'));
    const handle = await start();
    await world.parked(handle, 'freeze');
    for (const reason of ['nobody cares', 'still nobody']) await handle.signal(escalateSignal, { reason, by: 'ada' });
    await world.until(
      handle,
      ({ history }) => history.filter(({ what }) => what.startsWith('notified the')).length === 2,
    );
    const told = world.letters().filter(({ kind }) => kind === 'escalation');
    expect(told.map(({ to }) => to).sort()).toEqual(['admin@example.com', 'mona@example.com']);
    await retry(handle, 'freeze');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });
});

describe('offboarding and its guards', () => {
  test('a reason that is not a leaver’s parks before anything is changed', async () => {
    world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, leaverReasons: ['terminated'] } };
    const handle = await start({ reason: 'licence reclaimed' });
    const state = await world.parked(handle);
    expect(state.steps).toMatchObject([{ name: 'checkReason', status: 'parked' }]);
    expect(effects().filter((name) => name !== 'parked')).toEqual([]);
    await skip(handle, 'checkReason');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('freezeUser')).toHaveLength(1);
  });

  test('a reason of the list goes on', async () => {
    world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, leaverReasons: ['terminated'] } };
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('over the limit it parks, and goes on by retryStep once there is room', async () => {
    world.answers.set('admitLeaver', () => false);
    const handle = await start();
    const state = await world.parked(handle);
    expect(state.steps.at(-1)).toMatchObject({ name: 'checkLimit', status: 'parked' });
    expect(state.steps.at(-1)?.detail).toContain('over the limit of 50 leavers an hour');
    const [letter] = world.named('sendLetter').map(({ args }) => args[3]);
    expect(letter).toMatchObject({ kind: 'parked', cause: 'over the limit of leavers an hour' });
    expect(world.named('freezeUser')).toEqual([]);
    world.answers.set('admitLeaver', () => true);
    await retry(handle, 'checkLimit');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('admitLeaver').map(({ args }) => args)).toEqual([[handle.workflowId], [handle.workflowId]]);
  });

  test('over the limit still, retryStep is a person’s decision and lets this one go on', async () => {
    world.answers.set('admitLeaver', () => false);
    const handle = await start();
    await world.parked(handle, 'checkLimit');
    await retry(handle, 'checkLimit');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('freezeUser')).toHaveLength(1);
  });

  test.each([
    ['user id', 'u1', leaver.email],
    ['address', 'rita@example.com', leaver.email],
    ['address in other case', 'Rita@Example.com', 'RITA@example.com'],
  ])('a user protected by %s parks and is not changed', async (_by, name, email) => {
    world.policy = { ...world.policy, protected: { users: [name], groups: [] } };
    const handle = await start({ email });
    const state = await world.parked(handle);
    expect(state.steps.at(-1)).toMatchObject({ name: 'checkProtected', status: 'parked' });
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects().filter((effect) => effect !== 'parked')).toEqual(['reinstateLearner']);
  });
});

describe('offboarding that is cancelled', () => {
  const undone = (): unknown[] => world.named('restore').map(({ args }) => args[2]);

  async function parkAtArchive(): Promise<WorkflowHandle> {
    world.answers.set('archivePerson', () => {
      throw refused;
    });
    const handle = await start();
    await world.parked(handle, 'archive');
    return handle;
  }

  test('takes the learner back first, then undoes in reverse, the freeze last', async () => {
    const handle = await parkAtArchive();
    world.calls.length = 0;
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects().filter((name) => name !== 'parked')).toEqual(['reinstateLearner', 'restore', 'restore']);
    expect(world.named('reinstateLearner')[0]?.args).toEqual([{ userId: 'u1', eventId: handle.workflowId }]);
    expect(undone()).toEqual(['leaveGroups', 'freeze']);
    expect(world.named('restore')[0]?.args[0]).toMatchObject({
      step: 'undo leaveGroups',
      actor: 'ada',
      reason: 'not a leaver',
    });
    const { steps } = await world.state(handle);
    expect(steps.map(({ name, status }) => `${name} ${status}`).slice(3)).toEqual([
      'freeze undone',
      'leaveGroups undone',
      'freezeCrm skipped',
      'deactivateChat skipped',
      'archive dropped',
      'undo leaveGroups done',
      'undo freeze done',
    ]);
  });

  test('natively, it undoes the same and ends as canceled', async () => {
    const handle = await parkAtArchive();
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(undone()).toEqual(['leaveGroups', 'freeze']);
    expect(world.named('reinstateLearner')).toHaveLength(1);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('a step that was cut off is undone too: it may have happened', async () => {
    world.answers.set('leaveGroups', () => {
      throw unavailable(HOUR);
    });
    const handle = await start();
    await world.until(handle, () => world.named('leaveGroups').length > 0);
    await world.atRest(handle);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(undone()).toEqual(['leaveGroups', 'freeze']);
    expect(stepIs('leaveGroups', 'dropped')(await world.state(handle))).toBe(true);
  });

  test('only steps that began are undone', async () => {
    world.answers.set('freezeUser', () => {
      throw refused;
    });
    const handle = await start();
    await world.parked(handle, 'freeze');
    await cancel(handle);
    await handle.result();
    expect(undone()).toEqual(['freeze']);
  });

  test('before its first step, the learner is taken back all the same', async () => {
    let record: (answer: object) => void = () => undefined;
    const recorded = new Promise<object>((resolve) => (record = resolve));
    // The third is the normal activity: while a local one runs, a workflow hears no signal.
    world.answers.set('recordEvent', () => {
      if (world.named('recordEvent').length < 3) throw unavailable(1);
      return recorded;
    });
    const handle = await start();
    await world.until(handle, () => world.named('recordEvent').length === 3);
    await world.atOnce(() => cancel(handle));
    record({ outcome: 'new', answer: {}, settledBy: null, settles: [] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects()).toEqual(['reinstateLearner']);
  });

  test('an undo that is refused parks, and goes on by retryStep', async () => {
    const handle = await parkAtArchive();
    world.answers.set('restore', failing(1, refused, 'done'));
    await cancel(handle);
    const state = await world.parked(handle, 'undo leaveGroups');
    expect(state).toMatchObject({ phase: 'undoing', waitingFor: 'retryStep or skipStep of "undo leaveGroups"' });
    expect(undone()).toEqual(['leaveGroups']);
    await retry(handle, 'undo leaveGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(undone()).toEqual(['leaveGroups', 'leaveGroups', 'freeze']);
  });

  test('an undo that is skipped leaves its step as done', async () => {
    const handle = await parkAtArchive();
    world.answers.set('restore', failing(1, refused, 'done'));
    await cancel(handle);
    await world.parked(handle, 'undo leaveGroups');
    await skip(handle, 'undo leaveGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    const { steps } = await world.state(handle);
    const statuses = Object.fromEntries(steps.map(({ name, status }) => [name, status]));
    expect(statuses).toMatchObject({ leaveGroups: 'done', 'undo leaveGroups': 'skipped', freeze: 'undone' });
  });

  test('a second cancel while it undoes changes nothing', async () => {
    const handle = await parkAtArchive();
    world.answers.set('restore', failing(1, refused, 'done'));
    await cancel(handle);
    await world.parked(handle, 'undo leaveGroups');
    await handle.signal(cancelSignal, { reason: 'hurry', by: 'bo' });
    await world.until(handle, ({ history }) => history.some(({ by }) => by === 'bo'));
    expect((await world.state(handle)).phase).toBe('undoing');
    await retry(handle, 'undo leaveGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.named('restore').at(-1)?.args[0]).toMatchObject({ actor: 'ada' });
    expect(undone()).toEqual(['leaveGroups', 'leaveGroups', 'freeze']);
  });
});

describe('offboarding and its deactivation', () => {
  const reports = (): readonly string[] =>
    world.named('sendLetter').map(({ args }) => (args[3] as { report: string[] }).report.join('\n'));

  beforeEach(() => deactivateAfter(7));

  test('reports that access has ended, deactivates a week later, and reports the end', async () => {
    const begun = await world.env.currentTimeMs();
    world.answers.set('deactivateUser', () => 'unchanged');
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effects()).toEqual([
      'freezeUser',
      'leaveGroups',
      'archivePerson',
      'leaveGroups',
      'offboarded',
      'deactivateUser',
      'offboarded',
    ]);
    const days = ['archivePerson', 'deactivateUser'].map((name) =>
      Math.round(((world.named(name)[0]?.at ?? 0) - begun) / DAY),
    );
    expect(days).toEqual([0, 7]);
    const [first, last] = reports();
    expect(first).toMatch(/identity provider, freeze: done, 2[^]*Deactivation in the identity provider: due 2/);
    expect(last).toMatch(
      /identity provider, freeze: done, 2[^]*archive, archive: done \(SHA-256 cd\), 2[^]*mail, report: done \(sent\), 2[^]*identity provider, deactivate: done \(unchanged; cannot be undone\), 2/,
    );
    expect(last).not.toContain('due');
  });

  test('waits for its day as a workflow says, and cancel gives the rest back', async () => {
    const handle = await start();
    const { waitingFor, deadline } = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(waitingFor).toBe('the day of the deactivation');
    const ahead = epochMs(deadline ?? '') - (await world.env.currentTimeMs());
    expect(Math.round(ahead / DAY)).toBe(7);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.named('deactivateUser')).toEqual([]);
    expect(world.named('restore').map(({ args }) => args[2])).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
  });

  test('is not done while it is asked whether the learner was hired again', async () => {
    const handle = await start();
    await world.until(handle, ({ phase }) => phase === 'waiting');
    await handle.signal(rehiredSignal, { eventId: 'p1', order: 'not proven' });
    await world.parked(handle, 'rehired?');
    await world.env.sleep('10 days');
    expect(world.named('deactivateUser')).toEqual([]);
    await skip(handle, 'rehired?');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effects().slice(-2)).toEqual(['deactivateUser', 'offboarded']);
  });

  test('terms of before there was such a policy mean a week', async () => {
    world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, deactivateAfterDays: undefined } };
    const begun = await world.env.currentTimeMs();
    const handle = await start();
    await handle.result();
    expect(Math.round(((world.named('deactivateUser')[0]?.at ?? 0) - begun) / DAY)).toBe(7);
  });
});

describe('offboarding of a learner who is hired again', () => {
  const hired = (isProven: boolean) => ({ signal: 'rehired', eventId: 'p1', hiredAt: 4_000_000_000_000, isProven });
  const undone = (): unknown[] => world.named('restore').map(({ args }) => args[2]);
  const setRehire = (rehire: 'ask' | 'undo'): void => {
    world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, rehire } };
  };

  /** Parked at its last step but one, with access ended. */
  async function almostDone(): Promise<WorkflowHandle> {
    world.answers.set('archivePerson', failing(1, refused, { key: 'k', sha256: 'cd' }));
    const handle = await start();
    await world.parked(handle, 'archive');
    return handle;
  }

  test('with `undo` and a proven order undoes in reverse at once, and names the event', async () => {
    setRehire('undo');
    const handle = await almostDone();
    await handle.signal(rehiredSignal, { eventId: 'p1', hiredAt: '2027-01-15T08:00:00Z', order: 'proven' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(
      effects()
        .filter((name) => name !== 'parked')
        .slice(3),
    ).toEqual(['reinstateLearner', 'restore', 'restore']);
    expect(undone()).toEqual(['leaveGroups', 'freeze']);
    const { history } = await world.state(handle);
    expect(history).toMatchObject([
      { what: 'hired again', by: 'event p1' },
      { what: 'cancel', by: 'event p1', reason: 'hired again' },
    ]);
  });

  test('with `undo` and a hire that came first changes nothing, and takes the learner back', async () => {
    setRehire('undo');
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy: hired(true), settles: [] }));
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects()).toEqual(['reinstateLearner']);
  });

  test.each([
    ['undo', false],
    ['ask', false],
    ['ask', true],
  ] as const)(
    'with `%s`, proven: %s, asks before the first step, and cancel takes the learner back',
    async (rehire, isProven) => {
      setRehire(rehire);
      world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy: hired(isProven), settles: [] }));
      const handle = await start();
      const state = await world.parked(handle, 'rehired?');
      expect(state).toMatchObject({ phase: 'parked', waitingFor: 'retryStep or skipStep of "rehired?"' });
      expect(state.steps[0]?.detail).toMatch(
        isProven ? /^rehired after the departure\?/ : /^rehired, or an old event\?/,
      );
      expect(state.steps[0]?.detail).toContain('Event p1');
      expect(effects()).toEqual(['parked']);
      await cancel(handle);
      await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
      expect(effects()).toEqual(['parked', 'reinstateLearner']);
    },
  );

  test('asks at once though another step is parked, and no further step begins until it is answered', async () => {
    const handle = await almostDone();
    await handle.signal(rehiredSignal, { eventId: 'p1', order: 'not proven' });
    await world.parked(handle, 'rehired?');
    await retry(handle, 'archive');
    await world.until(handle, stepIs('archive', 'done'));
    expect(world.letters().map(({ kind }) => kind)).toEqual(['parked', 'parked']);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(undone()).toEqual(['leaveGroups', 'freeze']);
    expect(world.letters().map(({ kind }) => kind)).not.toContain('offboarded');
  });

  test('retryStep asks again, skipStep goes on: the departure is upheld and the open workflows are told', async () => {
    const open = await world.start('quizCoaching', failedQuiz, { event: 'quiz.submitted' });
    await world.until(open, stepIs('tellManager', 'done'));
    await world.atRest(open);
    const news = { signal: 'cancel', eventId: 'offboarding', reason: 'left the company' };
    let records = 0;
    world.answers.set('recordEvent', () => {
      records += 1;
      if (records === 1) return { outcome: 'new', answer: {}, settledBy: hired(false), settles: [] };
      return { outcome: 'new', answer: {}, settledBy: null, settles: [{ workflowId: open.workflowId, news }] };
    });
    world.calls.length = 0;
    const handle = await start();
    await world.parked(handle, 'rehired?');
    await retry(handle, 'rehired?');
    await world.until(handle, () => world.letters().length === 2);
    await world.parked(handle, 'rehired?');
    expect(effects()).toEqual(['parked', 'parked']);
    await skip(handle, 'rehired?');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    await expect(open.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effects().slice(2, 5)).toEqual(['upholdDeparture', 'freezeUser', 'leaveGroups']);
    const at = 4_000_000_000_000;
    const workflowId = handle.workflowId;
    expect(world.named('upholdDeparture')[0]?.args[0]).toEqual({ userId: 'u1', eventId: workflowId, workflowId, at });
    expect(world.named('recordEvent').at(-1)?.args[0]).toMatchObject({ fact: { kind: 'deprovisioned', at } });
  });

  test('the same event twice asks once; another one asks again', async () => {
    const handle = await almostDone();
    for (const order of ['not proven', 'not proven ']) await handle.signal(rehiredSignal, { eventId: 'p1', order });
    await world.parked(handle, 'rehired?');
    await handle.signal(rehiredSignal, { eventId: 'p2', order: 'not proven' });
    const { steps } = await world.parked(handle, 'rehired? (2)');
    expect(steps.filter(({ name }) => name.startsWith('rehired?'))).toHaveLength(2);
    await end(handle);
  });

  test('while it is being undone, it is noted and nothing more', async () => {
    const handle = await almostDone();
    world.answers.set('restore', failing(1, refused, 'done'));
    await cancel(handle);
    await world.parked(handle, 'undo leaveGroups');
    await handle.signal(rehiredSignal, { eventId: 'p1', order: 'proven' });
    await world.until(handle, ({ history }) => history.some(({ what }) => what === 'hired again'));
    expect((await world.state(handle)).steps.map(({ name }) => name)).not.toContain('rehired?');
    await retry(handle, 'undo leaveGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
  });

  test('is told by a hire’s workflow', async () => {
    setRehire('undo');
    const handle = await almostDone();
    const settles = [{ workflowId: handle.workflowId, news: hired(true) }];
    world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy: null, settles }));
    const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };
    const onboarding = await world.start('onboarding', hire, { event: 'user.provisioned' });
    await world.until(onboarding, stepIs('welcome', 'done'));
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    await end(onboarding);
  });
});

const failedQuiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 2, maxScore: 10, passed: false };
