import { randomUUID } from 'node:crypto';
import { DAY, type Fact } from '../../src/domain';
import {
  beginEffect,
  bestCompletion,
  closeWorkflow,
  countOpen,
  findLearner,
  closeGone,
  readPerson,
  recordEvent,
  setLearnerEmail,
  sharersOf,
} from '../../src/ledger';
import { completed, deprovisioned, expired, MONDAY, progressed, provisioned, quizzed, request } from './events';
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

function record(name: string, fact: Fact): Promise<object> {
  return recordEvent(ledger.pool, request(`${name} ${userId}`, fact));
}

describe('findLearner', () => {
  test('of nobody is null', async () => {
    expect(await findLearner(ledger.pool, userId)).toBeNull();
  });

  test('of somebody hired is what the event said', async () => {
    await record('hire', provisioned(userId));
    expect(await findLearner(ledger.pool, userId)).toEqual({
      userId,
      email: 'new@example.com',
      role: 'rep',
      teamId: 'west',
      managerEmail: null,
      active: true,
      standing: 'active',
    });
  });

  test('of a leaver whom nobody knew has the address of the departure', async () => {
    await record('leave', deprovisioned(userId));
    expect(await findLearner(ledger.pool, userId)).toMatchObject({ email: 'old@example.com', active: false });
  });

  test('of a leaver whom we knew has the address that we knew', async () => {
    await record('hire', provisioned(userId));
    await record('leave', deprovisioned(userId));
    expect(await findLearner(ledger.pool, userId)).toMatchObject({ email: 'new@example.com' });
  });
});

describe('an event that lacks what nobody needs', () => {
  const nothing = { email: null, role: null, teamId: null };

  test('takes nothing from what is known of a learner', async () => {
    await record('hire', provisioned(userId));
    await record('again', { ...provisioned(userId, { at: MONDAY + 1 }), ...nothing });
    await record('leave', { kind: 'deprovisioned', userId, email: null, reason: null, at: MONDAY + 2 });
    expect(await findLearner(ledger.pool, userId)).toMatchObject({
      email: 'new@example.com',
      role: 'rep',
      teamId: 'west',
      standing: 'left',
    });
  });

  test('makes a learner of whom only the id is known', async () => {
    await record('leave', { kind: 'deprovisioned', userId, email: null, reason: null, at: MONDAY });
    expect(await findLearner(ledger.pool, userId)).toMatchObject({ email: null, active: false });
    await record('hire', { ...provisioned(userId), ...nothing });
    expect(await findLearner(ledger.pool, userId)).toMatchObject({ email: null, role: null });
  });
});

describe('a completion', () => {
  test.each([
    ['decomposed', 'Café Basics', 'Cafe\u0301 Basics'],
    ['with a no-break space', 'Café Basics', 'Café\u00a0Basics'],
    ['full-width, with a trailing zero-width space', 'Cafe 1', 'Ｃａｆｅ　１\u200b'],
  ])('renews the certificate of the same name, %s', async (_how, certificate, course) => {
    await record('expiry', expired(userId, { certificate }));
    const recorded = await record('completion', completed(userId, { course, at: MONDAY + 1 }));
    expect(recorded).toMatchObject({ settles: [{ news: { signal: 'recertified' } }] });
  });
});

describe('setLearnerEmail', () => {
  test('tells the address of somebody unknown, and corrects it', async () => {
    await setLearnerEmail(ledger.pool, userId, 'a@example.com');
    await setLearnerEmail(ledger.pool, userId, 'b@example.com');
    expect(await findLearner(ledger.pool, userId)).toMatchObject({ email: 'b@example.com', role: null, active: true });
  });
});

describe('bestCompletion', () => {
  test('has the highest score of a course, the earliest of equals; null without any', async () => {
    const best = () => bestCompletion(ledger.pool, userId, 'id of Safety');
    expect(await best()).toBeNull();
    for (const [hours, score] of [50, 90, 70, 90].entries())
      await record(`c${hours}`, completed(userId, { score, at: MONDAY + hours * 3_600_000 }));
    expect(await best()).toEqual({ score: 90, at: new Date(MONDAY + 3_600_000) });
  });
});

