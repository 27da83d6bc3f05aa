import { randomUUID } from 'node:crypto';
import { migrate, openPool } from '../../src/ledger';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

/** A schema that nobody has made yet; PGlite has but one. */
function newSettings(): { url: string; schema?: string } {
  return ledger.isConcurrent ? { ...ledger.settings, schema: `new_${randomUUID().slice(0, 8)}` } : ledger.settings;
}

describe('migrate', () => {
  test('by several starting processes at once makes everything once', async () => {
    const settings = newSettings();
    const pools = Array.from({ length: 4 }, () => openPool(settings));
    const made = await Promise.all(pools.map((pool) => migrate(pool, settings.schema)));
    // PGlite's one schema has them all since the fixture.
    const [pool] = pools;
    const { rows = [] } =
      (await pool?.query<{ version: number }>('select version from migrations order by version')) ?? {};
    expect(rows.map(({ version }) => version)).toEqual(rows.map((_, index) => index + 1));
    expect(made.map((names) => names.length).sort()).toEqual([0, 0, 0, ledger.isConcurrent ? rows.length : 0]);
    expect((await pool?.query('select * from receipts'))?.rows).toEqual([]);
    if (settings.schema !== undefined) await pool?.query(`drop schema ${settings.schema} cascade`);
    await Promise.all(pools.map((each) => each.end()));
  });

  test('again changes nothing', async () => {
    await ledger.pool.query(`insert into learners (user_id, email) values ('u', 'u@example.com')`);
    expect(await migrate(ledger.pool, ledger.settings.schema)).toEqual([]);
    expect((await ledger.pool.query('select user_id from learners')).rows).toEqual([{ user_id: 'u' }]);
  });

  test('takes no schema that would have to be quoted', async () => {
    await expect(migrate(ledger.pool, 'a"; drop schema public; --')).rejects.toThrow('a schema is named by');
  });
});
