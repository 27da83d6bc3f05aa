import { DAY, isoTime, type Notification } from '../../src/domain';
import type { ProcessState } from '../../workflows/messages';
import { credentialsRefused, failing, learner, rejected, unavailable } from './fakes';
import { cancel, escalate, retry, skip } from './operator';
import { end, heard, stepIs, useWorld } from './world';

/** Who hears of what waits for a person: at once, or with others of the same cause. */
const world = useWorld();

const earlier = { notifiedAt: '2026-11-28T10:00:00.000Z', workflowId: 'first' };
const ofKind = (kind: Notification['kind']) => world.notifications().filter((sent) => sent.kind === kind);
const lastMail = () => world.callsOf('sendMail').at(-1)?.args[3];

describe('a parked step whose cause others share', () => {
  test('is notified of once, and says when and with which workflow that was', async () => {
    world.fake('joinGroup', credentialsRefused);
    world.fake('claimAlert', earlier);
    const handle = await world.send('certification.expired');
    const { history } = await world.until(handle, heard('notified of the same cause'));
    expect(history).toMatchObject([
      {
        what: 'notified of the same cause at 2026-11-28T10:00:00.000Z with first',
        by: 'mindtickle',
        reason: credentialsRefused.message,
      },
    ]);
    expect(ofKind('parked')).toEqual([]);
    expect(world.callsOf('claimAlert')[0]?.args[0]).toMatchObject({
      step: 'joinRecertificationRequired',
      about: 'Recertification of u1: Sales',
    });
    await end(handle);
    expect(world.callsOf('dropAlertCase').map(({ args }) => args[0])).toEqual([
      { workflowId: handle.workflowId, step: 'joinRecertificationRequired' },
    ]);
  });

  test('frees the cause when nobody could be notified', async () => {
    world.fake('joinGroup', credentialsRefused);
    world.fake('sendMail', rejected('mail answered 550'));
    const handle = await world.send('certification.expired');
    await world.until(handle, heard('a notification was not sent'));
    await world.atRest(handle);
    expect(world.callsOf('releaseAlert')).toHaveLength(1);
    await end(handle);
  });
});

describe('a step that ends access', () => {
  test.each(['freezeUser', 'leaveGroups', 'freezeCrmUser', 'deactivateSlackUser', 'deactivateUser'] as const)(
    'is notified of each time it parks, whatever others of the same cause said: %s',
    async (name) => {
      world.modes = { ...world.modes, salesforce: 'on', slack: 'on' };
      const { offboarding } = world.policy;
      world.policy = { ...world.policy, offboarding: { ...offboarding, deactivateAfterDays: 0 } };
      world.fake('claimAlert', earlier);
      world.fake(name, credentialsRefused);
      const handle = await world.send('user.deprovisioned');
      await world.until(handle, ({ notified }) =>
        notified.some(({ notification }) => notification.startsWith('parked')),
      );
      expect(ofKind('parked')).toHaveLength(1);
      await end(handle);
    },
  );

  test('is one too where a certificate gave the access', async () => {
    world.fake('leaveGroup', credentialsRefused);
    world.fake('claimAlert', earlier);
    const handle = await world.send('certification.expired', {
      data: { renewalDeadline: isoTime((await world.now()) - 3 * DAY) },
    });
    await world.parked(handle, 'leaveCertified');
    expect(ofKind('parked')).toHaveLength(1);
    await end(handle);
  });

  test('is heard of by Slack although mail is away, and by one administrator although another is refused', async () => {
    world.modes = { ...world.modes, slack: 'on' };
    const slack = { alertsChannel: '#ops', directMessages: false };
    world.policy = { ...world.policy, slack, administrators: ['gone@example.com', 'admin@example.com'] };
    world.fake('freezeUser', credentialsRefused);
    world.fake('sendMail', (_context, to) => {
      throw to === 'gone@example.com' ? rejected('mail answered 550') : unavailable(3_600_000);
    });
    const handle = await world.send('user.deprovisioned');
    await world.until(handle, ({ notified }) => notified.some(({ channel }) => channel === 'slack'));
    expect(world.callsOf('postSlackMessage').map(({ args }) => args[1])).toEqual([{ channel: '#ops' }]);
    expect(new Set(world.callsOf('sendMail').map(({ args }) => args[1]))).toEqual(
      new Set(['gone@example.com', 'admin@example.com']),
    );
    await end(handle);
  });

  test('of an administrator is not reported to that administrator alone', async () => {
    world.policy = { ...world.policy, administrators: ['Rita@example.com', 'admin@example.com'] };
    world.fake('freezeUser', failing(1, credentialsRefused, 'done'));
    const handle = await world.send('user.deprovisioned');
    await world.parked(handle, 'freeze');
    expect(ofKind('parked').map(({ to }) => to)).toEqual(['admin@example.com']);
    await end(handle);
  });
});

