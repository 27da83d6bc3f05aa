import { DAY, epochMs, HOUR, isoTime, MINUTE, SECOND } from '../../src/domain';
import { failing, inTurn, recorded, rejected, unavailable } from './fakes';
import { cancel, escalate, retry, skip } from './operator';
import { effectsIn, end, heard, stepIs, useWorld } from './world';

const world = useWorld();
beforeEach(() => setPolicy({ deactivateAfterDays: 0 }));

const person = { userId: 'u1', email: 'rita@example.com' };
const refused = rejected('identity answered 403: its credentials were refused');
const archived = { key: 'k', sha256: 'cd' };

function setPolicy(change: Partial<typeof world.policy.offboarding>): void {
  world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, ...change } };
}
const send = (data?: object) => world.send('user.deprovisioned', { data });
const inDays = async (days: number) => isoTime((await world.now()) + days * DAY);
const restored = () => world.callsOf('restoreUser').map(({ args }) => args[2]);
const reports = () =>
  world.callsOf('sendMail').map(({ args: [, , , sent] }) => (sent.kind === 'offboarded' ? sent.report.join('\n') : ''));
/** Beside the archive, which is of no chain of theirs. */
const withoutArchive = () => effectsIn(world).filter((name) => name !== 'archivePerson');
const startOf = (name: 'freezeUser' | 'leaveGroups' | 'archivePerson' | 'deactivateUser') =>
  world.callsOf(name)[0]?.at ?? NaN;

describe('offboarding', () => {
  test('freezes, leaves the groups, archives, leaves late groups, deactivates and reports, in this order', async () => {
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(withoutArchive()).toEqual(['freezeUser', 'leaveGroups', 'leaveGroups', 'deactivateUser', 'offboarded']);
    const [archiving, leaving] = ['archivePerson', 'leaveGroups'].map((name) => effectsIn(world).indexOf(name));
    expect(archiving).toBeGreaterThan(leaving ?? NaN);
    expect(world.callsOf('leaveGroups').map(({ args }) => args[0].step)).toEqual(['leaveGroups', 'leaveLateGroups']);
    expect(world.callsOf('freezeUser')[0]?.args).toEqual([{ step: 'freeze', userId: 'u1', mode: 'on' }, person]);
    expect(world.callsOf('sendMail')[0]?.args.slice(1, 3)).toEqual(['admin@example.com', 'administrator']);
    expect(reports()[0]).toMatch(
      /Freeze the sign-in [^:]*: done[^]*Leave all groups: done \(left Sales\)[^]*Archive what [^:]*: done \(SHA-256 cd\)[^]*Deactivate the user permanently: done \(cannot be undone\)/,
    );
    const state = await world.state(handle);
    expect(state).toMatchObject({ phase: 'done', outcome: 'done', waitingFor: null, deadline: null });
    expect(world.callsOf('closeWorkflow')[0]?.args[0]).toMatchObject({
      workflowId: handle.workflowId,
      outcome: 'done',
    });
  });

  test('a second departure joins the first, which says so, and changes nothing', async () => {
    world.fake('freezeUser', refused);
    const first = await send();
    await world.parked(first, 'freeze');
    world.calls.length = 0;
    world.fake('recordEvent', recorded({ answer: { joins: first.workflowId } }));
    const second = await send();
    await expect(second.result()).resolves.toEqual({ outcome: 'done' });
    expect(effectsIn(world)).toEqual([]);
    const { history } = await world.state(second);
    expect(history).toMatchObject([{ what: 'joins the offboarding that runs', by: `event ${first.workflowId}` }]);
    await world.until(first, heard('another departure came'));
    await end(first);
  });

  test('a second departure takes over from a first one that was terminated', async () => {
    world.fake('freezeUser', refused);
    const first = await send();
    await world.parked(first, 'freeze');
    await first.terminate('by hand');
    world.calls.length = 0;
    world.fakeAll({
      freezeUser: 'done',
      recordEvent: ({ orphanedBy }) =>
        recorded({ answer: orphanedBy === undefined ? { joins: first.workflowId } : {} }),
    });
    const second = await send();
    await expect(second.result()).resolves.toEqual({ outcome: 'done' });
    expect(effectsIn(world)).toContain('freezeUser');
    expect(world.callsOf('recordEvent', second)[1]?.args[0]).toMatchObject({ orphanedBy: first.workflowId });
  });

  test('the event of a terminated offboarding, sent again, changes nothing and says whose hand ended it', async () => {
    const ended = { how: 'terminated', by: 'ada', reason: 'a mistake' };
    world.fake('recordEvent', { outcome: 'duplicate', first: 'd1', ended });
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'duplicate', first: 'd1' });
    expect(effectsIn(world)).toEqual([]);
    expect((await world.state(handle)).history).toMatchObject([
      { what: 'the workflow of this event was terminated', by: 'ada', reason: 'a mistake' },
    ]);
  });

  test('a system that is off is skipped', async () => {
    world.modes = { identity: 'off', mail: 'on', archive: 'off' };
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(effectsIn(world)).toEqual(['offboarded']);
    const { steps } = await world.state(handle);
    const skipped = steps.filter(({ status }) => status === 'skipped').map(({ step, detail }) => [step, detail]);
    expect(skipped).toEqual(
      ['freeze', 'freezeCrm', 'deactivateSlack', 'leaveGroups', 'archive', 'deactivate'].map((name) => [
        name,
        'not configured',
      ]),
    );
  });

  test('a system that is observed says what it would do', async () => {
    world.modes = { identity: 'observe', mail: 'on', archive: 'observe' };
    for (const name of ['freezeUser', 'leaveGroups', 'archivePerson', 'deactivateUser'] as const)
      world.fake(name, 'observed');
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const { steps } = await world.state(handle);
    expect(
      steps.filter(({ status }) => status === 'would do').map(({ step, title, detail }) => [step, title, detail]),
    ).toEqual([
      ['freeze', 'Freeze the sign-in and end the sessions', null],
      ['leaveGroups', 'Leave all groups', null],
      ['archive', 'Archive what is known of the person', null],
      ['deactivate', 'Deactivate the user permanently', 'cannot be undone'],
    ]);
    expect(world.callsOf('freezeUser')[0]?.args[0]).toMatchObject({ mode: 'observe' });
  });
});

