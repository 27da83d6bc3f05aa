import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { openWorld, type World } from './old-world';

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

  describe('with Salesforce', () => {
    const some = (synced: number, more: boolean) => ({ synced, observed: 0, refused: 0, examples: [], more });
    beforeEach(() => {
      world.modes = { ...world.modes, salesforce: 'on' };
    });

    test('brings progress until there is no more, names what was refused, within bounds', async () => {
      const example = { key: 'mt-1:module:m', code: 'STRING_TOO_LONG' };
      const left = [some(1000, true), { ...some(7, false), refused: 1, examples: [example] }];
      world.answers.set('syncProgress', () => left.shift());
      await expect((await start()).result()).resolves.toMatchObject({
        progress: { synced: 1007, observed: 0, refused: 1, examples: [example] },
      });
      expect(world.named('syncProgress').map(({ args }) => args)).toEqual([[{ mode: 'on' }], [{ mode: 'on' }]]);
      world.answers.set('syncProgress', () => some(1000, true));
      const handle = await start();
      await expect(handle.result()).resolves.toMatchObject({ progress: { synced: 50_000 } });
      expect((await handle.fetchHistory()).events?.length).toBeLessThan(400);
    });

    test('observed, it says so', async () => {
      world.modes = { ...world.modes, salesforce: 'observe' };
      await (await start()).result();
      expect(world.named('syncProgress').map(({ args }) => args)).toEqual([[{ mode: 'observe' }]]);
    });

    test('that refuses, or is away for long, is named, and fails nothing else', async () => {
      const refused = ApplicationFailure.create({
        type: 'salesforce.rejected',
        message: 'salesforce refused: INVALID_FIELD',
        nonRetryable: true,
      });
      const left = [some(1000, true)];
      world.answers.set('syncProgress', () => {
        const next = left.shift();
        if (next === undefined) throw refused;
        return next;
      });
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'done',
        progress: { synced: 1000, failed: 'salesforce refused: INVALID_FIELD' },
      });
      world.answers.set('syncProgress', () => {
        throw ApplicationFailure.create({ type: 'salesforce.unavailable', message: 'salesforce answered 503' });
      });
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'done',
        progress: { failed: 'salesforce answered 503' },
      });
    });
  });

  test('without Salesforce asks nothing of it', async () => {
    await expect((await start()).result()).resolves.not.toHaveProperty('progress');
    expect(world.named('syncProgress')).toEqual([]);
  });
});
