import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

let started = 0;
/** As the Schedule does. */
const start = (): Promise<WorkflowHandle> =>
  world.env.client.workflow.start('housekeeping', {
    taskQueue: 'mindtickle',
    workflowId: `housekeeping:acme-${(started += 1)}`,
  });

const prunes = (answers: readonly object[]): void => {
  const left = [...answers];
  world.answers.set('pruneLedger', () => left.shift());
};
const batch = (receipts: number, more: boolean) => ({ receipts, replays: 1, refusals: 2, more });

describe('housekeeping', () => {
  test('prunes a piece at a time until there is no more, and says how much went', async () => {
    prunes([batch(1000, true), batch(1000, true), batch(7, false)]);
    await expect((await start()).result()).resolves.toEqual({
      outcome: 'done',
      pruned: { receipts: 2007, replays: 3, refusals: 6 },
      quiet: { asked: 0, closed: 0 },
    });
    expect(world.calls.map(({ name, args }) => [name, args])).toEqual([
      ['pruneLedger', []],
      ['pruneLedger', []],
      ['pruneLedger', []],
      ['closeGone', []],
    ]);
  });

  test('leaves the rest of a mountain to the next time, so that its history stays short', async () => {
    world.answers.set('pruneLedger', () => batch(1000, true));
    const handle = await start();
    await handle.result();
    expect(world.named('pruneLedger')).toHaveLength(50);
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(400);
  });

  test('looks after the quiet a hundred at a time until there are no more, within bounds', async () => {
    const left = [true, true, false];
    world.answers.set('closeGone', () => ({ asked: 100, closed: 1, more: left.shift() }));
    await expect((await start()).result()).resolves.toMatchObject({ quiet: { asked: 300, closed: 3 } });
    world.answers.set('closeGone', () => ({ asked: 100, closed: 0, more: true }));
    const handle = await start();
    await expect(handle.result()).resolves.toMatchObject({ quiet: { asked: 5000, closed: 0 } });
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(400);
  });

  test('waits for a ledger that is away', async () => {
    let calls = 0;
    world.answers.set('pruneLedger', () => {
      calls += 1;
      if (calls < 20) throw ApplicationFailure.create({ type: 'ledger.unavailable', message: 'ledger did not answer' });
      return batch(3, false);
    });
    await expect((await start()).result()).resolves.toMatchObject({ pruned: { receipts: 3 } });
  });
});
