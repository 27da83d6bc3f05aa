import type { Pool } from 'pg';
import {
  addAlertCase,
  claimAlert,
  dropAlertCase,
  dueDigests,
  findUnfit,
  markDigested,
  releaseAlert,
} from '../../src/ledger';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
let pool: Pool;
beforeAll(async () => {
  ledger = await openLedger();
  pool = ledger.pool;
});
afterAll(() => ledger.stop());
beforeEach(() => pool.query('truncate alerts, alert_cases, learners, departures'));

const cause = 'identity answered 403';
const claimOf = (workflowId: string, round = 1) => ({
  cause,
  workflowId,
  step: 'joinCertified',
  about: `Recertification, ${workflowId}`,
  round,
});
const claim = (workflowId: string, round = 1) => claimAlert(pool, claimOf(workflowId, round));
const pass = (minutes: number) =>
  pool.query(`update alerts set notified_at = notified_at - $1 * interval '1 minute'`, [minutes]);
const namedIn = async () => (await dueDigests(pool)).map(({ cases }) => cases.map(({ workflowId }) => workflowId));

describe('claimAlert', () => {
  test('of ten at once one is the first, and the others say when and with which it was', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, (_, index) => claim(`w${index}`)));
    const first = all.findIndex((standing) => standing === 'first');
    expect(all.filter((standing) => standing === 'first')).toHaveLength(1);
    for (const standing of all.filter((each) => each !== 'first'))
      expect(standing).toEqual({ notifiedAt: expect.any(String) as string, workflowId: `w${first}` });
  });

  test('a repeated call is answered as the first was; the same step parked again is another case', async () => {
    expect([await claim('w1'), await claim('w1'), await claim('w2'), await claim('w2')]).toMatchObject([
      'first',
      'first',
      { workflowId: 'w1' },
      { workflowId: 'w1' },
    ]);
    expect(await claim('w1', 2)).toMatchObject({ workflowId: 'w1' });
  });

  test('another cause has its own', async () => {
    await claim('w1');
    expect(await claimAlert(pool, { ...claimOf('w2'), cause: 'another' })).toBe('first');
  });

  test('after an hour the next case is the first again, but not while others wait for their digest', async () => {
    await claim('w1');
    await pass(61);
    expect(await claim('w2')).toBe('first');
    await claim('w3');
    await pass(61);
    expect(await claim('w4')).toMatchObject({ workflowId: 'w2' });
    // No digest has come for two hours: nobody may go unheard.
    await pass(61);
    expect(await claim('w5')).toBe('first');
  });

  test('where nobody could be notified, the next case is the first', async () => {
    await claim('w1');
    await releaseAlert(pool, claimOf('w1'));
    expect(await claim('w2')).toBe('first');
  });
});

describe('dueDigests', () => {
  test('names within the hour nobody, and after it all whom no message has named', async () => {
    for (const workflowId of ['w1', 'w2', 'w3', 'w4']) await claim(workflowId);
    await dropAlertCase(pool, { workflowId: 'w3', step: 'joinCertified' });
    expect(await namedIn()).toEqual([]);
    await pass(61);
    const [digest] = await dueDigests(pool);
    expect(digest).toMatchObject({
      cause,
      more: 0,
      cases: [
        { workflowId: 'w2', step: 'joinCertified', about: 'Recertification, w2' },
        { workflowId: 'w4', step: 'joinCertified', about: 'Recertification, w4' },
      ],
    });
  });

  test('once it is sent, only what has parked since waits for the next', async () => {
    for (const workflowId of ['w1', 'w2']) await claim(workflowId);
    await pass(61);
    const [digest] = await dueDigests(pool);
    await claim('w3');
    await markDigested(pool, digest ?? { cause, cases: [] }, 'housekeeping:acme');
    expect(await claim('w4')).toMatchObject({ workflowId: 'housekeeping:acme' });
    expect(await namedIn()).toEqual([]);
    await pass(61);
    expect(await namedIn()).toEqual([['w3', 'w4']]);
  });

  test('what is only kept for a digest is due at once, and then every hour', async () => {
    await addAlertCase(pool, claimOf('q1'));
    expect(await namedIn()).toEqual([['q1']]);
    const [digest] = await dueDigests(pool);
    await markDigested(pool, digest ?? { cause, cases: [] }, 'housekeeping:acme');
    await addAlertCase(pool, claimOf('q2'));
    expect(await namedIn()).toEqual([]);
  });
});

describe('findUnfit', () => {
  test('names the learner’s own address and those of people who have left, in any case of letters', async () => {
    const people = [
      ['u1', 'Rita@example.com'],
      ['u2', 'mona@example.com'],
      ['u3', 'dora@example.com'],
      ['u4', 'MONA2@example.com'],
      ['u5', 'dora@example.com'],
    ];
    for (const person of people) await pool.query('insert into learners (user_id, email) values ($1, $2)', person);
    for (const userId of ['u3', 'u4'])
      await pool.query(`insert into departures (event_id, user_id, reason, at) values ($1, $1, 'left', now())`, [
        userId,
      ]);
    const addresses = [
      'RITA@example.com',
      'mona@example.com',
      'dora@example.com',
      'mona2@example.com',
      'x@example.com',
    ];
    // One of the two who share an address is active.
    expect(await findUnfit(pool, { userId: 'u1', addresses })).toEqual(['mona2@example.com', 'rita@example.com']);
  });
});
