import type { PoolClient } from 'pg';
import { CHANNEL, createAnnouncer } from '../../src/ledger/announcements';
import { createLedgerListener, importPeople, openPool } from '../../src/ledger';
import { openLedger } from './fixture';

describe('createAnnouncer', () => {
  const client = { query: () => Promise.resolve() } as unknown as PoolClient;

  test('says which tables were written, once for all transactions of a moment', async () => {
    const said = new Promise((resolve) => {
      const announce = (tables: readonly string[]): Promise<void> => {
        resolve(tables);
        return Promise.resolve();
      };
      const { watch } = createAnnouncer({ announce, gatherMs: 0 });
      for (const text of ['insert into receipts (event_id) values ($1)', 'UPDATE effects set status = $1']) {
        const { client: watched, committed } = watch(client);
        void watched.query(text);
        void watched.query({ text: 'with gone as (delete from notes returning 1) select 1' });
        committed();
      }
    });
    expect(await said).toEqual(['receipts', 'notes', 'effects']);
  });

  test.each(['select 1 from receipts for update skip locked', 'select 1 for no key update of receipts', 'select 1'])(
    'says nothing of what only reads: %s',
    async (text) => {
      const announce = jest.fn(() => Promise.resolve());
      const { client: watched, committed } = createAnnouncer({ announce, gatherMs: 0 }).watch(client);
      await watched.query(text);
      committed();
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(announce).not.toHaveBeenCalled();
    },
  );
});

describe('createLedgerListener', () => {
  test('hears what another process has written, and nothing that was rolled back', async () => {
    const ledger = await openLedger();
    const other = openPool(ledger.settings);
    const { url } = ledger.settings;
    const heard: (readonly string[])[] = [];
    const hear = new Promise<void>((resolve) => {
      const onWritten = (tables: readonly string[]): void => {
        heard.push(tables);
        if (tables.includes('learners')) resolve();
      };
      const listener = createLedgerListener({ url: () => url, pool: ledger.pool, onWritten });
      void whenListening(listener.isListening).then(async () => {
        await other.query('insert into refusals values (null)').catch(() => undefined);
        const person = { userId: 'u', email: null, role: null, teamId: null, managerEmail: null };
        await importPeople(other, [person], { overwrite: false, dryRun: false });
      });
      ending.push(listener.close);
    });
    await hear;
    expect(heard.flat()).toContain('learners');
    expect(heard.flat()).not.toContain('refusals');
    await Promise.all(ending.map((end) => end()));
    await other.end();
    await ledger.stop();
  });

  test('does not believe that it listens where nothing is heard', async () => {
    const ledger = await openLedger();
    // As a pooler in transaction mode does: what was listened for is forgotten with the transaction.
    const deaf = { query: () => ledger.pool.query(`select pg_notify('another than ${CHANNEL}', '')`) };
    const asked = jest.spyOn(deaf, 'query');
    const { url } = ledger.settings;
    const listener = createLedgerListener({ url: () => url, pool: deaf as never, onWritten: () => undefined });
    while (asked.mock.results.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await asked.mock.results[0]?.value;
    expect(listener.isListening()).toBe(false);
    await listener.close();
    await ledger.stop();
  });
});

const ending: (() => Promise<void>)[] = [];

async function whenListening(isListening: () => boolean): Promise<void> {
  while (!isListening()) await new Promise((resolve) => setTimeout(resolve, 5));
}
