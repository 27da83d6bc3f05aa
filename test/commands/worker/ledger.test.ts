import type { Pool } from 'pg';
import { keepPreparing } from '../../../src/commands/worker/ledger';
import { migrate, noteModes, openPool, readModes } from '../../../src/ledger';
import { freePort } from '../../free-port';
import { createDatabase, openLedger, withRowsOnly, type LedgerFixture } from '../../ledger/fixture';

let ledger: LedgerFixture;
let database: { readonly url: string; readonly drop: () => Promise<void> } | undefined;
const pools: Pool[] = [];
beforeAll(async () => {
  ledger = await openLedger();
});
beforeEach(async () => {
  // PGlite has one database, which has its tables already.
  database = ledger.isConcurrent ? await createDatabase(ledger.settings.url) : undefined;
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  await database?.drop();
});
afterAll(() => ledger.stop());

function open(url: string): Pool {
  const pool = openPool({ url, max: 1, timeoutMs: 20_000 });
  pools.push(pool);
  return pool;
}

/** What the log says until the ledger is ready; `meanwhile` is done before each further attempt. */
async function prepare(pool: Pool, meanwhile: (attempt: number) => Promise<unknown>): Promise<string[]> {
  const said: string[] = [];
  const say = (level: string) => (first: unknown, words?: string) => said.push(`${level}: ${words ?? String(first)}`);
  const log = { info: say('info'), warn: say('warn'), error: say('error') } as unknown as Parameters<
    typeof keepPreparing
  >[1]['log'];
  let attempt = 0;
  await keepPreparing(pool, {
    log,
    signal: new AbortController().signal,
    first: () => noteModes(pool, { identity: 'on' }),
    wait: () => meanwhile((attempt += 1)),
  });
  return said;
}

describe('keepPreparing', () => {
  test('makes the tables once a ledger that started later answers, and says so at times', async () => {
    if (database === undefined) return;
    const away = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    let url = away;
    const pool = openPool({ url: () => url, max: 1 });
    pools.push(pool);
    const said = await prepare(pool, (attempt) => {
      if (attempt === 5 && database !== undefined) url = database.url;
      return Promise.resolve();
    });
    const refused = expect.stringMatching(
      /^warn: the ledger \(DATABASE_URL\): connect ECONNREFUSED.* is tried again$/,
    ) as string;
    expect(said).toEqual([refused, refused, 'info: the ledger is ready']);
    expect((await pool.query('select * from receipts')).rows).toEqual([]);
    expect(await readModes(pool)).toMatchObject({ identity: 'on', slack: 'off' });
  });

  test('says as an error what does not pass by itself, and what to do', async () => {
    if (database === undefined) return;
    const { url } = database;
    const owner = open(url);
    await migrate(owner);
    const rowsOnly = await withRowsOnly(url);
    const role = new URL(rowsOnly).username;
    await owner.query(`revoke delete on receipts from ${role}`);
    const said = await prepare(open(rowsOnly), () => owner.query(`grant delete on receipts to ${role}`));
    expect(said).toEqual([expect.stringMatching(/^error: .*lacks rights to rows.*grant/), 'info: the ledger is ready']);
  });
});