describe('offboarding in the CRM and in Slack', () => {
  beforeEach(() => {
    world.modes = { ...world.modes, salesforce: 'on', slack: 'on' };
  });

  test('ends the accounts before the archive', async () => {
    await (await send()).result();
    const order = effectsIn(world);
    const [crm = NaN, chat = NaN, archive = NaN] = ['freezeCrmUser', 'deactivateSlackUser', 'archivePerson'].map(
      (name) => order.indexOf(name),
    );
    expect(archive).toBeGreaterThan(Math.max(crm, chat));
  });

  test('restores both when it is cancelled, and in each system in reverse order', async () => {
    world.fake('archivePerson', failing(1, rejected('archive is full'), archived));
    const handle = await send();
    await world.parked(handle, 'archive');
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(restored()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
    expect(world.callsOf('restoreCrmUser').map(({ args }) => args.slice(1))).toEqual([[person, 'freezeCrm']]);
    expect(world.callsOf('restoreSlackUser').map(({ args }) => args.slice(1))).toEqual([[person, 'deactivateSlack']]);
  });

  test('one that is stuck holds back no other; all that are parked are shown, and each is decided by its name', async () => {
    const begun = await world.now();
    world.fakeAll({ freezeUser: failing(1, refused, 'done'), deactivateSlackUser: refused });
    const handle = await send();
    await world.parked(handle, 'freeze');
    await world.parked(handle, 'deactivateSlack');
    const { waitingFor, deadline } = await world.until(handle, stepIs('freezeCrm', 'done'));
    expect(waitingFor).toBe('retryStep or skipStep of "freeze"; retryStep or skipStep of "deactivateSlack"');
    expect(Math.round((epochMs(deadline ?? '') - begun) / MINUTE)).toBe(60);
    const { steps } = await skip(handle, 'deactivateSlack');
    expect(steps.filter(({ status }) => status === 'parked')).toMatchObject([{ step: 'freeze' }]);
    for (const name of ['leaveGroups', 'archivePerson', 'deactivateUser'] as const)
      expect(world.callsOf(name)).toEqual([]);
    await retry(handle, 'freeze');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect([world.callsOf('freezeUser').length, world.callsOf('deactivateSlackUser').length]).toEqual([2, 1]);
  });

  test('a CRM that gives nothing back does not keep the sign-in closed', async () => {
    world.fakeAll({ archivePerson: rejected('archive is full'), restoreCrmUser: refused });
    const handle = await send();
    await world.parked(handle, 'archive');
    await cancel(handle);
    await world.parked(handle, 'undoFreezeCrm');
    await world.until(handle, stepIs('freeze', 'undone'));
    await skip(handle, 'undoFreezeCrm');
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
  });

  test('skips a Slack whose plan has no accounts to deactivate', async () => {
    world.fake('deactivateSlackUser', 'not configured');
    const handle = await send();
    await handle.result();
    const { steps } = await world.state(handle);
    expect(steps.find(({ step }) => step === 'deactivateSlack')).toMatchObject({
      status: 'skipped',
      detail: 'not configured',
    });
  });
});

describe('offboarding over time', () => {
  test('a departure ahead is waited for, and only then are the learner’s open workflows notified', async () => {
    const open = await world.send('quiz.submitted');
    await world.until(open, stepIs('notifyManager', 'done'));
    await world.atRest(open);
    const news = { signal: 'cancel', eventId: 'offboarding', reason: 'left the company' } as const;
    world.fake('recordEvent', inTurn(recorded(), recorded({ settles: [{ workflowId: open.workflowId, news }] })));
    world.calls.length = 0;
    const leavesAt = await inDays(20);
    const handle = await send({ deprovisionedAt: leavesAt });
    const waiting = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(waiting).toMatchObject({ waitingFor: 'the day of leaving', deadline: leavesAt });
    expect(effectsIn(world)).toEqual([]);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(startOf('freezeUser')).toBeGreaterThanOrEqual(epochMs(leavesAt));
    await expect(open.result()).resolves.toEqual({ outcome: 'cancelled' });
  });

  test('is known by the ledger where the event says nothing but the user id', async () => {
    world.policy = { ...world.policy, protected: { users: ['rita@example.com'], groups: [] } };
    const handle = await send({ email: null, reason: null });
    await world.parked(handle, 'checkProtected');
    await skip(handle, 'checkProtected');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('freezeUser')[0]?.args[1]).toEqual(person);
  });

  test('says which fields of the event could not be read', async () => {
    const handle = await world.send('user.deprovisioned', { unread: ['email', 'reason'] });
    await handle.result();
    const { history } = await world.state(handle);
    expect(history[0]).toMatchObject({ what: 'not readable, and not needed: email, reason', by: 'mindtickle' });
  });

  test('cancelled before its day, it changes nothing, and the learner stays', async () => {
    const handle = await send({ deprovisionedAt: await inDays(20) });
    await world.until(handle, ({ phase }) => phase === 'waiting');
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effectsIn(world)).toEqual(['reinstateLearner']);
  });

  test.each([
    ['waits until the notified workflows have ended before it leaves the groups', inTurn(2, 1, 0), 3, 10 * SECOND],
    ['goes on after a minute without them', inTurn(1), 12, MINUTE],
  ])('%s', async (_claim, open, timesAsked, atLeast) => {
    const news = { signal: 'cancel', eventId: 'd1', reason: 'left the company' } as const;
    world.fake('recordEvent', recorded({ settles: [{ workflowId: 'gone-1', news }] }));
    world.fake('countOpenWorkflows', open);
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('countOpenWorkflows')[0]?.args).toEqual([['gone-1']]);
    expect(world.callsOf('countOpenWorkflows')).toHaveLength(timesAsked);
    expect(startOf('leaveGroups') - startOf('freezeUser')).toBeGreaterThanOrEqual(atLeast);
  });

  test('a group that was joined too late is left at the end, and joined again by cancel', async () => {
    world.fake('leaveGroups', inTurn({ left: ['Sales'] }, { left: ['Certified'] }));
    world.fake('sendMail', failing(1, rejected('mail refused'), 'sent'));
    const handle = await send();
    const { steps } = await world.parked(handle, 'report');
    expect(steps.find(({ step }) => step === 'leaveLateGroups')).toMatchObject({ detail: 'left Certified' });
    await cancel(handle);
    await handle.result();
    expect(restored()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
  });

  test('a group that was joined too late is left while the archive is stuck', async () => {
    world.fake('archivePerson', rejected('archive is full'));
    const handle = await send();
    await world.parked(handle, 'archive');
    await world.until(handle, stepIs('leaveLateGroups', 'done'));
    expect(world.callsOf('deactivateUser')).toEqual([]);
    await end(handle);
  });

  test('a step that never gets through parks after a day', async () => {
    world.fake('freezeUser', unavailable(3 * HOUR));
    const handle = await send();
    await world.sleep('25 hours');
    const { steps } = await world.parked(handle, 'freeze');
    expect(steps.find(({ step }) => step === 'freeze')?.detail).toMatch(/did not answer|gave no result/);
    expect(world.notifications().map(({ kind }) => kind)).toContain('parked');
    await end(handle);
  });
});