describe('countOpen', () => {
  test('counts those of the workflows that neither closed nor are gone', async () => {
    const ids = ['a', 'b', 'c', 'unknown'].map((name) => `${name} ${userId}`);
    for (const name of ['a', 'b', 'c', 'd']) await record(name, expired(userId, { certificate: name }));
    expect(await countOpen(ledger.pool, ids)).toBe(3);
    await closeWorkflow(ledger.pool, {
      workflowId: `b ${userId}`,
      firstRunId: `run of b ${userId}`,
      outcome: 'cancelled',
    });
    await closeGone(ledger.pool, `c ${userId}`);
    expect(await countOpen(ledger.pool, ids)).toBe(1);
    expect(await countOpen(ledger.pool, [])).toBe(0);
  });
});

describe('sharersOf', () => {
  const other = (name: string): string => `${name} of ${userId}`;
  const hire = (name: string, at: number, email: string) =>
    recordEvent(ledger.pool, request(`hire of ${other(name)}`, provisioned(other(name), { at, email })));
  const leave = (name: string, at: number, email: string) =>
    recordEvent(ledger.pool, request(`leave of ${other(name)}`, deprovisioned(other(name), { at, email })));

  test('names the learners of the same address who have not left, however it is written', async () => {
    const email = `${userId}@example.com`;
    await hire('me', MONDAY, email);
    await hire('spare', MONDAY, ` ${email.toUpperCase()}`);
    await hire('gone', MONDAY, email);
    await leave('gone', MONDAY + DAY, email);
    await hire('leaves', MONDAY, email);
    await leave('leaves', Date.parse('2099-01-01'), email);
    await hire('else', MONDAY, `other.${email}`);
    const sharers = (emails: readonly string[]) => sharersOf(ledger.pool, { userId: other('me'), emails });
    expect(await sharers([])).toEqual([other('leaves'), other('spare')]);
    expect(await sharers([`other.${email}`])).toEqual([other('else'), other('leaves'), other('spare')]);
    expect(await sharersOf(ledger.pool, { userId: other('unknown'), emails: [] })).toEqual([]);
  });
});

describe('readPerson', () => {
  test('holds all that the ledger has, the same each time, and nothing of anybody else', async () => {
    await record('hire', provisioned(userId));
    await record('completion', completed(userId));
    await record('quiz', quizzed(userId));
    await record('progress', progressed(userId));
    await record('expiry', expired(userId));
    await record('leave', deprovisioned(userId));
    await recordEvent(ledger.pool, request(`other ${userId}`, completed(`other ${userId}`)));
    const write = { workflowId: `leave ${userId}`, eventId: `leave ${userId}`, userId, mode: 'on', would: {} } as const;
    await beginEffect(ledger.pool, { ...write, step: 'freeze', system: 'identity', naturalKey: 'active' });
    const person = await readPerson(ledger.pool, userId);
    await beginEffect(ledger.pool, { ...write, step: 'archive', system: 'archive', naturalKey: 'file' });
    expect(JSON.stringify(await readPerson(ledger.pool, userId))).toBe(JSON.stringify(person));
    expect(person).toMatchObject({
      learner: [{ user_id: userId, email: 'new@example.com', provisioned_at: new Date(MONDAY).toISOString() }],
      departures: [{ reason: 'left', withdrawn_by: null }],
      completions: [{ course_name: 'Safety', score: 80 }],
      quizResults: [{ result: 'failed' }],
      progress: [{ percent: 10 }],
      expiries: [{ cert_name: 'Safety' }],
      effects: [{ step: 'freeze' }],
    });
    expect(person.cases.map(({ kind }) => kind)).toEqual([
      'onboarding',
      'quizCoaching',
      'recertification',
      'offboarding',
    ]);
    expect(person.receipts).toHaveLength(6);
  });
});
