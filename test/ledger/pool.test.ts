import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import type { Pool } from 'pg';
import { inTransaction, isUnavailable, openPool } from '../../src/ledger/pool';
import { freePort } from '../free-port';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
  await ledger.pool.query('create table marks (mark text primary key)');
});
afterAll(() => ledger.stop());

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function marks(): Promise<readonly string[]> {
  const { rows } = await ledger.pool.query<{ mark: string }>('select mark from marks order by mark');
  return rows.map(({ mark }) => mark);
}

describe('inTransaction', () => {
  test('keeps what the work wrote', async () => {
    await inTransaction(ledger.pool, (client) => client.query(`insert into marks values ('kept')`));
    expect(await marks()).toContain('kept');
  });

  test('keeps nothing when the work throws, and the connection serves on', async () => {
    const work = inTransaction(ledger.pool, async (client) => {
      await client.query(`insert into marks values ('thrown away')`);
      throw new Error('second thoughts');
    });
    await expect(work).rejects.toThrow('second thoughts');
    expect(await marks()).not.toContain('thrown away');
    expect(ledger.pool.idleCount).toBe(ledger.pool.totalCount);
  });

  test('throws when the work swallowed an error that had ended the transaction', async () => {
    const work = inTransaction(ledger.pool, async (client) => {
      await client.query(`insert into marks values ('lost')`);
      await failureOf(client.query('select 1 / 0'));
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await marks()).not.toContain('lost');
  });

  test('is unavailable when its connection breaks between two statements; the next one gets another', async () => {
    // PGlite has no process of its own for a connection.
    if (!ledger.isConcurrent) return;
    const work = inTransaction(ledger.pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const broken = new Promise<void>((resolve) => client.once('end', resolve));
      await ledger.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await broken;
      await client.query('select 1');
    });
    expect(isUnavailable(await failureOf(work))).toBe(true);
    expect((await ledger.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('isUnavailable', () => {
  test.each([
    ['connection failure', '08006'],
    ['too many connections', '53300'],
    ['shutting down', '57P01'],
    ['starting up', '57P03'],
    ['serialization failure', '40001'],
    ['deadlock', '40P01'],
    ['statement time-out', '57014'],
    ['a server that became a standby', '25006'],
    ['refused', 'ECONNREFUSED'],
    ['name not found', 'ENOTFOUND'],
  ])('is true for %s', (_name, code) => {
    expect(isUnavailable(Object.assign(new Error('x'), { code }))).toBe(true);
  });

  test.each([
    ['unique violation', '23505'],
    ['undefined table', '42P01'],
    ['wrong password', '28P01'],
    ['no such database', '3D000'],
    ['a broken certificate', 'CERT_HAS_EXPIRED'],
    ['a bug of ours', undefined],
  ])('is false for %s', (_name, code) => {
    expect(isUnavailable(Object.assign(new Error('x'), { code }))).toBe(false);
  });

  test('is false for what is no error', () => {
    expect(isUnavailable('57P01')).toBe(false);
  });

  test('is true when nobody listens', async () => {
    await usingPool(await freePort(), async (pool) => {
      expect(isUnavailable(await failureOf(pool.query('select 1')))).toBe(true);
    });
  });

  test('is true when the server takes the connection and says nothing', async () => {
    await usingSilentServer(async (pool) => {
      expect(isUnavailable(await failureOf(pool.query('select 1')))).toBe(true);
    });
  });

  test('is true when every connection is taken', async () => {
    const pool = openPool({ ...ledger.settings, max: 1, timeoutMs: 1500 });
    const client = await pool.connect();
    expect(isUnavailable(await failureOf(pool.query('select 1')))).toBe(true);
    client.release();
    await pool.end();
  });

  test('is true when a statement takes too long, and the connection serves on', async () => {
    // PGlite does not give up a statement.
    if (!ledger.isConcurrent) return;
    const pool = openPool({ ...ledger.settings, max: 1, timeoutMs: 1500 });
    expect(await failureOf(pool.query('select pg_sleep(60)'))).toMatchObject({ code: '57014' });
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  async function usingPool(port: number, work: (pool: Pool) => Promise<void>): Promise<void> {
    const pool = openPool({ url: `postgres://u:p@127.0.0.1:${port}/ledger`, timeoutMs: 100 });
    await work(pool);
    await pool.end();
  }

  async function usingSilentServer(work: (pool: Pool) => Promise<void>): Promise<void> {
    const server: Server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await usingPool((server.address() as AddressInfo).port, work);
    server.close();
  }
});

describe('a session', () => {
  test('begins without a parameter that a pooler in transaction mode refuses', async () => {
    const server = createServer((socket) => {
      socket.once('data', (packet: Buffer) => {
        packets.push(packet);
        socket.destroy();
      });
    });
    const packets: Buffer[] = [];
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const pool = openPool({ url: `postgres://u:p@127.0.0.1:${port}/ledger`, timeoutMs: 1000 });
    expect(isUnavailable(await failureOf(pool.query('select 1')))).toBe(true);
    await pool.end();
    server.close();
    // Names and values, after the length and the version of the protocol.
    const words = packets[0]?.subarray(8).toString().split('\0') ?? [];
    const names = words.filter((word, index) => index % 2 === 0 && word !== '');
    // PgBouncer follows the encoding.
    expect(names.sort()).toEqual(['client_encoding', 'database', 'user']);
  });

  test('has no state of ours between two transactions, and limits of its own within each', async () => {
    if (!ledger.isConcurrent) return;
    const pool = openPool({ ...ledger.settings, max: 1, timeoutMs: 1500 });
    const limits = `select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle`;
    const within = { statement: '1500ms', idle: '30s' };
    expect((await inTransaction(pool, (client) => client.query(limits))).rows).toEqual([within]);
    expect((await pool.query(limits)).rows).toEqual([within]);
    const client = await pool.connect();
    expect((await client.query(limits)).rows).toEqual([{ statement: '0', idle: '0' }]);
    client.release();
    await pool.end();
  });
});

describe('the address of the ledger', () => {
  test('is asked for before each connection, so that a rotated password is in use from the next one on', async () => {
    // PGlite has one session for everybody.
    if (!ledger.isConcurrent) return;
    const roles = ['old', 'new'].map((name) => `${name}_${randomUUID().replaceAll('-', '')}`);
    const urls = roles.map((role) => {
      const url = new URL(ledger.settings.url);
      url.username = role;
      url.password = 'a-password';
      return url.href;
    });
    for (const role of roles) await ledger.pool.query(`create role ${role} login password 'a-password'`);
    let [url = ''] = urls;
    const pool = openPool({ url: () => url, max: 1 });
    try {
      const whoAmI = async (): Promise<string | undefined> =>
        (await pool.query<{ current_user: string }>('select current_user')).rows[0]?.current_user;
      expect(await whoAmI()).toBe(roles[0]);
      [, url = ''] = urls;
      const removed = new Promise((resolve) => pool.once('remove', resolve));
      await ledger.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [roles[0]]);
      await removed;
      expect(await whoAmI()).toBe(roles[1]);
    } finally {
      await pool.end();
      for (const role of roles) await ledger.pool.query(`drop role ${role}`);
    }
  });
});