describe('offboarding that does not end access within the hour', () => {
  const escalations = () => world.notifications().filter(({ kind }) => kind === 'escalation');
  let begun: number;
  beforeEach(async () => {
    begun = await world.now();
    world.fake('freezeUser', async (): Promise<'done'> => {
      if ((await world.now()) < begun + 3 * HOUR) throw unavailable(20 * MINUTE);
      return 'done';
    });
  });

  test('escalates by itself, once, and the step goes on', async () => {
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(escalations().map(({ to, at }) => [to, Math.round((at - begun) / MINUTE)])).toEqual([
      ['mona@example.com', 60],
    ]);
    const { history } = await world.state(handle);
    expect(history[0]).toMatchObject({
      what: 'escalate',
      by: 'mindtickle',
      reason: 'access has not ended after 60 minutes',
    });
  });

  test('escalates to the administrator while the identity provider is away', async () => {
    world.fake('findLearner', null);
    world.fake('findContact', unavailable(MINUTE));
    const handle = await send();
    await handle.result();
    const [escalation] = escalations();
    expect(escalation?.to).toBe('admin@example.com');
    expect(((escalation?.at ?? 0) - begun) / MINUTE).toBeLessThan(70);
  });

  const rehired = { signal: 'rehired', eventId: 'h1', hiredAt: 0, isProven: false } as const;
  test.each<[string, () => void]>([
    ['rehireUnconfirmed', () => world.fake('recordEvent', recorded({ settledBy: rehired }))],
    ['checkReason', () => setPolicy({ leaverReasons: ['left the company for good'] })],
    [
      'checkProtected',
      () => (world.policy = { ...world.policy, protected: { ...world.policy.protected, users: ['u1'] } }),
    ],
    ['checkLimit', () => world.fake('admitLeaver', false)],
  ])('escalates while it is parked at %s, and shows the hour as the deadline', async (step, given) => {
    given();
    const handle = await send();
    const { deadline } = await world.parked(handle, step);
    expect(Math.round((epochMs(deadline ?? '') - begun) / MINUTE)).toBe(60);
    expect(escalations()).toEqual([]);
    await world.sleep('61 minutes');
    await world.until(handle, heard('notified the manager'));
    expect(escalations().map(({ to, at }) => [to, Math.round((at - begun) / MINUTE)])).toEqual([
      ['mona@example.com', 60],
    ]);
    await end(handle);
    expect(await world.state(handle)).toMatchObject({ outcome: 'cancelled', deadline: null });
  });

  test.each([
    ['hours in the spool count', { signedHoursAgo: 3, leftHoursAgo: 5 }, 0],
    ['the day of leaving begins it where that is later', { signedHoursAgo: 3, leftHoursAgo: -2 }, 180],
  ])('%s', async (_claim, { signedHoursAgo, leftHoursAgo }, minutes) => {
    world.fake('freezeUser', refused);
    const data = { deprovisionedAt: isoTime(begun - leftHoursAgo * HOUR) };
    const handle = await world.send('user.deprovisioned', { data, signedAt: begun - signedHoursAgo * HOUR });
    await world.sleep((minutes + 1) * MINUTE);
    await world.until(handle, heard('notified the manager'));
    expect(escalations().map(({ at }) => Math.round((at - begun) / MINUTE))).toEqual([minutes]);
    await end(handle);
  });

  test('and not where access ends in time', async () => {
    world.fake('freezeUser');
    world.fake('archivePerson', failing(8, unavailable(20 * MINUTE), archived));
    const handle = await send();
    await handle.result();
    expect(world.notifications().map(({ kind }) => kind)).toEqual(['offboarded']);
  });
});