describe('a delivery in quarantine', () => {
  const problem = { kind: 'data-does-not-fit', detail: '`data.reason` must be a text' } as const;

  test('is notified of at once when it is a leaver’s', async () => {
    const handle = await world.send('user.deprovisioned', { problem, data: { userId: 4711, reason: null } });
    await world.until(handle, ({ notified }) => notified.length > 0);
    expect(ofKind('quarantined').map(({ to }) => to)).toEqual(['admin@example.com']);
    expect(lastMail()).toMatchObject({
      event: 'user.deprovisioned',
      why: problem.detail,
      workflowId: handle.workflowId,
      corrected: { userId: '4711' },
    });
    expect(world.callsOf('sendMail')[0]?.args[0]).toMatchObject({ userId: '4711' });
    expect(world.callsOf('addAlertCase')).toEqual([]);
    await end(handle);
  });

  test.each(['User.Deprovisioned', 'user.deactivated', 'scim.user_terminated'])(
    'is notified of at once when its event may be a leaver’s: %s',
    async (event) => {
      const handle = await world.send(event);
      await world.until(handle, ({ notified }) => notified.length > 0);
      expect(ofKind('quarantined')).toHaveLength(1);
      await end(handle);
    },
  );

  test('is kept for the digest of the hour otherwise, until somebody has decided', async () => {
    const handle = await world.send('unknown.event');
    await world.until(handle, () => world.callsOf('addAlertCase').length > 0);
    await world.atRest(handle);
    expect(world.notifications()).toEqual([]);
    const { workflowId } = handle;
    expect(world.callsOf('addAlertCase').map(({ args }) => args[0])).toMatchObject([
      { workflowId, cause: 'deliveries that cannot be read' },
    ]);
    await end(handle);
    expect(world.callsOf('dropAlertCase').map(({ args }) => args[0])).toMatchObject([{ workflowId }]);
  });
});

describe('the digest of housekeeping', () => {
  const cases = [
    { workflowId: 'e1', step: 'findAddress', about: 'Course completion of u1', since: '2026-11-28T10:00:00Z' },
  ];
  const digest = { cause: 'no address is known of the learner', cases, more: 0 };
  const run = async () => {
    const workflowId = `housekeeping:acme-digest-${world.calls.length}-${Date.now()}`;
    const handle = await world.client.workflow.start('housekeeping', { taskQueue: 'mindtickle', workflowId });
    return (await handle.result()) as { readonly digests: number };
  };

  test('goes to the administrators and the channel, and then the cases are named', async () => {
    world.modes = { ...world.modes, slack: 'on' };
    world.policy = { ...world.policy, slack: { alertsChannel: '#ops', directMessages: false } };
    world.fake('dueDigests', [digest]);
    await expect(run()).resolves.toMatchObject({ digests: 1 });
    expect(ofKind('digest').map(({ to }) => to)).toEqual(['admin@example.com']);
    expect(lastMail()).toEqual({ kind: 'digest', ...digest });
    expect(world.callsOf('postSlackMessage').map(({ args }) => args[1])).toEqual([{ channel: '#ops' }]);
    expect(world.callsOf('markDigested').map(({ args }) => args[0])).toMatchObject([{ cause: digest.cause, cases }]);
  });

  test('is due still when nobody could be notified', async () => {
    world.fake('dueDigests', [digest]);
    world.fake('sendMail', rejected('mail answered 550'));
    await expect(run()).resolves.toMatchObject({ digests: 0, outcome: 'done' });
    expect(world.callsOf('markDigested')).toEqual([]);
  });
});

