import { randomUUID } from 'node:crypto';
import { HOUR } from '../../../src/domain';
import { closeWorkflow, recordEvent } from '../../../src/ledger';
import type { Refused } from '../../../src/operations/operation';
import { completed, expired, MONDAY, progressed, provisioned, quizzed, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { call, recordLeaver, recordWrite, stateWith, viewsOver } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  await ledger.pool.query(
    'truncate receipts, departures, learners, completions, quiz_results, progress, expiries, open_workflows, effects, notes, alert_cases',
  );
});

const operator = { by: 'olga', role: 'operator' } as const;

interface Found {
  readonly learners: readonly { readonly userId: string }[];
  readonly next: string | null;
}

async function close(workflowId: string): Promise<void> {
  await closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' });
}

describe('the search for learners', () => {
  test.each([
    ['u-1', ['u-1', 'u-10']],
    ['U-1', []],
    ['ANNA@ex', ['u-2']],
    ['lee', ['u-10']],
    ['_', []],
  ])('for %s finds %j', async (q, found) => {
    const emails = { 'u-1': 'zoe@example.com', 'u-10': 'kim.lee@example.com', 'u-2': 'Anna@example.com' };
    for (const [userId, email] of Object.entries(emails))
      await ledger.pool.query('insert into learners (user_id, email) values ($1, $2)', [userId, email]);
    const { learners } = await call<Found>(viewsOver(ledger.pool), 'listLearners', { q });
    expect(learners.map(({ userId }) => userId)).toEqual(found);
  });

  test('without a text goes through all, page by page', async () => {
    for (const id of ['b', 'a', 'C']) await ledger.pool.query('insert into learners (user_id) values ($1)', [id]);
    const first = await call<Found>(viewsOver(ledger.pool), 'listLearners', { limit: '2' });
    const second = await call<Found>(viewsOver(ledger.pool), 'listLearners', { limit: '2', cursor: first.next });
    expect([...first.learners, ...second.learners].map(({ userId }) => userId)).toEqual(['C', 'a', 'b']);
  });
});

describe('the page of a learner', () => {
  test('has everything that is known in one timeline, the newest first', async () => {
    const { pool } = ledger;
    await recordEvent(pool, request('hire', provisioned('u', { at: MONDAY - HOUR })));
    await recordEvent(pool, request('done', completed('u', { score: 80 })));
    await recordEvent(pool, request('quiz', quizzed('u', { at: MONDAY + HOUR })));
    await recordEvent(pool, request('half', progressed('u', { percent: 50, at: MONDAY + 2 * HOUR })));
    await recordEvent(pool, request('old', expired('u', { certificate: 'Other', at: MONDAY + 3 * HOUR })));
    await recordWrite(pool, {
      workflowId: 'old',
      step: 'markRequired',
      system: 'salesforce',
      userId: 'u',
      would: { status: 'required' },
    });
    await call(viewsOver(pool), 'addNote', { workflowId: 'old', text: 'is on leave' }, operator);
    const at = new Date(MONDAY + 4 * HOUR).toISOString();
    const state = stateWith({
      history: [{ at, what: 'extendDeadline', by: 'olga', reason: 'on leave' }],
      notified: [{ at, role: 'manager', channel: 'mail', notification: 'recertify' }],
    });
    const stateOf = (id: string) => Promise.resolve(id === 'old' ? state : undefined);
    const page = await call<{ timeline: { kind: string; text: string; by: string | null }[]; points: number }>(
      viewsOver(pool, { stateOf }),
      'showLearner',
      { userId: 'u' },
    );
    expect(page).toMatchObject({ person: { userId: 'u', isActive: true }, progress: [{ percent: 50 }], points: 90 });
    const texts = page.timeline.map(({ kind, text, by }) => `${kind}: ${text} (${by ?? ''})`);
    expect(texts.slice(0, 2).sort()).toEqual(['effect: markRequired: status: required ()', 'note: is on leave (olga)']);
    expect(texts.slice(2)).toEqual([
      'decision: extendDeadline: on leave (olga)',
      'notified: recertify to: manager ()',
      'event: the certificate Other expired; to be renewed by 2026-04-01 12:00 UTC (event old)',
      'event: is at 50 % of the module Module (event half)',
      'event: failed the quiz Quiz (event quiz)',
      'event: some.event (event hire)',
      'event: completed the course Safety with 80 % (event done)',
    ]);
  });

  test('is refused of somebody whom the ledger does not know', async () => {
    expect((await call<Refused>(viewsOver(ledger.pool), 'showLearner', { userId: 'x' })).refused.status).toBe(404);
  });
});

