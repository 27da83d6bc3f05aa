import type { WorkflowHandle } from '@temporalio/client';
import { MINUTE, type Notification } from '../../src/domain';
import { TASK_QUEUE } from '../../src/temporal';
import { failing, inTurn, rejected, unavailable, type Fakes } from './fakes';
import { useWorld } from './world';

const world = useWorld();

let started = 0;
/** As the Schedule does. */
const start = (): Promise<WorkflowHandle> =>
  world.client.workflow.start('housekeeping', {
    taskQueue: TASK_QUEUE,
    workflowId: `housekeeping:acme-${(started += 1)}`,
  });

/** So that the history of one run stays short. */
async function expectFewEvents(handle: WorkflowHandle): Promise<void> {
  expect((await handle.fetchHistory()).events?.length).toBeLessThan(400);
}

const pruned = (receipts: number, more: boolean) => ({ receipts, replays: 1, refusals: 2, more });
const synced = (times: number, more: boolean) => ({ synced: times, observed: 0, refused: 0, examples: [], more });

describe('housekeeping', () => {
  test('prunes a piece at a time until there is no more, and says how much it removed', async () => {
    world.fake('pruneLedger', inTurn(pruned(1000, true), pruned(1000, true), pruned(7, false)));
    await expect((await start()).result()).resolves.toEqual({
      outcome: 'done',
      digests: 0,
      pruned: { receipts: 2007, replays: 3, refusals: 6 },
      quiet: { asked: 0, closed: 0 },
      webhook: { status: 'ok', says: ['All is well.'], reactivated: false, notified: 0 },
    });
    expect(world.calls.map(({ name, args }) => [name, args])).toEqual([
      ['pruneLedger', []],
      ['pruneLedger', []],
      ['pruneLedger', []],
      ['reconcileOpenWorkflows', []],
      ['watchWebhook', []],
      ['dueDigests', []],
    ]);
  });

  test('leaves the rest of a mountain to the next time', async () => {
    world.fake('pruneLedger', pruned(1000, true));
    const handle = await start();
    await handle.result();
    expect(world.callsOf('pruneLedger')).toHaveLength(50);
    await expectFewEvents(handle);
  });

  test('checks the quiet workflows a hundred at a time until there are no more, within bounds', async () => {
    const hundred = { asked: 100, closed: 1, more: true };
    world.fake('reconcileOpenWorkflows', inTurn(hundred, hundred, { ...hundred, more: false }));
    await expect((await start()).result()).resolves.toMatchObject({ quiet: { asked: 300, closed: 3 } });
    world.fake('reconcileOpenWorkflows', { ...hundred, closed: 0 });
    const handle = await start();
    await expect(handle.result()).resolves.toMatchObject({ quiet: { asked: 5000, closed: 0 } });
    await expectFewEvents(handle);
  });

  test('waits for a ledger that is away', async () => {
    world.fake('pruneLedger', failing(19, unavailable(), pruned(3, false)));
    await expect((await start()).result()).resolves.toMatchObject({ pruned: { receipts: 3 } });
  });

  test('without Salesforce asks nothing of it', async () => {
    await expect((await start()).result()).resolves.not.toHaveProperty('progress');
    expect(world.callsOf('syncProgressRecords')).toEqual([]);
  });
});

describe('housekeeping of the webhook', () => {
  const notification: Notification = {
    kind: 'webhook',
    what: 'begun',
    says: 'MindTickle has suspended the webhook.',
    todo: [],
    since: '2026-11-28T10:00:00Z',
    gap: null,
  };
  const watched: Fakes['watchWebhook'] = {
    status: 'fail',
    says: [notification.says],
    reactivated: true,
    notices: [{ incidentId: 7, what: 'begun', notification }],
  };

  test('notifies the administrators and the channel of alerts, and says that they are', async () => {
    world.modes = { ...world.modes, slack: 'on' };
    world.policy = { ...world.policy, slack: { ...world.policy.slack, alertsChannel: '#ops' } };
    world.fake('watchWebhook', watched);
    await expect((await start()).result()).resolves.toMatchObject({
      webhook: { status: 'fail', reactivated: true, notified: 1 },
    });
    expect(world.callsOf('sendMail').map(({ args: [, to, role, sent] }) => [to, role, sent])).toEqual([
      ['admin@example.com', 'administrator', notification],
    ]);
    expect(world.callsOf('postSlackMessage').map(({ args }) => args.slice(1))).toEqual([
      [{ channel: '#ops' }, notification],
    ]);
    expect(world.callsOf('markWebhookNotified').map(({ args }) => args)).toEqual([[{ incidentId: 7, what: 'begun' }]]);
  });

  test('a message that reaches nobody is due still the next time', async () => {
    world.fake('watchWebhook', watched);
    world.fake('sendMail', rejected('mail answered 550'));
    await expect((await start()).result()).resolves.toMatchObject({ webhook: { notified: 0 } });
    expect(world.callsOf('markWebhookNotified')).toEqual([]);
  });

  test('that fails is named, and fails nothing else', async () => {
    world.fake('watchWebhook', rejected('ledger answered nothing'));
    await expect((await start()).result()).resolves.toMatchObject({
      outcome: 'done',
      webhook: { failed: 'ledger answered nothing' },
    });
  });
});

describe('housekeeping with Salesforce', () => {
  beforeEach(() => {
    world.modes = { ...world.modes, salesforce: 'on' };
  });
  const modes = () => world.callsOf('syncProgressRecords').map(({ args }) => args);

  test('brings progress until there is no more, names what was refused, within bounds', async () => {
    const examples = [{ key: 'mt-1:module:m', code: 'STRING_TOO_LONG' }];
    world.fake('syncProgressRecords', inTurn(synced(1000, true), { ...synced(7, false), refused: 1, examples }));
    await expect((await start()).result()).resolves.toMatchObject({
      progress: { synced: 1007, observed: 0, refused: 1, examples },
    });
    expect(modes()).toEqual([[{ mode: 'on' }], [{ mode: 'on' }]]);
    world.fake('syncProgressRecords', synced(1000, true));
    const handle = await start();
    await expect(handle.result()).resolves.toMatchObject({ progress: { synced: 50_000 } });
    await expectFewEvents(handle);
  });

  test('observed, it says so', async () => {
    world.modes = { ...world.modes, salesforce: 'observe' };
    await (await start()).result();
    expect(modes()).toEqual([[{ mode: 'observe' }]]);
  });

  test.each([
    ['that refuses', [synced(1000, true), rejected('salesforce refused: INVALID_FIELD')], { synced: 1000 }],
    ['that is away for long', [unavailable(MINUTE)], {}],
  ])('%s is named, and fails nothing else', async (_claim, answers, progress) => {
    world.fake('syncProgressRecords', inTurn<ReturnType<typeof synced>>(...answers));
    const failed = (answers.at(-1) as Error).message;
    await expect((await start()).result()).resolves.toMatchObject({
      outcome: 'done',
      progress: { ...progress, failed },
    });
  });
});
