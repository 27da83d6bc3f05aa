import { randomUUID } from 'node:crypto';
import type { Fact } from '../../src/domain';
import {
  findLearner,
  importPeople,
  openPool,
  recordEvent,
  setLearnerEmail,
  type ImportRules,
  type Person,
} from '../../src/ledger';
import { deprovisioned, MONDAY, provisioned, request } from './events';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

let userId: string;
beforeEach(() => {
  userId = randomUUID();
});

async function record(name: string, fact: Fact): Promise<void> {
  await recordEvent(ledger.pool, request(`${name} ${userId}`, fact));
}

const listed = {
  email: 'listed@example.com',
  role: 'listed role',
  teamId: 'listed team',
  managerEmail: 'boss@example.com',
};

async function take(said: Partial<Person> = {}, rules: Partial<ImportRules> = {}) {
  const nothing = { email: null, role: null, teamId: null, managerEmail: null };
  const [outcome] = await importPeople(ledger.pool, [{ userId, ...nothing, ...said }], {
    overwrite: false,
    dryRun: false,
    ...rules,
  });
  const { effect, kept } = outcome ?? {};
  return { effect, kept, learner: await findLearner(ledger.pool, userId) };
}

describe('importPeople', () => {
  test('adds somebody unknown, and changes nothing when it is done again', async () => {
    const known = { userId, ...listed, active: true, standing: 'active' };
    expect(await take(listed)).toEqual({ effect: 'added', kept: false, learner: known });
    expect(await take(listed)).toEqual({ effect: 'unchanged', kept: false, learner: known });
  });

  test('corrects role, team and manager of an earlier list; an empty field says nothing', async () => {
    await take(listed);
    expect(await take({ role: 'lead', managerEmail: 'other@example.com' })).toMatchObject({
      effect: 'changed',
      kept: false,
      learner: { ...listed, role: 'lead', managerEmail: 'other@example.com' },
    });
  });

  test('sets the manager of somebody whom an event told, and keeps what the event said', async () => {
    await record('hire', provisioned(userId));
    const told = { email: 'new@example.com', role: 'rep', teamId: 'west' };
    const learner = { ...told, managerEmail: 'boss@example.com' };
    expect(await take(listed)).toMatchObject({ effect: 'changed', kept: true, learner });
    expect(await take(listed)).toMatchObject({ effect: 'unchanged', kept: true, learner });
    expect(await take(listed, { overwrite: true })).toMatchObject({ effect: 'changed', kept: false, learner: listed });
  });

  test('fills what an event left empty', async () => {
    await record('hire', { ...provisioned(userId), role: '' } as Fact);
    expect(await take(listed)).toMatchObject({ learner: { role: 'listed role', teamId: 'west' } });
  });

  test('keeps an address that a person told', async () => {
    await setLearnerEmail(ledger.pool, userId, 'told@example.com');
    expect(await take(listed)).toMatchObject({ kept: true, learner: { ...listed, email: 'told@example.com' } });
  });

  test('gives way to an event that comes later, also when it overwrote', async () => {
    await record('hire', provisioned(userId));
    await take(listed, { overwrite: true });
    await record('hire again', provisioned(userId, { at: MONDAY + 1, email: 'newest@example.com' }));
    expect(await take()).toMatchObject({
      effect: 'unchanged',
      learner: { email: 'newest@example.com', role: 'rep', managerEmail: 'boss@example.com' },
    });
  });

  test.each([false, true])('leaves one who has left as they are: gone (overwrite %p)', async (overwrite) => {
    await record('leave', deprovisioned(userId));
    expect(await take(listed, { overwrite })).toMatchObject({
      effect: 'changed',
      learner: { role: 'listed role', active: false, standing: 'left' },
    });
  });

  test('writes nothing when it only looks', async () => {
    expect(await take(listed, { dryRun: true })).toEqual({ effect: 'added', kept: false, learner: null });
    await take(listed);
    expect(await take({ role: 'lead' }, { dryRun: true })).toMatchObject({ effect: 'changed', learner: listed });
  });

  test('answers for each of many, in their order', async () => {
    const people = Array.from({ length: 500 }, (_, index) => ({ userId: `${userId} ${index}`, ...listed }));
    const rules = { overwrite: false, dryRun: false };
    await importPeople(ledger.pool, people.slice(0, 250), rules);
    const outcomes = await importPeople(ledger.pool, people, rules);
    expect(outcomes.map(({ effect }) => effect)).toEqual([
      ...Array<string>(250).fill('unchanged'),
      ...Array<string>(250).fill('added'),
    ]);
  });

  test('waits for the lock of the learner, and decides by what was written under it', async () => {
    // PGlite's transactions come one after the other anyway.
    if (!ledger.isConcurrent) return;
    const client = await ledger.pool.connect();
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [userId]);
    const taken = take(listed);
    await untilSomebodyWaits();
    await client.query(
      `insert into learners (user_id, email, role, team_id, provisioned_at) values ($1, 'e@example.com', 'r', 't', now())`,
      [userId],
    );
    await client.query('commit');
    client.release();
    expect(await taken).toMatchObject({
      effect: 'changed',
      kept: true,
      learner: { email: 'e@example.com', role: 'r' },
    });
  });

  test('fails as a whole, soon, when the ledger is away', async () => {
    const away = openPool({ url: 'postgres://ledger@127.0.0.1:1/ledger', timeoutMs: 1_000 });
    const person = { userId, ...listed };
    await expect(importPeople(away, [person], { overwrite: false, dryRun: false })).rejects.toThrow('ECONNREFUSED');
    await away.end();
  });
});

async function untilSomebodyWaits(): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const { rowCount } = await ledger.pool.query(
      `select from pg_locks where locktype = 'advisory' and not granted
       and objid = (hashtextextended($1, 0) & 4294967295)::oid`,
      [userId],
    );
    if (rowCount === 1) return;
  }
  throw new Error('nobody waits for the lock of the learner');
}