describe('to forget a learner', () => {
  const SECRET = `name-${randomUUID()}`;

  async function annaHasLeft(): Promise<void> {
    const { pool } = ledger;
    const workflowId = await recordLeaver(pool, SECRET, { email: `${SECRET}@example.com` });
    await recordEvent(pool, request('done', completed(SECRET)));
    await recordEvent(pool, request('half', progressed(SECRET)));
    const own = { workflowId, userId: SECRET };
    await recordWrite(pool, {
      ...own,
      step: 'freeze',
      system: 'identity',
      would: { active: false },
      before: { active: true },
      actor: 'olga',
      reason: SECRET,
    });
    await recordWrite(pool, {
      ...own,
      step: 'archive',
      system: 'archive',
      naturalKey: `people/${SECRET}`,
      would: { key: `people/${SECRET}/1.json` },
    });
    await call(viewsOver(pool), 'addNote', { workflowId, text: SECRET }, operator);
    await pool.query('insert into learners (user_id, manager_email) values ($1, $2)', [
      'other',
      `${SECRET.toUpperCase()}@example.com`,
    ]);
    for (const id of [workflowId, `hire-${SECRET}`, 'done']) await close(id);
  }

  /** Every row of every table as text, but for event and workflow ids, which are the sender's. */
  async function everything(): Promise<string> {
    const tables = [
      'learners',
      'departures',
      'completions',
      'progress',
      'open_workflows',
      'effects',
      'receipts',
      'notes',
      'alert_cases',
    ];
    const texts = await Promise.all(
      tables.map(async (table) => {
        const { rows } = await ledger.pool.query<{ row: string }>(
          `select (to_jsonb(t) - '{event_id,workflow_id,first_run_id,signature_digest,body_digest}'::text[])::text as row from ${table} t`,
        );
        return rows.map(({ row }) => row).join('\n');
      }),
    );
    return texts.join('\n');
  }

  test('leaves nothing of the person in any table, and receipts and changes under a pseudonym', async () => {
    await annaHasLeft();
    const asked = { userId: SECRET, reason: 'request 17', dryRun: false };
    const answer = await call<{ pseudonym: string }>(viewsOver(ledger.pool), 'forgetLearner', asked, operator);
    expect(answer).toMatchObject({
      dryRun: false,
      rows: { learners: 1, departures: 1, completions: 1, progress: 1, effects: 2, receipts: 4, notes: 1, managers: 1 },
      archive: expect.stringContaining(`people/${SECRET}/1.json`) as string,
    });
    expect((await everything()).toLowerCase()).not.toContain(SECRET);
    const audit = await call<{ rows: object[] }>(viewsOver(ledger.pool), 'listAudit', { userId: answer.pseudonym });
    expect(audit.rows).toMatchObject([
      { by: 'olga', reason: 'request 17', system: 'ledger', step: 'forget', status: 'done' },
      { system: 'archive', status: 'done' },
      { by: 'olga', reason: null, system: 'identity', step: 'freeze', what: 'active: false', before: { active: true } },
    ]);
    const again = await recordEvent(ledger.pool, {
      ...request('done', completed(SECRET)),
      receipt: { ...request('done', null).receipt, firstRunId: 'run after retention' },
    });
    expect(again.outcome).toBe('duplicate');
  });

  test('as a dry run counts the same and changes nothing', async () => {
    await annaHasLeft();
    const before = await everything();
    const asked = { userId: SECRET, reason: 'request 17' };
    const answer = await call(viewsOver(ledger.pool), 'forgetLearner', asked, operator);
    expect(answer).toMatchObject({ dryRun: true, pseudonym: null, rows: { learners: 1, effects: 2 } });
    expect(await everything()).toBe(before);
  });

  test('is refused while a workflow of theirs runs, and of somebody whom nobody knows', async () => {
    const workflowId = await recordLeaver(ledger.pool, 'anna');
    const asked = { reason: 'request 17', dryRun: false };
    const busy = await call<Refused>(viewsOver(ledger.pool), 'forgetLearner', { ...asked, userId: 'anna' }, operator);
    expect(busy.refused.status).toBe(409);
    expect(busy.refused.detail).toContain(workflowId);
    const unknown = await call<Refused>(viewsOver(ledger.pool), 'forgetLearner', { ...asked, userId: 'x' }, operator);
    expect(unknown.refused.status).toBe(404);
  });

  test('erases the archive first where the policy says so, and nothing when that fails', async () => {
    await annaHasLeft();
    const removed: string[] = [];
    const answers = [
      () => Promise.reject(new Error('away')),
      () => Promise.resolve('off'),
      () => Promise.resolve('done'),
    ];
    const removeFiles = (keys: readonly string[]): Promise<'done' | 'off'> => {
      removed.push(...keys);
      return (answers.shift()?.() ?? Promise.reject(new Error('asked too often'))) as Promise<'done' | 'off'>;
    };
    const deps = viewsOver(ledger.pool, { forget: { archive: 'delete' }, removeFiles });
    const asked = { userId: SECRET, reason: 'request 17', dryRun: false };
    for (const status of [503, 409]) {
      expect((await call<Refused>(deps, 'forgetLearner', asked, operator)).refused.status).toBe(status);
      expect(await everything()).toContain(SECRET);
    }
    expect(await call(deps, 'forgetLearner', asked, operator)).toMatchObject({
      archive: expect.stringContaining('were deleted') as string,
    });
    expect(removed).toEqual(Array<string>(3).fill(`people/${SECRET}/1.json`));
  });

  test('says when Temporal removes the rest', async () => {
    await annaHasLeft();
    const deps = viewsOver(ledger.pool, { retentionMs: () => Promise.resolve(72 * HOUR) });
    const answer = await call(deps, 'forgetLearner', { userId: SECRET, reason: 'request 17' }, operator);
    expect(answer).toMatchObject({ temporal: expect.stringContaining('3 days after each workflow ended') as string });
  });
});