describe('a missing address', () => {
  test('is a cause that many share', async () => {
    world.fake('findLearner', null);
    world.fake('claimAlert', earlier);
    const handle = await world.send('course.completed');
    await world.until(handle, heard('notified of the same cause'));
    expect(world.callsOf('claimAlert')[0]?.args[0]).toMatchObject({ cause: 'no address is known of the learner' });
    await cancel(handle);
    await handle.result();
  });

  test('is not asked for where no message can be sent', async () => {
    world.modes = { ...world.modes, mail: 'off' };
    world.fake('findLearner', null);
    const handle = await world.send('course.completed');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const { steps } = await world.state(handle);
    expect(steps.find(({ step }) => step === 'notifyLearner')).toMatchObject({
      status: 'skipped',
      detail: 'not configured',
    });
    expect(steps.some(({ step }) => step === 'findAddress')).toBe(false);
  });
});

describe('whoever is notified', () => {
  test('gets it at the address that is known when it is written', async () => {
    const handle = await world.send('user.provisioned');
    await world.until(handle, stepIs('welcome', 'done'));
    world.fake('findLearner', learner({ email: 'rita.new@example.com' }));
    await world.sleep('8 days');
    expect(ofKind('nudge').map(({ to }) => to)).toEqual(['rita.new@example.com']);
    await end(handle);
  });

  test('gets a message that was refused at the address that is known when it is tried again', async () => {
    world.fake('sendMail', failing(1, rejected('mail answered 550'), 'sent'));
    const handle = await world.send('course.completed');
    await world.parked(handle, 'notifyLearner');
    world.fake('findLearner', learner({ email: 'rita.new@example.com' }));
    await retry(handle, 'notifyLearner');
    await handle.result();
    expect(ofKind('certificate').map(({ to }) => to)).toEqual(['rita@example.com', 'rita.new@example.com']);
  });

  test('is not the learner: their own manager is passed over', async () => {
    world.fake('findLearner', learner({ managerEmail: 'Rita@example.com' }));
    world.policy = { ...world.policy, teams: { t1: { escalation: ['lena@example.com'] } } };
    const handle = await world.send('quiz.submitted');
    await world.until(handle, stepIs('notifyLead', 'done'));
    expect(ofKind('coach').map(({ to }) => to)).toEqual(['lena@example.com']);
    await end(handle);
  });

  test('has not left: the next in line hears at once', async () => {
    world.fake('findUnfit', ['mona@example.com']);
    world.policy = { ...world.policy, teams: { t1: { manager: 'tina@example.com', escalation: [] } } };
    const coaching = await world.send('quiz.submitted');
    await world.until(coaching, stepIs('notifyManager', 'done'));
    const expiry = await world.send('certification.expired');
    await world.until(expiry, stepIs('notifyManager', 'done'));
    const told = world.notifications().filter(({ kind }) => kind === 'coach' || kind === 'recertify-report');
    expect(told.map(({ to }) => to)).toEqual(['tina@example.com', 'tina@example.com']);
    for (const handle of [coaching, expiry]) await end(handle);
  });

  test('has not left by what the identity provider alone knows', async () => {
    world.fake('findInactive', ['mona@example.com']);
    world.policy = { ...world.policy, teams: { t1: { escalation: ['lena@example.com'] } } };
    const handle = await world.send('quiz.submitted');
    await world.until(handle, stepIs('notifyLead', 'done'));
    expect(ofKind('coach').map(({ to }) => to)).toEqual(['lena@example.com']);
    await end(handle);
  });

  test('is said to be by which way', async () => {
    world.modes = { ...world.modes, mail: 'off', slack: 'on' };
    world.policy = { ...world.policy, slack: { directMessages: true } };
    const bySlack = await world.send('quiz.submitted');
    await world.until(bySlack, stepIs('notifyManager', 'done'));
    world.modes = { ...world.modes, mail: 'on' };
    const byBoth = await world.send('quiz.submitted');
    const detailOf = async (handle: typeof bySlack) =>
      (await world.state(handle)).steps.find(({ step }) => step === 'notifyManager')?.detail;
    expect(await detailOf(bySlack)).toBe('by slack');
    await world.seen(
      byBoth,
      'says both ways',
      async () => (await detailOf(byBoth)) === 'by mail and slack' || undefined,
    );
    for (const handle of [bySlack, byBoth]) await end(handle);
  });
});

