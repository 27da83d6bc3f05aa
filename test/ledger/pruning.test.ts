import { addRefusals, openPool, pruneLedger, recordEvent } from '../../src/ledger';
import { progressed, request } from './events';
import { openLedger, type LedgerFixture } from './fixture';
import { refusal } from './refusal-rows';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.pool.query('truncate receipts, replays, refusals, progress'));

const OLDER_THAN_DAYS = 90;

/** Receipts `<prefix>1` … closed so many days ago; null: open, and recorded a year ago. */
async function receipts(prefix: string, count: number, closedDaysAgo: number | null): Promise<void> {
  await ledger.pool.query(
    `insert into receipts (event_id, signature_digest, body_digest, workflow_id, first_run_id, signed_at, received_at,
       recorded_at, closed_at)
     select $1 || n, $1 || n, 'b', $1 || n, 'r', now(), now(), now() - interval '1 year', now() - $3 * interval '1 day'
     from generate_series(1, $2::int) as n`,
    [prefix, count, closedDaysAgo],
  );
}

async function idsIn(table: 'receipts' | 'replays'): Promise<string[]> {
  const { rows } = await ledger.pool.query<{ event_id: string }>(`select event_id from ${table} order by event_id`);
  return rows.map(({ event_id: eventId }) => eventId);
}

const prune = (options: { batchRows?: number; maxBatches?: number } = {}) =>
  pruneLedger(ledger.pool, { olderThanDays: OLDER_THAN_DAYS, ...options });

describe('pruneLedger', () => {
  test('forgets receipts by when their workflow closed, and never one whose workflow is open', async () => {
    await receipts('old', 1, 91);
    await receipts('young', 1, 89);
    await receipts('open', 1, null);
    await expect(prune()).resolves.toEqual({ receipts: 1, replays: 0, refusals: 0, more: false });
    expect(await idsIn('receipts')).toEqual(['open1', 'young1']);
  });

  test('forgets replays and counts of refusals by when they came', async () => {
    await ledger.pool.query(
      `insert into replays (event_id, first, body_digest, recorded_at) values
         ('old', 'e', 'b', now() - interval '91 days'), ('young', 'e', 'b', now() - interval '89 days')`,
    );
    const minute = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
    await addRefusals(ledger.pool, [refusal({ minute: minute(91) }), refusal({ minute: minute(89) })]);
    await expect(prune()).resolves.toEqual({ receipts: 0, replays: 1, refusals: 1, more: false });
    expect(await idsIn('replays')).toEqual(['young']);
  });

  test('a call does no more than so many batches, and says that there is more', async () => {
    await receipts('old', 25, 100);
    await expect(prune({ batchRows: 5, maxBatches: 3 })).resolves.toMatchObject({ receipts: 15, more: true });
    await expect(prune({ batchRows: 5, maxBatches: 5 })).resolves.toMatchObject({ receipts: 10, more: false });
    await expect(prune()).resolves.toMatchObject({ receipts: 0, more: false });
  });

  test('takes part of a day', async () => {
    await receipts('old', 1, 0.6);
    await receipts('young', 1, 0.4);
    await pruneLedger(ledger.pool, { olderThanDays: 0.5 });
    expect(await idsIn('receipts')).toEqual(['young1']);
  });

  test('passes by a row that another transaction holds', async () => {
    if (!ledger.isConcurrent) return;
    await receipts('old', 3, 100);
    const pool = openPool(ledger.settings);
    const client = await pool.connect();
    await client.query('begin');
    await client.query(`select from receipts where event_id = 'old2' for update`);
    await expect(prune()).resolves.toMatchObject({ receipts: 2, more: false });
    await client.query('rollback');
    client.release();
    await pool.end();
    await expect(prune()).resolves.toMatchObject({ receipts: 1 });
  });

  test('a learner’s progress is forgotten as an event, and kept as a fact', async () => {
    await recordEvent(ledger.pool, request('p1', progressed('u1')));
    await ledger.pool.query(`update receipts set closed_at = closed_at - interval '91 days'`);
    await expect(prune()).resolves.toMatchObject({ receipts: 1 });
    expect((await ledger.pool.query('select user_id from progress')).rows).toEqual([{ user_id: 'u1' }]);
  });
});