describe('offboarding and a step that is refused', () => {
  test('parks, says which and why, and notifies the administrators', async () => {
    world.fake('freezeUser', failing(1, refused, 'done'));
    const handle = await send();
    const state = await world.parked(handle);
    expect(state.waitingFor).toBe('retryStep or skipStep of "freeze"');
    expect(state.steps.find(({ step }) => step === 'freeze')).toMatchObject({
      status: 'parked',
      detail: 'identity answered 403: its credentials were refused',
    });
    await retry(handle, 'freeze');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('sendMail')[0]?.args.slice(1)).toEqual([
      'admin@example.com',
      'administrator',
      {
        kind: 'parked',
        about: 'Offboarding of u1',
        step: 'freeze',
        title: 'Freeze the sign-in and end the sessions',
        why: 'identity answered 403: its credentials were refused',
        workflowId: handle.workflowId,
        since: expect.any(String) as string,
        meanwhile: null,
        due: { at: expect.any(String) as string, next: 'it is escalated that access has not ended' },
      },
    ]);
    expect(withoutArchive()).toEqual([
      ...['freezeUser', 'parked', 'freezeUser'],
      ...['leaveGroups', 'leaveGroups', 'deactivateUser', 'offboarded'],
    ]);
  });

  test('skipStep goes on without it, and the report says who skipped it and why', async () => {
    world.fake('leaveGroups', refused);
    const handle = await send();
    await world.parked(handle, 'leaveGroups');
    await skip(handle, 'leaveGroups');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(reports().at(-1)).toContain('Leave all groups: skipped (by ada: by hand)');
  });

  test('retryStep of a step that is refused again parks again', async () => {
    world.fake('archivePerson', failing(2, rejected('archive holds other bytes'), archived));
    const handle = await send();
    await world.parked(handle, 'archive');
    await retry(handle, 'archive');
    await world.until(handle, () => world.callsOf('archivePerson').length === 2);
    await world.parked(handle, 'archive');
    await retry(handle, 'archive');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('a decision about a step that is not parked is refused with a sentence', async () => {
    world.fake('freezeUser', failing(1, refused, 'done'));
    const handle = await send();
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

  test('escalate notifies the manager, then the administrator, while it is parked', async () => {
    world.fake('freezeUser', failing(1, refused, 'done'));
    const handle = await send();
    await world.parked(handle, 'freeze');
    for (const reason of ['nobody cares', 'still nobody']) await escalate(handle, reason);
    await world.until(handle, heard('notified the', 2));
    const escalated = world.notifications().filter(({ kind }) => kind === 'escalation');
    expect(escalated.map(({ to }) => to).sort()).toEqual(['admin@example.com', 'mona@example.com']);
    await retry(handle, 'freeze');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });
});

describe('offboarding and its guards', () => {
  test('a reason that is not a leaver’s parks before anything is changed', async () => {
    setPolicy({ leaverReasons: ['terminated'] });
    const handle = await send({ reason: 'licence reclaimed' });
    const { steps } = await world.parked(handle);
    expect(steps).toMatchObject([{ step: 'checkReason', status: 'parked' }]);
    expect(effectsIn(world)).toEqual(['parked']);
    await skip(handle, 'checkReason');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('freezeUser')).toHaveLength(1);
  });

  test('a reason of the list goes on', async () => {
    setPolicy({ leaverReasons: ['terminated'] });
    await expect((await send()).result()).resolves.toEqual({ outcome: 'done' });
  });

  test.each([
    ['goes on by retryStep once there is room', true],
    ['still, goes on by retryStep: it is a person’s decision', false],
  ])('over the limit it parks; %s', async (_claim, isAdmittedLater) => {
    world.fake('admitLeaver', false);
    const handle = await send();
    const { steps } = await world.parked(handle);
    expect(steps.at(-1)).toMatchObject({ step: 'checkLimit', status: 'parked' });
    expect(steps.at(-1)?.detail).toContain('over the limit of 50 leavers an hour');
    expect(world.callsOf('sendMail')[0]?.args[3]).toMatchObject({
      kind: 'parked',
      cause: 'over the limit of leavers an hour',
    });
    expect(world.callsOf('freezeUser')).toEqual([]);
    world.fake('admitLeaver', isAdmittedLater);
    await retry(handle, 'checkLimit');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('admitLeaver').map(({ args }) => args)).toEqual([[handle.workflowId], [handle.workflowId]]);
    expect(world.callsOf('freezeUser')).toHaveLength(1);
  });

  test.each([
    ['user id', 'u1', person.email],
    ['address', 'rita@example.com', person.email],
    ['address in other case', 'Rita@Example.com', 'RITA@example.com'],
  ])('a user protected by %s parks and is not changed', async (_by, name, email) => {
    world.policy = { ...world.policy, protected: { users: [name], groups: [] } };
    const handle = await send({ email });
    const { steps } = await world.parked(handle);
    expect(steps.at(-1)).toMatchObject({ step: 'checkProtected', status: 'parked' });
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(effectsIn(world)).toEqual(['parked', 'reinstateLearner']);
  });
});

describe('offboarding and its deactivation', () => {
  beforeEach(() => setPolicy({ deactivateAfterDays: 7 }));

  test('reports that access has ended, deactivates a week later, and reports the end', async () => {
    const begun = await world.now();
    world.fake('deactivateUser', 'unchanged');
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(withoutArchive()).toEqual([
      ...['freezeUser', 'leaveGroups', 'leaveGroups', 'offboarded'],
      ...['deactivateUser', 'offboarded'],
    ]);
    const day = (at: number) => Math.round((at - begun) / DAY);
    expect([day(startOf('archivePerson')), day(startOf('deactivateUser'))]).toEqual([0, 7]);
    const [first, last] = reports();
    expect(first).toMatch(
      /Identity provider: Freeze [^:]*: done, \w+day, \d+ \w+ \d{4}, \d\d:\d\d UTC[^]*Deactivation in the identity provider: due \w+day, /,
    );
    expect(last).toMatch(
      /Identity provider: Freeze [^:]*: done, \w+day[^]*Archive: Archive [^:]*: done \(SHA-256 cd\), \w+day[^]*Mail: Notify [^]*: done \(by mail\), [^]*Identity provider: Deactivate [^:]*: done \(unchanged; cannot be undone\), \w+day/,
    );
    expect(last).not.toContain('due');
  });

  test('waits for its day as a workflow says, and cancel restores the rest', async () => {
    const handle = await send();
    const { waitingFor, deadline } = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(waitingFor).toBe('the day of the deactivation');
    expect(Math.round((epochMs(deadline ?? '') - (await world.now())) / DAY)).toBe(7);
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.callsOf('deactivateUser')).toEqual([]);
    expect(restored()).toEqual(['leaveLateGroups', 'leaveGroups', 'freeze']);
  });
});

