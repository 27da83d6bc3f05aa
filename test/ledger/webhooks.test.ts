import {
  DAY,
  HOUR,
  MINUTE,
  noticeOfBegin,
  noticeOfEnd,
  type RemoteFacts,
  type WebhookIncident,
} from '../../src/domain';
import {
  addRefusals,
  beginEffect,
  changeIncidents,
  dueWebhookNotices,
  finishEffect,
  firstDeliveryAfter,
  markWebhookNotified,
  observeWebhook,
  openIncidents,
  readWebhook,
  readWebhookFacts,
  REACTIVATE_STEP,
  storeWebhook,
  webhookWorkflowId,
  type WebhookNotice,
} from '../../src/ledger';
import { checkWebhook } from '../../src/webhooks';
import { openLedger, type LedgerFixture } from './fixture';
import { refusal } from './refusal-rows';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.pool.query('truncate webhook, webhook_incidents, receipts, refusals, effects'));

let received = 0;
/** Receipts that came so long ago. */
const receive = async (event: string, ...ago: readonly number[]) => {
  for (const ms of ago)
    await ledger.pool.query(
      `insert into receipts (event_id, signature_digest, body_digest, event, workflow_id, first_run_id, signed_at, received_at)
       values ($1, $1, $1, $2, $1, $1, now(), now() - $3 * interval '1 millisecond')`,
      [`e${(received += 1)}`, event, ms],
    );
};
const register = (change: Partial<Parameters<typeof storeWebhook>[1]> = {}) =>
  storeWebhook(ledger.pool, {
    webhookId: 'wh-1',
    url: 'https://hooks.example.com/webhooks/mindtickle',
    events: ['quiz.submitted', 'user.deprovisioned'],
    by: 'ada',
    ...change,
  });
const facts = (namedId?: string) => readWebhookFacts(ledger.pool, namedId);
const active: RemoteFacts = { at: Date.now(), status: 'active', events: null, problem: null };
const observe = (isReady: boolean | null = true) => observeWebhook(ledger.pool, { remote: active, isReady });
const shift = (column: string, by: string) =>
  ledger.pool.query(`update webhook set ${column} = now() - interval '${by}'`);

describe('storeWebhook', () => {
  test('keeps since when an event is subscribed, and forgets the one that is not any more', async () => {
    await register();
    const first = await readWebhook(ledger.pool);
    await register({ events: ['quiz.submitted', 'module.progress'] });
    const second = await readWebhook(ledger.pool);
    expect(Object.keys(second?.events ?? {}).sort()).toEqual(['module.progress', 'quiz.submitted']);
    expect(second?.events['quiz.submitted']).toBe(first?.events['quiz.submitted']);
    expect(second).toMatchObject({ webhookId: 'wh-1', registeredAt: first?.registeredAt, by: 'ada' });
  });

  test('another webhook begins anew', async () => {
    await register();
    await receive('quiz.submitted', 0);
    await observe();
    await register({ webhookId: 'wh-2' });
    expect(await facts()).toMatchObject({ webhook: { id: 'wh-2' }, remote: null, deliveries: { came: [] } });
  });

  test('one that was entered by hand has no id', async () => {
    await register({ webhookId: null });
    expect(await facts()).toMatchObject({
      webhook: { id: null, events: { 'quiz.submitted': expect.any(Number) as number } },
    });
  });
});

describe('readWebhookFacts', () => {
  test('of a new ledger knows nothing, and fails of nothing', async () => {
    expect(await facts()).toEqual({
      now: expect.any(Number) as number,
      webhook: null,
      deliveries: { firstAt: null, lastAt: null, usualSilencesMs: [], accepted: 0, refused: [], came: [] },
      remote: null,
      receiver: { isReady: null, readyAt: null, outage: null },
      reactivations: [],
    });
    expect(await checkWebhook(ledger.pool)).toMatchObject([{ status: 'ok', fix: null }]);
    expect(await facts('wh-9')).toMatchObject({ webhook: { id: 'wh-9', url: null, events: {}, registeredAt: null } });
  });

  test('learns the silence that is usual at this hour of the week from each week that it knows', async () => {
    const week = 7 * DAY;
    // Two hours before this hour of the week five weeks ago, three hours before it in the next weeks, and not in the last one.
    await receive('quiz.submitted', 5 * week + 2 * HOUR, 4 * week + 3 * HOUR, 3 * week + 3 * HOUR, 2 * week + 3 * HOUR);
    const { usualSilencesMs } = (await facts()).deliveries;
    expect(usualSilencesMs.map((ms) => Math.round(ms / HOUR))).toEqual([7 * 24 + 4, 4, 4, 4, 3]);
  });

  test('counts the last hour, without what is surely not MindTickle', async () => {
    await receive('quiz.submitted', MINUTE, 2 * MINUTE, 2 * HOUR);
    const minute = new Date(Date.now() - 5 * MINUTE).toISOString();
    await addRefusals(ledger.pool, [
      refusal({ minute, rule: 'mismatch', cause: 'secret-unknown', count: 3 }),
      refusal({ minute, rule: 'stale', cause: 'clock-skew', count: 7 }),
      refusal({ minute, rule: 'path', cause: 'none', count: 100 }),
      refusal({ minute: new Date(Date.now() - 2 * HOUR).toISOString(), rule: 'mismatch', count: 50 }),
    ]);
    expect((await facts()).deliveries).toMatchObject({
      accepted: 2,
      refused: [
        { cause: 'clock-skew', count: 7 },
        { cause: 'secret-unknown', count: 3 },
      ],
    });
  });

  test('knows when it was re-activated', async () => {
    await register();
    const key = {
      workflowId: webhookWorkflowId('wh-1'),
      step: REACTIVATE_STEP,
      system: 'mindtickle',
      naturalKey: 'wh-1:1',
    };
    await beginEffect(ledger.pool, { ...key, eventId: 'none', userId: null, mode: 'on', would: {} });
    await finishEffect(ledger.pool, key, { status: 'done' });
    expect((await facts()).reactivations).toHaveLength(1);
  });
});

