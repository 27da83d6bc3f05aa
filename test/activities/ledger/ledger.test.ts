import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Pool } from 'pg';
import { createLedgerActivities } from '../../../activities/ledger';
import type { LedgerActivities } from '../../../activities';
import { DAY, type Policy } from '../../../src/domain';
import { openPool } from '../../../src/ledger';
import { readConfigFile } from '../../../src/settings';
import { completed, deprovisioned, expired, MONDAY, provisioned, quizzed, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { emptyLedger, workflow, written, type Functions } from '../running';

let ledger: LedgerFixture;
let pool: Pool;
beforeAll(async () => {
  ledger = await openLedger();
  pool = ledger.pool;
});
afterAll(() => ledger.stop());
beforeEach(() => emptyLedger(pool));

const { policy } = readConfigFile(undefined);
const activitiesOn = (on: Pool, rules: Partial<Policy> = {}, receiptDays = 90): Functions<LedgerActivities> =>
  createLedgerActivities({ pool: on, policy: { ...policy, ...rules }, receiptDays });

const local = workflow({ isLocal: true });
const normal = workflow();

describe('ledger activities', () => {
  const asked = (eventId: string, fact: Parameters<typeof request>[1]) => {
    const { receipt } = request(eventId, fact);
    return { receipt, fact };
  };

  test('recordEvent goes by the policy’s renewals', async () => {
    const course = { renews: { Safety: ['First Aid'] } };
    const { recordEvent } = activitiesOn(pool, { course });
    await local.run(recordEvent, asked('expiry', expired('u1', { certificate: 'First Aid' })));
    await expect(local.run(recordEvent, asked('completion', completed('u1')))).resolves.toMatchObject({
      settles: [{ workflowId: 'expiry', news: { signal: 'recertified', eventId: 'completion' } }],
    });
  });

  test('recordEvent goes by the policy’s renewal lead', async () => {
    const { recordEvent } = activitiesOn(pool, { recertification: { ...policy.recertification, renewalLeadDays: 10 } });
    await local.run(recordEvent, asked('expiry', expired('u1')));
    const early = asked('completion', completed('u1', { at: MONDAY - 11 * DAY }));
    await expect(local.run(recordEvent, early)).resolves.toMatchObject({ settles: [] });
  });

  test('recordEvent, tried again by its own run, gives the same answer', async () => {
    const { recordEvent } = activitiesOn(pool);
    const first = await local.run(recordEvent, asked('completion', completed('u1')));
    expect(first).toMatchObject({ outcome: 'new', answer: { firstCompletion: true } });
    await expect(normal.run(recordEvent, asked('completion', completed('u1')))).resolves.toEqual(first);
  });

  test('admitLeaver goes by the policy’s limit', async () => {
    const { recordEvent, admitLeaver } = activitiesOn(pool, {
      offboarding: { ...policy.offboarding, limitPerHour: 1 },
    });
    for (const id of ['d1', 'd2']) await local.run(recordEvent, asked(id, deprovisioned(id)));
    await expect(local.run(admitLeaver, 'd1')).resolves.toBe(true);
    await expect(local.run(admitLeaver, 'd2')).resolves.toBe(false);
    await expect(local.run(admitLeaver, 'd1')).resolves.toBe(true);
  });

  test('setLearnerEmail keeps an address, which findLearner then knows', async () => {
    const { setLearnerEmail, findLearner } = activitiesOn(pool);
    await expect(local.run(findLearner, 'u1')).resolves.toBeNull();
    for (let time = 0; time < 2; time += 1)
      await local.run(setLearnerEmail, { userId: 'u1', email: 'rita@example.com' });
    await expect(local.run(findLearner, 'u1')).resolves.toMatchObject({ email: 'rita@example.com', active: true });
  });

  test('reinstateLearner takes a departure back', async () => {
    const { recordEvent, reinstateLearner, findLearner } = activitiesOn(pool);
    await local.run(recordEvent, asked('d1', deprovisioned('u1')));
    await expect(local.run(findLearner, 'u1')).resolves.toMatchObject({ active: false });
    await local.run(reinstateLearner, { userId: 'u1', eventId: 'd1' });
    await expect(local.run(findLearner, 'u1')).resolves.toMatchObject({ active: true });
  });

  test.each(['closed', 'gone'])('a case that is %s hears no more news', async (how) => {
    const { recordEvent, closeWorkflow, markWorkflowGone } = activitiesOn(pool);
    await local.run(recordEvent, asked('quiz', quizzed('u1')));
    const { receipt } = request('quiz', null);
    if (how === 'gone') await local.run(markWorkflowGone, 'quiz');
    else await local.run(closeWorkflow, { ...receipt, outcome: 'done' });
    const retake = asked('retake', quizzed('u1', { result: 'passed', at: MONDAY + DAY }));
    await expect(local.run(recordEvent, retake)).resolves.toMatchObject({ settles: [] });
  });

  test.each([
    [90, 0],
    [30, 1],
  ])('pruneLedger goes by the days that the setting says: %d', async (receiptDays, receipts) => {
    const { recordEvent, closeWorkflow, pruneLedger } = activitiesOn(pool, {}, receiptDays);
    const { receipt, fact } = asked('p1', provisioned('u1'));
    await local.run(recordEvent, { receipt, fact });
    await local.run(closeWorkflow, { ...receipt, outcome: 'done' });
    await pool.query(`update receipts set closed_at = now() - interval '60 days'`);
    await expect(normal.run(pruneLedger)).resolves.toEqual({ receipts, replays: 0, refusals: 0, more: false });
  });

  test('resolveConflict tells a conflict whether the first one stands', async () => {
    const { recordEvent, resolveConflict } = activitiesOn(pool);
    const run = { workflowId: 'conflict:p1:ab', firstRunId: 'run' };
    const conflict = { eventId: 'p1', bodyDigest: 'other bytes', run };
    await expect(local.run(resolveConflict, conflict)).resolves.toBe('unknown');
    await local.run(recordEvent, asked('p1', provisioned('u1')));
    await expect(local.run(resolveConflict, conflict)).resolves.toBe('stands');
  });

  test('what is no outage is thrown as it is, and stops nothing', async () => {
    const { admitLeaver, recordEvent } = activitiesOn(pool);
    for (let time = 0; time < 4; time += 1) {
      const refusal = await local.failure(admitLeaver, 'an event without a receipt');
      expect(refusal.message).toBe('admission is asked for an event without a receipt');
    }
    await expect(normal.run(recordEvent, asked('p1', provisioned('u1')))).resolves.toMatchObject({ outcome: 'new' });
  });
});

describe('a ledger that is away', () => {
  const pools: Pool[] = [];
  /** As a worker opens it. */
  const open = (url: string): Pool => {
    const opened = openPool({ url });
    pools.push(opened);
    return opened;
  };
  const ends: (() => void)[] = [];
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((one) => one.end()));
    for (const end of ends.splice(0)) end();
  });

  /** A way to the ledger that can be barred; it counts who comes. */
  async function gate(): Promise<{ url: string; arrivals: () => number; bar: (isBarred: boolean) => void }> {
    const target = new URL(ledger.settings.url);
    let isBarred = true;
    let arrivals = 0;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      arrivals += 1;
      sockets.add(socket);
      socket.on('error', () => undefined);
      if (isBarred) return void socket.destroy();
      const onward = connect(Number(target.port), target.hostname);
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
      socket.on('close', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const url = new URL(target);
    url.port = String((server.address() as AddressInfo).port);
    return { url: url.href, arrivals: () => arrivals, bar: (barred) => void (isBarred = barred) };
  }

  /** A server that takes connections and never says a word. */
  async function silentServer(): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `postgres://ledger@127.0.0.1:${(server.address() as AddressInfo).port}/ledger`;
  }

  test.each<[string, () => Promise<string>]>([
    ['nobody listens', () => Promise.resolve('postgres://ledger:a-password@127.0.0.1:1/ledger')],
    ['the server says nothing', silentServer],
    ['the server hangs up', async () => (await gate()).url],
  ])('is unavailable within two seconds when %s', async (_how, urlOf) => {
    const { findLearner } = activitiesOn(open(await urlOf()));
    const begun = performance.now();
    const refusal = await local.failure(findLearner, 'rita@example.com');
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(refusal).toMatchObject({
      type: 'ledger.unavailable',
      message: 'ledger did not answer',
      nonRetryable: false,
    });
    for (const secret of ['rita', 'a-password']) expect(written(refusal)).not.toContain(secret);
  });

  test('after three failures in a row local calls fail at once, without asking', async () => {
    const { url, arrivals } = await gate();
    const { findLearner } = activitiesOn(open(url));
    for (let failures = 0; failures < 3; failures += 1) await local.failure(findLearner, 'u1');
    expect(arrivals()).toBe(3);
    const refusal = await local.failure(findLearner, 'u1');
    expect(refusal).toMatchObject({
      type: 'ledger.unavailable',
      message: 'ledger is not called: it did not answer recently',
    });
    expect(arrivals()).toBe(3);
  });

  test('normal calls go through all the while, and the first that is answered lets the local ones in again', async () => {
    const { url, arrivals, bar } = await gate();
    const { findLearner } = activitiesOn(open(url));
    for (let failures = 0; failures < 3; failures += 1) await local.failure(findLearner, 'u1');
    await expect(normal.failure(findLearner, 'u1')).resolves.toMatchObject({ message: 'ledger did not answer' });
    expect(arrivals()).toBe(4);
    bar(false);
    await expect(local.failure(findLearner, 'u1')).resolves.toMatchObject({ type: 'ledger.unavailable' });
    await expect(normal.run(findLearner, 'u1')).resolves.toBeNull();
    await expect(local.run(findLearner, 'u1')).resolves.toBeNull();
  });

  test('a success in between starts the count anew', async () => {
    const { url, arrivals, bar } = await gate();
    const { findLearner } = activitiesOn(open(url));
    const fail = async (times: number) => {
      for (let time = 0; time < times; time += 1) await local.failure(findLearner, 'u1');
    };
    await fail(2);
    bar(false);
    await local.run(findLearner, 'u1');
    ends.splice(0).forEach((end) => end());
    expect(arrivals()).toBe(3);
    await fail(2);
    await expect(local.failure(findLearner, 'u1')).resolves.toMatchObject({ message: 'ledger did not answer' });
  });

  test('after a while a local call asks again', async () => {
    const { url, bar } = await gate();
    const { findLearner } = activitiesOn(open(url));
    for (let failures = 0; failures < 3; failures += 1) await local.failure(findLearner, 'u1');
    bar(false);
    const now = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 5000);
    await expect(local.run(findLearner, 'u1')).resolves.toBeNull();
    now.mockRestore();
  });
});
