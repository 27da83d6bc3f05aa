import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Pool } from 'pg';
import { createClaims, createLedgerActivities } from '../../../activities/ledger';
import type { LedgerActivities } from '../../../activities';
import { DAY, type Policy } from '../../../src/domain';
import { openPool } from '../../../src/ledger';
import { readConfigFile } from '../../../src/settings';
import { completed, deprovisioned, expired, MONDAY, provisioned, quizzed, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { emptyLedger, statusOf, workflow, written, type Functions } from '../running';

let ledger: LedgerFixture;
let pool: Pool;
beforeAll(async () => {
  ledger = await openLedger();
  pool = ledger.pool;
});
afterAll(() => ledger.stop());
beforeEach(() => emptyLedger(pool));

const { policy } = readConfigFile(undefined);
const activitiesOn = (
  on: Pool,
  rules: Partial<Policy> = {},
  { receiptDays = 90, auditDays = 400, status = statusOf() } = {},
): Functions<LedgerActivities> =>
  createLedgerActivities({
    pool: on,
    policy: { ...policy, ...rules },
    modes: {},
    receiptDays,
    auditDays,
    claims: createClaims(on, status),
  });

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
    const { recordEvent, closeWorkflow, pruneLedger } = activitiesOn(pool, {}, { receiptDays });
    const { receipt, fact } = asked('p1', provisioned('u1'));
    await local.run(recordEvent, { receipt, fact });
    await local.run(closeWorkflow, { ...receipt, outcome: 'done' });
    await pool.query(`update receipts set closed_at = now() - interval '60 days'`);
    await expect(normal.run(pruneLedger)).resolves.toEqual({ receipts, replays: 0, refusals: 0, more: false });
  });

  test('the state that a workflow ends with is kept, whatever texts it has, as long as evidence', async () => {
    const { recordEvent, closeWorkflow, pruneLedger } = activitiesOn(pool, {}, { receiptDays: 30, auditDays: 90 });
    const fact = { kind: 'deprovisioned', userId: 'u1', email: null, reason: null, at: Date.now() } as const;
    const { receipt } = asked('d1', fact);
    await local.run(recordEvent, { receipt: { ...receipt, event: 'user.deprovisioned' }, fact });
    const final = { phase: 'done', history: [{ what: 'cancel', reason: 'half \uD800 and \0' }] };
    await local.run(closeWorkflow, { ...receipt, outcome: 'done', final });
    // Again, as a retry does.
    await local.run(closeWorkflow, { ...receipt, outcome: 'done' });
    const { rows } = await pool.query('select final from receipts');
    expect(rows).toEqual([
      { final: { phase: 'done', history: [{ what: 'cancel', reason: 'half \uFFFD and \uFFFD' }] } },
    ]);
    for (const [daysAgo, receipts] of [
      [60, 0],
      [91, 1],
    ] as const) {
      await pool.query(`update receipts set closed_at = now() - $1 * interval '1 day'`, [daysAgo]);
      await expect(normal.run(pruneLedger)).resolves.toMatchObject({ receipts });
    }
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

describe('what a workflow claims by its row', () => {
  const begins = (eventId: string, fact: Parameters<typeof request>[1]) => {
    const { receipt } = request(eventId, fact);
    return { receipt, fact, begins: true };
  };
  /** The ledger when Temporal does not run these. */
  const without = (...ended: readonly string[]) => activitiesOn(pool, {}, { status: statusOf(ended) });

  test('holds no departure when it was terminated: the next one ends access itself', async () => {
    await local.run(without().recordEvent, begins('d1', deprovisioned('u1')));
    await expect(local.run(without().recordEvent, begins('d2', deprovisioned('u1')))).resolves.toMatchObject({
      answer: { joins: 'd1' },
    });
    await expect(local.run(without('d1').recordEvent, begins('d3', deprovisioned('u1')))).resolves.toMatchObject({
      outcome: 'new',
      answer: {},
    });
  });

  test('holds nobody who joined it when it does not answer their signal, also when that is recorded twice', async () => {
    await local.run(without().recordEvent, begins('d1', deprovisioned('u1')));
    const second = begins('d2', deprovisioned('u1'));
    await local.run(without().recordEvent, second);
    for (let time = 0; time < 2; time += 1)
      await expect(local.run(without('d1').recordEvent, { ...second, orphanedBy: 'd1' })).resolves.toMatchObject({
        outcome: 'new',
        answer: {},
      });
    await expect(local.run(without('d1').recordEvent, begins('d3', deprovisioned('u1')))).resolves.toMatchObject({
      answer: { joins: 'd2' },
    });
  });

  test('takes over no older expiry when it was terminated', async () => {
    const older = begins('older', expired('u1', { at: MONDAY - 400 * DAY }));
    await local.run(without().recordEvent, begins('newer', expired('u1')));
    await expect(local.run(without('newer').recordEvent, older)).resolves.toMatchObject({ settledBy: null });
    await expect(
      local.run(without().recordEvent, begins('oldest', expired('u1', { at: MONDAY - 800 * DAY }))),
    ).resolves.toMatchObject({ settledBy: { signal: 'cancel', eventId: 'older' } });
  });

  test('keeps no hire waiting for an answer when it was terminated', async () => {
    await local.run(without().recordEvent, begins('d1', deprovisioned('u1', { at: MONDAY })));
    const hire = begins('h1', provisioned('u1', { at: MONDAY + 1 }));
    await expect(local.run(without('d1').recordEvent, hire)).resolves.toMatchObject({
      settledBy: { signal: 'cancel', eventId: 'd1' },
    });
  });

  test('counts for no limit of the hour when it was terminated or cancelled', async () => {
    const limited = (...ended: readonly string[]) =>
      activitiesOn(pool, { offboarding: { ...policy.offboarding, limitPerHour: 2 } }, { status: statusOf(ended) });
    const admit = async (eventId: string, ...ended: readonly string[]): Promise<boolean> => {
      await local.run(limited(...ended).recordEvent, begins(eventId, deprovisioned(`learner of ${eventId}`)));
      return local.run(limited(...ended).admitLeaver, eventId);
    };
    expect([await admit('d1'), await admit('d2'), await admit('d3')]).toEqual([true, true, false]);
    expect([await admit('d4', 'd1'), await admit('d5', 'd1')]).toEqual([true, false]);
    const run = { workflowId: 'd2', firstRunId: 'run of d2' };
    await local.run(limited().closeWorkflow, { ...run, outcome: 'cancelled' });
    expect([await admit('d6'), await admit('d7')]).toEqual([true, false]);
  });

  test('is not relied on while Temporal does not say whether it runs', async () => {
    await local.run(without().recordEvent, begins('d1', deprovisioned('u1')));
    const silent = { ...statusOf(), isRunning: () => Promise.resolve('unknown' as const) };
    const failure = await local.failure(
      activitiesOn(pool, {}, { status: silent }).recordEvent,
      begins('d2', deprovisioned('u1')),
    );
    expect(failure).toMatchObject({ type: 'temporal.unavailable', nonRetryable: false });
  });

  test('of a terminated event, sent again when Temporal has forgotten it, says whose hand ended it', async () => {
    await local.run(without().recordEvent, begins('d1', deprovisioned('u1')));
    await local.run(without('d1').markWorkflowGone, 'd1');
    const again = begins('d1', deprovisioned('u1'));
    const { receipt } = again;
    await expect(
      local.run(without('d1').recordEvent, { ...again, receipt: { ...receipt, firstRunId: 'another run' } }),
    ).resolves.toEqual({
      outcome: 'duplicate',
      first: 'd1',
      ended: { how: 'terminated', by: 'ada', reason: 'a mistake' },
    });
  });
});

describe('one case a person', () => {
  const begins = (eventId: string, fact: Parameters<typeof request>[1]) => {
    const { receipt } = request(eventId, fact);
    return { receipt, fact, begins: true };
  };
  const record = (eventId: string, fact: Parameters<typeof request>[1]) =>
    local.run(activitiesOn(pool).recordEvent, begins(eventId, fact));
  const close = (workflowId: string, outcome = 'done') =>
    local.run(activitiesOn(pool).closeWorkflow, { workflowId, firstRunId: `run of ${workflowId}`, outcome });

  test('a later hire joins the onboarding that runs, and after it is onboarded already', async () => {
    await expect(record('h1', provisioned('u1'))).resolves.toMatchObject({ answer: {} });
    await expect(record('h2', provisioned('u1', { at: MONDAY + DAY }))).resolves.toMatchObject({
      answer: { joins: 'h1' },
    });
    await close('h1');
    await expect(record('h3', provisioned('u1', { at: MONDAY + 2 * DAY }))).resolves.toMatchObject({
      answer: { isOnboarded: true },
    });
  });

  test('one who left in between is onboarded anew, and so is one whose onboarding was cancelled', async () => {
    await record('h1', provisioned('u1'));
    await record('d1', deprovisioned('u1', { at: MONDAY + DAY }));
    await expect(record('h2', provisioned('u1', { at: MONDAY + 2 * DAY }))).resolves.toMatchObject({ answer: {} });
    await record('h3', provisioned('u2'));
    await close('h3', 'cancelled');
    await expect(record('h4', provisioned('u2', { at: MONDAY + DAY }))).resolves.toMatchObject({ answer: {} });
  });

  test('no hire joins an onboarding that is being undone', async () => {
    await record('h1', provisioned('u1'));
    await local.run(activitiesOn(pool).endCase, 'h1');
    await expect(record('h2', provisioned('u1', { at: MONDAY + DAY }))).resolves.toMatchObject({ answer: {} });
  });

  test('each failure of one quiz joins the coaching that runs, until the quiz is passed', async () => {
    await expect(record('q1', quizzed('u1'))).resolves.toMatchObject({ answer: {} });
    for (let n = 2; n < 5; n += 1)
      await expect(record(`q${n}`, quizzed('u1', { at: MONDAY + n }))).resolves.toMatchObject({
        answer: { joins: 'q1' },
      });
    // A pass from between the failures settles nothing; a later one does, and a failure after it is another case.
    await expect(record('p1', quizzed('u1', { result: 'passed', at: MONDAY + 1 }))).resolves.toMatchObject({
      settles: [],
    });
    await expect(record('p2', quizzed('u1', { result: 'passed', at: MONDAY + 5 }))).resolves.toMatchObject({
      settles: [{ workflowId: 'q1' }],
    });
    await expect(record('q6', quizzed('u1', { at: MONDAY + 6 }))).resolves.toMatchObject({ answer: {} });
  });
});