describe('offboarding of an account that another active learner has', () => {
  test('parks before access ends, names them, and goes on when a person says so', async () => {
    world.fake('findSharers', ['u2']);
    const handle = await send();
    const { steps } = await world.parked(handle, 'sharedAccount');
    expect(steps.find(({ step }) => step === 'sharedAccount')?.detail).toMatch(
      /^shared account\? the active learner u2 /,
    );
    expect(world.callsOf('freezeUser')).toEqual([]);
    await skip(handle, 'sharedAccount');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('freezeUser')).toHaveLength(1);
  });

  test('asks by the address that the identity provider has, and goes on by retryStep when the other one has left', async () => {
    world.fake('findContact', { email: 'shared@example.com', managerEmail: null });
    let hasLeft = false;
    world.fake('findSharers', ({ emails }) => (!hasLeft && emails.includes('shared@example.com') ? ['u2'] : []));
    const handle = await send();
    await world.parked(handle, 'sharedAccount');
    expect(world.callsOf('findSharers').at(-1)?.args).toEqual([
      { userId: 'u1', emails: ['rita@example.com', 'shared@example.com'] },
    ]);
    hasLeft = true;
    await retry(handle, 'sharedAccount');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('goes on by itself when the other one has left too', async () => {
    world.fake('findSharers', inTurn(['u2'], ['u2'], []));
    const handle = await send();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    await world.until(handle, heard('sharedAccount goes on by itself'));
    expect(world.callsOf('freezeUser')).toHaveLength(1);
  });

  test('who returns under a new id in the days before the deactivation keeps the account', async () => {
    setPolicy({ deactivateAfterDays: 7 });
    const handle = await send();
    await world.until(handle, ({ phase }) => phase === 'waiting');
    world.fake('findSharers', ['u2']);
    await world.sleep('8 days');
    await world.parked(handle, 'sharedAccount');
    expect(world.callsOf('deactivateUser')).toEqual([]);
    await end(handle);
  });
});
