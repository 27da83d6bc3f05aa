import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectorOptions, runWorker } from '../../src/commands/worker';
import { SettingsError } from '../../src/settings-error';
import type { Connected } from '../../src/temporal/connection';
import { openNamespace, temporalAddress } from '../receiver/temporal';

let temporal: Connected;
let place: string;
beforeAll(async () => {
  temporal = await openNamespace();
  place = mkdtempSync(join(tmpdir(), 'worker-'));
});
afterAll(async () => {
  await temporal.close();
  rmSync(place, { recursive: true });
});

/** With a window of so many seconds back; the namespace keeps a day. */
function settings(windowBackSeconds: number, others: Record<string, string> = {}) {
  const path = join(place, 'config.yaml');
  writeFileSync(path, `delivery: { windowBackSeconds: ${windowBackSeconds} }`);
  return {
    MINDTICKLE_COMPANY_ID: 'acme',
    MINDTICKLE_CONFIG: path,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'error',
    ...others,
  };
}

describe('runWorker', () => {
  test('refuses to start when the ledger forgets before a delivery can no longer be sent again', async () => {
    const refused = runWorker(settings(30_000, { RECEIPT_DAYS: '0.3', TEMPORAL_ADDRESS: '127.0.0.1:1' }));
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(/^delivery\.windowBackSeconds: .* or set RECEIPT_DAYS to 0\.36 or more$/);
  });

  test('refuses to start when the namespace does, with the command that closes the hole', async () => {
    const refused = runWorker(settings(100_000));
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(
      `run \`temporal operator namespace update --retention 2d -n ${temporal.namespace}\`, or set ` +
        'delivery.windowBackSeconds to 86100 or less',
    );
  });
});

describe('connectorOptions', () => {
  const activities = {};

  test('a connector has a task queue and slots of its own', () => {
    expect(connectorOptions('mail', activities)).toEqual({
      taskQueue: 'mindtickle-mail',
      activities,
      maxConcurrentActivityTaskExecutions: 20,
    });
  });

  test('the rate is of the task queue, for all workers together', () => {
    const limits = { mail: { perSecond: 2.5, slots: 3 }, identity: { perSecond: 9 } };
    expect(connectorOptions('mail', activities, limits)).toMatchObject({
      maxConcurrentActivityTaskExecutions: 3,
      maxTaskQueueActivitiesPerSecond: 2.5,
    });
  });
});
