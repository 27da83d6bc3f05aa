import type { Pool } from 'pg';
import { migrate, openPool, prepareLedger } from '../../src/ledger';
import { createDatabase, openLedger, withRowsOnly, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

/** The tables are made by another role; none where all have the one session of PGlite. */
async function withoutTables<T>(work: (url: string) => Promise<T>): Promise<T | undefined> {
  if (!ledger.isConcurrent) return undefined;
  const { url, drop } = await createDatabase(ledger.settings.url);
  return work(url).finally(drop);
}

async function using<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool({ url, timeoutMs: 20_000 });
  return work(pool).finally(() => pool.end());
}

describe('migrate', () => {
  test('by several starting processes at once makes everything once', async () => {
    await withoutTables(async (url) => {
      const made = await Promise.all(Array.from({ length: 4 }, () => using(url, migrate)));
      const { rows } = await using(url, (pool) => pool.query<{ version: number }>('select version from migrations'));
      expect(rows.map(({ version }) => version).sort()).toEqual(rows.map((_, index) => index + 1));
      expect(made.map((names) => names.length).sort()).toEqual([0, 0, 0, rows.length]);
    });
  });

  test('again changes nothing', async () => {
    await ledger.pool.query(`insert into learners (user_id, email) values ('u', 'u@example.com')`);
    expect(await migrate(ledger.pool)).toEqual([]);
    expect((await ledger.pool.query('select user_id from learners')).rows).toEqual([{ user_id: 'u' }]);
  });

  test('makes the tables in the first schema of the role’s search_path', async () => {
    await withoutTables(async (url) => {
      await using(url, (pool) => pool.query('create schema mine'));
      await using(url, (pool) => pool.query(`alter database ${new URL(url).pathname.slice(1)} set search_path = mine`));
      await using(url, migrate);
      const { rows } = await using(url, (pool) =>
        pool.query(`select to_regclass('mine.receipts') is not null as made`),
      );
      expect(rows).toEqual([{ made: true }]);
    });
  });
});

describe('prepareLedger', () => {
  test('is content with a role that has rights to rows alone, once the tables are there', async () => {
    await withoutTables(async (url) => {
      await using(url, migrate);
      const rowsOnly = await withRowsOnly(url);
      expect(await using(rowsOnly, prepareLedger)).toEqual([]);
      await expect(using(rowsOnly, (pool) => pool.query('create table mine (id integer)'))).rejects.toThrow('denied');
    });
  });

  test('says that setup has to run, when such a role finds no tables', async () => {
    await withoutTables(async (url) => {
      const rowsOnly = await withRowsOnly(url);
      await expect(using(rowsOnly, prepareLedger)).rejects.toThrow(
        'the ledger (DATABASE_URL): permission denied for schema public: run `mt setup` as a role that may create tables',
      );
    });
  });

  test('names the rights to rows that a role lacks', async () => {
    await withoutTables(async (url) => {
      await using(url, migrate);
      const rowsOnly = await withRowsOnly(url);
      const role = new URL(rowsOnly).username;
      await using(url, (pool) => pool.query(`revoke delete, update on receipts from ${role}`));
      await expect(using(rowsOnly, prepareLedger)).rejects.toThrow(
        'the role lacks rights to rows: delete, update on receipts. As the role of `mt setup`: grant',
      );
    });
  });

  test.each([
    ['another password', (url: URL) => (url.password = 'wrong'), 'check the user and the password'],
    ['another database', (url: URL) => (url.pathname = '/nowhere'), 'create the database'],
  ])('says what to do about %s', async (_what, change, says) => {
    if (!ledger.isConcurrent) return;
    const url = new URL(await withRowsOnly(ledger.settings.url));
    change(url);
    await expect(using(url.href, prepareLedger)).rejects.toThrow(says);
  });
});
