import type { Pool } from 'pg';
import type { LedgerActivities } from '../../../activities';
import { createClaims, createLedgerActivities } from '../../../activities/ledger';
import { DAY, type Fact, type Policy, type Said } from '../../../src/domain';
import { importPeople } from '../../../src/ledger';
import { readConfigFile } from '../../../src/settings';
import { completed, deprovisioned, expired, progressed, provisioned, quizzed, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { emptyLedger, statusOf, workflow, type Functions } from '../running';

let ledger: LedgerFixture;
let pool: Pool;
beforeAll(async () => {
  ledger = await openLedger();
  pool = ledger.pool;
});
afterAll(() => ledger.stop());
beforeEach(() => emptyLedger(pool));

const policy: Policy = { ...readConfigFile(undefined).policy, administrators: ['Admin@example.com'] };
const local = workflow({ isLocal: true });

/** The first step of the event's own workflow. */
function begin(eventId: string, said: Said, rules: Partial<Policy> = {}) {
  const activities: Functions<LedgerActivities> = createLedgerActivities({
    pool,
    policy: { ...policy, ...rules },
    modes: { identity: 'on' },
    receiptDays: 90,
    auditDays: 400,
    claims: createClaims(pool, statusOf()),
  });
  const { receipt } = request(eventId, null);
  return local.run((asked: Parameters<typeof activities.beginCase>[0]) => activities.beginCase(asked), {
    receipt,
    said,
  });
}

const leaver = (change: Partial<Fact & { kind: 'deprovisioned' }> = {}): Fact & { kind: 'deprovisioned' } => ({
  ...(deprovisioned('u1', { email: 'old@example.com' }) as Fact & { kind: 'deprovisioned' }),
  ...change,
});

describe('beginCase', () => {
  test('brings the policy, the answer of the ledger and what the next steps look up', async () => {
    const rita = { userId: 'u1', email: 'rita@example.com', managerEmail: 'Mona@example.com', teamId: 't1' };
    await importPeople(pool, [{ ...rita, role: null }], { overwrite: false, dryRun: false });
    await begin('d0', { ...leaver(), userId: 'u9', email: 'lena@example.com' });
    const teams = { t1: { escalation: ['lena@example.com'] } };
    await expect(begin('x1', expired('u1'), { teams })).resolves.toEqual({
      policySnapshot: { policy: { ...policy, teams }, modes: { identity: 'on' } },
      recorded: { outcome: 'new', answer: {}, settledBy: null, settles: [] },
      known: {
        learner: expect.objectContaining({ email: 'rita@example.com', standing: 'active' }) as unknown,
        // The one who left.
        unfit: {
          addresses: ['mona@example.com', 'lena@example.com', 'admin@example.com'],
          answer: ['lena@example.com'],
        },
      },
    });
  });

  test('again by its own run, it gives the same answer', async () => {
    const first = await begin('c1', completed('u1'));
    await expect(begin('c1', completed('u1'))).resolves.toEqual(first);
  });

  test('judges a quiz by the policy', async () => {
    const data = { userId: 'u1', quizId: 'q1', quizName: 'Pricing', score: 60, maxScore: 100, passed: true };
    const said = { kind: 'submitted', quiz: { data: { ...data, quizType: null }, signedAt: new Date().toISOString() } };
    await begin('q1', said as Said, { quiz: { ...policy.quiz, passPercent: 80 } });
    const { rows } = await pool.query('select result from quiz_results');
    expect(rows).toEqual([{ result: 'failed' }]);
  });

  test('of a leaver it says who has the same account, and that the limit lets them go', async () => {
    await begin('p2', provisioned('u2', { email: 'Old@example.com' }));
    await expect(begin('d1', leaver())).resolves.toMatchObject({
      known: { sharers: { emails: ['old@example.com', 'old@example.com'], answer: ['u2'] }, isAdmitted: true },
    });
  });

  const limited = { offboarding: { ...policy.offboarding, limitPerHour: 1 } };
  test.each<[string, Fact, Partial<Policy>]>([
    ['is over the limit', leaver(), limited],
    ['is announced', leaver({ at: Date.now() + DAY }), {}],
    [
      'gives another reason',
      leaver({ reason: 'sabbatical' }),
      { offboarding: { ...policy.offboarding, leaverReasons: ['left'] } },
    ],
    ['is protected', leaver(), { protected: { users: ['OLD@example.com'], groups: [] } }],
  ])('a leaver who %s is not admitted yet, nor counted', async (_what, fact, rules) => {
    await begin('d0', { ...leaver(), userId: 'u9', email: null }, limited);
    const { known } = await begin('d1', fact, rules);
    expect(known).not.toHaveProperty('isAdmitted');
    const { rows } = await pool.query('select event_id from receipts where admitted_at is not null');
    expect(rows).toEqual([{ event_id: 'd0' }]);
  });

  test.each<[string, Said]>([
    ['cannot be read', null],
    ['keeps progress', progressed('u1')],
    ['is of a passed quiz', quizzed('u1', { result: 'passed' })],
    ['is a completion of before', completed('u7')],
  ])('looks nobody up for an event that %s', async (_what, said) => {
    await begin('c0', completed('u7'));
    await expect(begin('x', said)).resolves.toMatchObject({ recorded: { outcome: 'new' }, known: {} });
  });

  test('looks nobody up for a repeat', async () => {
    const { receipt } = request('x1', null);
    await begin('x1', expired('u1'));
    await pool.query(`update receipts set first_run_id = 'another'`);
    await expect(begin(receipt.eventId, expired('u1'))).resolves.toMatchObject({
      recorded: { outcome: 'duplicate', first: 'x1' },
      known: {},
    });
  });
});