describe('what people are notified of', () => {
  test('says since when, what happens by itself, and what an escalation waits for', async () => {
    world.fake('freezeUser', failing(1, credentialsRefused, 'done'));
    const handle = await world.send('user.deprovisioned');
    await world.parked(handle, 'freeze');
    const time = expect.stringMatching(/^2\d{3}-.*Z$/) as string;
    expect(lastMail()).toMatchObject({
      title: 'Freeze the sign-in and end the sessions',
      since: time,
      due: { at: time, next: 'it is escalated that access has not ended' },
    });
    await escalate(handle);
    await world.until(handle, heard('notified the manager'));
    expect(lastMail()).toMatchObject({
      kind: 'escalation',
      since: time,
      waitingFor: 'retryStep or skipStep of "freeze"',
    });
    await end(handle);
  });
});

describe('the answer of a decision', () => {
  const JOIN = 'joinRecertificationRequired';
  const joinOf = ({ steps }: ProcessState) => steps.find(({ step }) => step === JOIN);

  test('of retryStep is what came of it', async () => {
    world.fake('joinGroup', failing(1, rejected('identity has no such group'), 'done'));
    const handle = await world.send('certification.expired');
    await world.parked(handle);
    expect(joinOf(await retry(handle, JOIN))).toMatchObject({ status: 'done' });
    await world.until(handle, stepIs('notifyManager', 'done'));
    await end(handle);
  });

  test('of retryStep is that it is being retried, where that takes long', async () => {
    world.fake('joinGroup', failing(1, rejected('identity has no such group'), 'done'));
    const handle = await world.send('certification.expired');
    await world.parked(handle);
    world.fake('joinGroup', unavailable(60_000));
    expect(joinOf(await retry(handle, JOIN))).toMatchObject({
      status: 'running',
      detail: expect.not.stringContaining('no such group') as string,
    });
    await end(handle);
  });

  test('of skipStep is the step as it was skipped', async () => {
    world.fake('joinGroup', rejected('identity has no such group'));
    const handle = await world.send('certification.expired');
    await world.parked(handle);
    expect(joinOf(await skip(handle, JOIN))).toMatchObject({ status: 'skipped', detail: 'by ada: by hand' });
    await world.until(handle, stepIs('notifyManager', 'done'));
    await end(handle);
  });

  test('that is refused is a failure that nobody tries again', async () => {
    const handle = await world.send('unknown.event');
    await world.until(handle, ({ phase }) => phase === 'waiting');
    await expect(retry(handle, 'freeze')).rejects.toMatchObject({
      cause: { message: 'no step is parked', type: 'refused', nonRetryable: true },
    });
    await end(handle);
  });
});

describe('a step that is being retried', () => {
  test('says so after its second failure: attempt, last error, next try', async () => {
    world.fake('freezeUser', failing(6, unavailable(20 * 60_000), 'done'));
    const handle = await world.send('user.deprovisioned');
    const detailOf = async () => (await world.state(handle)).steps.find(({ step }) => step === 'freeze')?.detail ?? '';
    await world.sleep('25 minutes');
    const said = await world.seen(handle, 'says that it is retried', async () => (await detailOf()) || undefined);
    expect(said).toMatch(
      /^attempt 2 failed: identity did not answer; next try at 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
    );
    await world.sleep('80 minutes');
    expect(await detailOf()).toMatch(/^attempt 6 failed: identity did not answer; next try at /);
    await world.sleep('30 minutes');
    await world.until(handle, stepIs('freeze', 'done'));
    expect(world.callsOf('freezeUser')).toHaveLength(7);
    await end(handle);
  });
});
