import { MockActivityEnvironment } from '@temporalio/testing';
import { createWebhookActivities, type WebhookDeps, type WebhookWatched } from '../../activities/webhook';
import { DAY, HOUR } from '../../src/domain';
import { storeWebhook } from '../../src/ledger';
import { listChanges } from '../../src/ledger/views';
import { createWebhookClient } from '../../src/webhooks';
import { startMindtickle, type Mindtickle } from '../dev/stand-ins/mindtickle/running';
import { stopAll } from '../dev/stand-ins/running';
import { openLedger, type LedgerFixture } from '../ledger/fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.pool.query('truncate webhook, webhook_incidents, receipts, refusals, effects'));
afterEach(stopAll);

const wanted = { url: 'https://hooks.example.com/webhooks/mindtickle', events: ['quiz.submitted'], companyId: 'acme' };
let received = 0;
const receive = (ms: number) =>
  ledger.pool.query(
    `insert into receipts (event_id, signature_digest, body_digest, event, workflow_id, first_run_id, signed_at, received_at)
     values ($1, $1, $1, 'quiz.submitted', $1, $1, now(), now() - $2 * interval '1 millisecond')`,
    [`e${(received += 1)}`, ms],
  );

/** A MindTickle with our webhook, and housekeeping's look at it, as often as it is called. */
async function watched(mindtickle: Mindtickle, change: Partial<WebhookDeps> = {}) {
  const client = createWebhookClient({ baseUrl: mindtickle.apiUrl, token: () => mindtickle.token });
  const made = await client.create(wanted);
  const id = made.ok ? made.value.id : 'none';
  await storeWebhook(ledger.pool, { webhookId: id, ...wanted, by: 'ada' });
  let isReady = true;
  const activities = createWebhookActivities({
    pool: ledger.pool,
    client: () => client,
    isReceiverReady: () => Promise.resolve(isReady),
    webhookId: undefined,
    ...change,
  });
  const environment = new MockActivityEnvironment();
  return {
    id,
    becomes: (ready: boolean) => (isReady = ready),
    watch: async (): Promise<WebhookWatched> => {
      const found: WebhookWatched = await environment.run(() => activities.watchWebhook());
      for (const { incidentId, what } of found.notices)
        await environment.run(() => activities.markWebhookNotified({ incidentId, what }));
      return found;
    },
  };
}
const saidIn = ({ notices }: WebhookWatched) =>
  notices.map(({ what, notification }) => (notification.kind === 'webhook' ? `${what}: ${notification.says}` : ''));
const statusAt = async (mindtickle: Mindtickle) => (await mindtickle.state()).webhooks[0]?.status;

describe('watchWebhook', () => {
  test('of a webhook that does well notifies nobody', async () => {
    const { watch } = await watched(await startMindtickle());
    await receive(0);
    await expect(watch()).resolves.toMatchObject({ status: 'ok', reactivated: false, notices: [] });
  });

  test('re-activates one that is suspended: one message, one at the end with the gap, and a row in the audit', async () => {
    const mindtickle = await startMindtickle();
    const { id, watch } = await watched(mindtickle);
    await receive(25 * HOUR);
    await mindtickle.suspend(id);
    const healed = await watch();
    expect(healed.reactivated).toBe(true);
    expect(saidIn(healed)).toEqual(['begun: MindTickle has suspended the webhook: nothing is delivered.']);
    expect(JSON.stringify(healed.notices)).toContain('so it was re-activated');
    expect(JSON.stringify(healed.notices)).not.toContain('mt webhooks reactivate');
    expect(await statusAt(mindtickle)).toBe('active');
    const [change] = await listChanges(ledger.pool, { limit: 5 });
    expect(change).toMatchObject({ step: 'reactivateWebhook', status: 'done', actor: 'mindtickle housekeeping' });
    expect((await watch()).notices).toEqual([]);
    await receive(0);
    const over = await watch();
    expect(saidIn(over)).toEqual(['over: MindTickle has suspended the webhook: nothing is delivered.']);
    const gap = over.notices[0]?.notification.kind === 'webhook' ? over.notices[0].notification.gap : null;
    const hours = (Date.parse(gap?.to ?? '') - Date.parse(gap?.from ?? '')) / HOUR;
    expect(Math.round(hours)).toBe(25);
    expect((await watch()).notices).toEqual([]);
  });

  test('not while the receiver is not ready, and again only after a pause', async () => {
    const mindtickle = await startMindtickle();
    const { id, watch, becomes } = await watched(mindtickle);
    await mindtickle.suspend(id);
    becomes(false);
    const waiting = await watch();
    expect([waiting.reactivated, await statusAt(mindtickle)]).toEqual([false, 'suspended']);
    expect(JSON.stringify(waiting.notices)).toContain('as soon as our receiver is ready');
    becomes(true);
    await expect(watch()).resolves.toMatchObject({ reactivated: true, notices: [] });
    await mindtickle.suspend(id);
    await expect(watch()).resolves.toMatchObject({ reactivated: false, status: 'fail' });
  });

  test('where it cannot be read, an outage of a day is taken for a suspension', async () => {
    const mindtickle = await startMindtickle({ undocumentedCalls: '405' });
    const { id, watch } = await watched(mindtickle);
    await receive(26 * HOUR);
    await watch();
    await ledger.pool.query(`update webhook set ready_at = now() - interval '25 hours'`);
    await mindtickle.suspend(id);
    const healed = await watch();
    expect(healed.reactivated).toBe(true);
    expect(saidIn(healed)[0]).toContain('probably suspended');
    expect(await statusAt(mindtickle)).toBe('active');
  });

  test('without a token looks at what came all the same', async () => {
    const { watch } = await watched(await startMindtickle(), { client: () => undefined });
    await ledger.pool.query(`update webhook set registered_at = now() - interval '2 days'`);
    expect(saidIn(await watch())).toEqual(['begun: Nothing has come since the webhook was registered.']);
  });

  test('of a MindTickle that is away, or refuses the token, says so and goes on', async () => {
    const mindtickle = await startMindtickle();
    const wrong = createWebhookClient({ baseUrl: mindtickle.apiUrl, token: () => 'a-wrong-token' });
    const { watch } = await watched(mindtickle, { client: () => wrong });
    expect(saidIn(await watch())).toEqual([expect.stringContaining('refuses our token') as string]);
  });

  test('a webhook that is gone is said', async () => {
    const mindtickle = await startMindtickle();
    const { id, watch } = await watched(mindtickle);
    await mindtickle.call('DELETE', `/v2/webhooks/${id}`);
    expect(saidIn(await watch())).toEqual([expect.stringContaining('does not know the webhook any more') as string]);
  });

  test('of a webhook that nobody registered asks nothing', async () => {
    const { watch } = await watched(await startMindtickle());
    await ledger.pool.query('truncate webhook');
    await receive(DAY);
    await expect(watch()).resolves.toMatchObject({ status: 'ok', notices: [] });
  });
});