describe('observeWebhook', () => {
  test('remembers which events came since they were subscribed, and no others', async () => {
    await receive('user.deprovisioned', HOUR);
    await register();
    await receive('quiz.submitted', 0);
    await receive('module.progress', 0);
    await observe();
    await ledger.pool.query('truncate receipts');
    await observe();
    expect((await facts()).deliveries.came).toEqual(['quiz.submitted']);
  });

  test('an outage is an hour or longer without being found ready, and is known once it is over', async () => {
    await register();
    await observe();
    await shift('ready_at', '40 minutes');
    await observe();
    expect((await facts()).receiver.outage).toBeNull();
    await shift('ready_at', '25 hours');
    await observe(false);
    expect((await facts()).receiver).toMatchObject({ isReady: false, outage: null });
    await observe();
    const { outage, isReady } = (await facts()).receiver;
    expect(isReady).toBe(true);
    expect(Math.round(((outage?.to ?? 0) - (outage?.from ?? 0)) / HOUR)).toBe(25);
  });

  test('without a registration keeps what it saw all the same', async () => {
    await observe();
    expect(await facts()).toMatchObject({ webhook: null, remote: active, receiver: { isReady: true } });
    expect(await readWebhook(ledger.pool)).toBeNull();
  });
});

describe('incidents', () => {
  const silent: WebhookIncident = {
    kind: 'silent',
    event: null,
    since: Date.now() - HOUR,
    says: 'Nothing has come.',
    lastAt: null,
  };
  const begin = { ...silent, notice: noticeOfBegin({ ...silent, todo: [] }, null) };
  const end = noticeOfEnd(silent, null, Date.now());
  const change = (...[given]: [Partial<Parameters<typeof changeIncidents>[1]>]) =>
    changeIncidents(ledger.pool, { begun: [], over: [], ...given });

  const notified = (notices: readonly WebhookNotice[]) =>
    Promise.all(notices.map((notice) => markWebhookNotified(ledger.pool, notice)));

  test('begin once, are notified of once, and once more when they are over', async () => {
    await change({ begun: [begin] });
    await change({ begun: [begin] });
    const [open] = await openIncidents(ledger.pool);
    expect(open).toMatchObject(silent);
    const due = await dueWebhookNotices(ledger.pool);
    expect(due).toEqual([{ incidentId: open?.id, what: 'begun', notification: begin.notice }]);
    await notified(due);
    expect(await dueWebhookNotices(ledger.pool)).toEqual([]);
    await change({ over: [{ id: open?.id ?? 0, notice: end }] });
    expect(await openIncidents(ledger.pool)).toEqual([]);
    const last = await dueWebhookNotices(ledger.pool);
    expect(last).toEqual([{ incidentId: open?.id, what: 'over', notification: end }]);
    await notified(last);
    expect(await dueWebhookNotices(ledger.pool)).toEqual([]);
  });

  test('one that another explains ends without a message', async () => {
    await change({ begun: [begin] });
    const [open] = await openIncidents(ledger.pool);
    await change({ over: [{ id: open?.id ?? 0, notice: null }] });
    expect(await dueWebhookNotices(ledger.pool)).toEqual([]);
  });

  test('the first delivery after a time is known', async () => {
    await receive('quiz.submitted', 3 * HOUR, HOUR, 0);
    const first = await firstDeliveryAfter(ledger.pool, Date.now() - 2 * HOUR);
    expect(Math.round((Date.now() - (first ?? 0)) / MINUTE)).toBe(60);
    expect(await firstDeliveryAfter(ledger.pool, Date.now() + HOUR)).toBeNull();
  });
});
