import { createHash } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { searchAttributes } from '../../src/temporal';
import { end, openWorld, stepIs, type World } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const progress = { userId: 'u1', moduleName: 'Objections', moduleId: 'm1', progressPct: 40, timeSpentSec: 60 };
const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };

const start = () => world.start('moduleProgress', progress, { event: 'module.progress' });
const settlesNow = (workflowId: string): void => {
  const settles = [{ workflowId, news: { signal: 'started', eventId: 'p1' } }];
  world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy: null, settles }));
};

describe('moduleProgress', () => {
  test('is one local activity and nothing else', async () => {
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent']);
    const { events } = await handle.fetchHistory();
    expect(events).toHaveLength(6);
    expect(events?.some((event) => event.activityTaskScheduledEventAttributes)).toBe(false);
    expect(world.named('recordEvent')[0]?.args[0]).toMatchObject({
      receipt: { eventId: handle.workflowId, workflowId: handle.workflowId, event: 'module.progress' },
      fact: { kind: 'progressed', userId: 'u1', moduleId: 'm1', percent: 40, seconds: 60 },
    });
  });

  test.each(['duplicate', 'replayed'])('a %s says which event was first', async (outcome) => {
    world.answers.set('recordEvent', () => ({ outcome, first: 'e0' }));
    await expect((await start()).result()).resolves.toEqual({ outcome, first: 'e0' });
  });

  test('of an event that the ledger has with other bytes is kept as a conflict, once', async () => {
    world.answers.set('recordEvent', ({ receipt }: { receipt: { eventId: string } }) =>
      receipt.eventId.startsWith('conflict:')
        ? { outcome: 'new', answer: {}, settledBy: null, settles: [] }
        : { outcome: 'duplicate', first: receipt.eventId, conflict: true },
    );
    const handle = await start();
    await expect(handle.result()).resolves.toEqual({ outcome: 'duplicate', first: handle.workflowId });
    const digest = createHash('sha256').update(JSON.stringify(progress)).digest('hex');
    const kept = world.env.client.workflow.getHandle(`conflict:${handle.workflowId}:${digest.slice(0, 16)}`);
    await world.until(kept, ({ history }) => history.length > 0);
    const { type, memo, typedSearchAttributes } = await kept.describe();
    expect({ type, memo }).toEqual({
      type: 'quarantine',
      memo: { bodyDigest: digest },
    });
    expect(typedSearchAttributes.get(searchAttributes.event)).toBe('module.progress');
    expect(typedSearchAttributes.get(searchAttributes.phase)).toBe('waiting');
    await end(kept);
    // The same bytes came before: they are kept already.
    const again = await world.env.client.workflow.start('moduleProgress', {
      taskQueue: 'mindtickle',
      workflowId: handle.workflowId,
      args: await argsOf(handle),
    });
    await expect(again.result()).resolves.toEqual({ outcome: 'duplicate', first: handle.workflowId });
  });

  test('a new hire’s first progress starts the open onboarding', async () => {
    const open = await world.start('onboarding', hire, { event: 'user.provisioned' });
    await world.until(open, stepIs('welcome', 'done'));
    await world.atRest(open);
    settlesNow(open.workflowId);
    await expect((await start()).result()).resolves.toEqual({ outcome: 'done' });
    await expect(open.result()).resolves.toEqual({ outcome: 'done' });
    expect((await world.state(open)).history).toMatchObject([{ what: 'started', by: 'event p1' }]);
    expect(world.letters().map(({ kind }) => kind)).toEqual(['welcome']);
  });

  test('a workflow that never existed is marked gone', async () => {
    settlesNow('no-such-workflow');
    await expect((await start()).result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('markGone').map(({ args }) => args)).toEqual([['no-such-workflow']]);
  });

  test('a workflow that has ended is marked gone', async () => {
    const ended = await start();
    await ended.result();
    settlesNow(ended.workflowId);
    await expect((await start()).result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('markGone').map(({ args }) => args)).toEqual([[ended.workflowId]]);
  });

  test('with the ledger away it goes on as a normal activity', async () => {
    world.answers.set('recordEvent', () => {
      if (world.named('recordEvent').length < 4) throw new Error('the ledger is away');
      return { outcome: 'new', answer: {}, settledBy: null, settles: [] };
    });
    await expect((await start()).result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('recordEvent')).toHaveLength(4);
  });
});

/** What the run was started with. */
async function argsOf(handle: WorkflowHandle): Promise<unknown[]> {
  const { events } = await handle.fetchHistory();
  const payloads = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return payloads.map((payload) => defaultPayloadConverter.fromPayload(payload));
}
