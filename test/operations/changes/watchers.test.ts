import type { Client } from '@temporalio/client';
import { importPeople } from '../../../src/ledger';
import { createChanges, watchLedger, watchTemporal, type Change, type Changes } from '../../../src/operations/changes';
import { openLedger } from '../../ledger/fixture';

/** Resolves when the topic is published. */
function published(changes: Changes, topic: string): Promise<void> {
  return new Promise((resolve) => {
    const end = changes.subscribe(({ topics }: Change) => {
      if (!topics.some((each) => each === topic)) return;
      end();
      resolve();
    });
  });
}

describe('watchLedger', () => {
  test('notices what was written where nothing can be heard, while somebody watches', async () => {
    const ledger = await openLedger();
    const changes = createChanges({ startedAt: 1, gatherMs: 0 });
    const nowhere = (): string => 'postgres://127.0.0.1:1/none';
    const watcher = watchLedger({ pool: ledger.pool, url: nowhere, changes, pollMs: 20 });
    const person = { userId: 'u', email: null, role: null, teamId: null, managerEmail: null };
    const noticed = published(changes, 'learners');
    // The first look is what later ones are compared with.
    const timer = setInterval(() => {
      const written = importPeople(ledger.pool, [{ ...person, userId: String(performance.now()) }], {
        overwrite: false,
        dryRun: false,
      });
      written.catch(() => undefined);
    }, 50);
    await expect(noticed).resolves.toBeUndefined();
    clearInterval(timer);
    await watcher.close();
    await ledger.stop();
  });
});

describe('watchTemporal', () => {
  test('notices that counts have changed, and asks nothing while nobody watches', async () => {
    let asked = 0;
    const client = {
      connection: { withDeadline: <T>(_at: number, work: () => T) => work() },
      workflow: { count: () => Promise.resolve({ count: (asked += 1) }) },
    } as unknown as Client;
    const changes = createChanges({ startedAt: 1, gatherMs: 0 });
    const watcher = watchTemporal({ client: () => client, changes, pollMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(asked).toBe(0);
    await published(changes, 'workflows');
    expect(asked).toBeGreaterThan(0);
    await watcher.close();
  });
});
