import { createHash } from 'node:crypto';
import { DAY, HOUR, MINUTE } from '../../../src/domain';
import { closeWorkflow } from '../../../src/ledger';
import type { Leaver } from '../../../src/operations/views/leavers';
import type { FileReply, Refused } from '../../../src/operations/operation';
import type { ProcessState } from '../../../workflows/messages';
import { MONDAY } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { call, recordLeaver, recordWrite, stateWith, stepState, textOf, viewsOver } from './fixture';

interface Page {
  readonly leavers: readonly Leaver[];
  readonly total: number;
  readonly next: string | null;
}

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  await ledger.pool.query('truncate receipts, departures, learners, effects, open_workflows, notes');
});

/** The workflow of a leaver whose CRM user is not found, and whose chat account is parked. */
const running: ProcessState = stateWith({
  phase: 'parked',
  waitingFor: 'retryStep or skipStep of "deactivateSlack"',
  steps: [
    stepState('freeze', 'done', 'sessions: not supported', MONDAY + MINUTE),
    stepState('freezeCrm', 'skipped', 'not found', MONDAY + MINUTE),
    stepState('deactivateSlack', 'parked', 'slack refused our credentials', MONDAY + MINUTE),
    stepState('leaveGroups', 'done', 'left Sales', MONDAY + 2 * MINUTE),
  ],
  history: [{ at: new Date(MONDAY + MINUTE).toISOString(), what: 'escalated', by: 'ops', reason: '=1+1' }],
});

const finished: ProcessState = stateWith({
  phase: 'done',
  outcome: 'done',
  steps: [
    stepState('freeze', 'done', null, MONDAY + MINUTE),
    stepState('leaveGroups', 'done', 'left none', MONDAY + 30 * MINUTE),
    stepState('freezeCrm', 'skipped', 'not configured', MONDAY + MINUTE),
    stepState('deactivateSlack', 'skipped', 'by ops: has none', MONDAY + MINUTE),
    stepState('archive', 'done', 'SHA-256 abc', MONDAY + 31 * MINUTE),
    stepState('deactivate', 'done', 'cannot be undone', MONDAY + 7 * DAY),
  ],
});

describe('the list of leavers', () => {
  test('shows each step of a running one, the clock, and who has to act', async () => {
    await recordLeaver(ledger.pool, 'anna');
    const stateOf = (id: string) => Promise.resolve(id === 'leave-anna' ? running : undefined);
    const { leavers, total } = await call<Page>(viewsOver(ledger.pool, { stateOf }), 'listLeavers', { open: 'true' });
    expect(total).toBe(1);
    const [anna] = leavers;
    expect(anna).toMatchObject({
      person: { userId: 'anna', isActive: false },
      phase: 'parked',
      needs: 'person',
      limitAt: new Date(MONDAY + 1000 + HOUR).toISOString(),
      accessEndedAt: null,
      isLate: true,
      webUi: 'http://temporal.example/namespaces/default/workflows/leave-anna',
    });
    expect(Object.entries(anna?.steps ?? {}).map(([name, { status }]) => [name, status])).toEqual([
      ['signIn', 'done'],
      ['sessions', 'notSupported'],
      ['groups', 'done'],
      ['crm', 'notFound'],
      ['chat', 'parked'],
      ['archive', 'pending'],
      ['deactivation', 'pending'],
    ]);
  });

  test('shows how long access took of one that has ended, by its last state', async () => {
    const workflowId = await recordLeaver(ledger.pool, 'anna');
    await closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' });
    await setFinal(workflowId, finished);
    const { leavers } = await call<Page>(viewsOver(ledger.pool), 'listLeavers', { open: 'false' });
    expect(leavers[0]).toMatchObject({ minutes: 30, isLate: false, outcome: 'done', phase: 'done' });
    expect(leavers[0]?.steps).toMatchObject({ crm: { status: 'off' }, chat: { status: 'skipped' } });
    expect(await call<Page>(viewsOver(ledger.pool), 'listLeavers', { open: 'true' })).toMatchObject({ total: 0 });
  });

  test('knows by the ledger alone what was written, and claims nothing of the rest', async () => {
    const workflowId = await recordLeaver(ledger.pool, 'anna');
    await recordWrite(ledger.pool, { workflowId, step: 'freeze', system: 'identity', would: { active: false } });
    const { leavers } = await call<Page>(viewsOver(ledger.pool), 'listLeavers');
    expect(leavers[0]?.steps).toMatchObject({ signIn: { status: 'done' }, crm: { status: 'pending' } });
    await closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' });
    const after = await call<Page>(viewsOver(ledger.pool), 'listLeavers');
    expect(after.leavers[0]?.steps).toMatchObject({ signIn: { status: 'done' }, crm: { status: 'unknown' } });
  });

  test('goes from page to page without losing or repeating anybody', async () => {
    for (const [index, id] of ['a', 'b', 'c', 'd', 'e'].entries())
      await recordLeaver(ledger.pool, id, { at: MONDAY - Math.floor(index / 2) * DAY });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page: Page = await call(viewsOver(ledger.pool), 'listLeavers', { limit: '2', ...(cursor && { cursor }) });
      expect(page.total).toBe(5);
      seen.push(...page.leavers.map(({ person }) => person.userId));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(['b', 'a', 'd', 'c', 'e']);
  });

  test.each(['ann', 'ANNA.BERG@', 'berg'])('finds %s by the beginning of id, address or last name', async (q) => {
    await recordLeaver(ledger.pool, 'ann-1', { email: 'Anna.Berg@example.com' });
    await recordLeaver(ledger.pool, 'bob', { email: 'bob@example.com' });
    const { leavers } = await call<Page>(viewsOver(ledger.pool), 'listLeavers', { q });
    expect(leavers.map(({ person }) => person.userId)).toEqual(['ann-1']);
  });

  test('takes a text with wildcards as it is', async () => {
    await recordLeaver(ledger.pool, 'ann-1');
    expect(await call<Page>(viewsOver(ledger.pool), 'listLeavers', { q: '%' })).toMatchObject({ total: 0 });
  });
});

describe('the evidence file', () => {
  async function annaHasLeft(): Promise<string> {
    const workflowId = await recordLeaver(ledger.pool, 'anna', { email: 'anna@example.com' });
    const own = { workflowId, userId: 'anna' };
    await recordWrite(ledger.pool, {
      ...own,
      step: 'freeze',
      system: 'identity',
      would: { active: false },
      before: { active: true },
    });
    await recordWrite(ledger.pool, {
      ...own,
      step: 'archive',
      system: 'archive',
      would: { key: 'people/anna/1.json', sha256: 'abc' },
    });
    await closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' });
    await setFinal(workflowId, { ...finished, history: running.history });
    return workflowId;
  }

  test('as CSV has the event, what was found and changed, the decisions, and a digest of all of it', async () => {
    const workflowId = await annaHasLeft();
    const reply = await call<FileReply>(viewsOver(ledger.pool), 'leaverEvidenceCsv', { workflowId });
    expect(reply).toMatchObject({ contentType: 'text/csv; charset=utf-8', fileName: 'evidence-leave-anna.csv' });
    const csv = textOf(reply);
    const lines = csv.trimEnd().split('\n');
    const data = `${lines.slice(0, -1).join('\n')}\n`;
    expect(lines.at(-1)).toContain(createHash('sha256').update(data).digest('hex'));
    expect(lines.at(-1)).toContain('sam');
    expect(csv).toContain('user.deprovisioned of anna was received');
    expect(csv).toContain('reason: left');
    expect(csv).toContain('step freeze,active: true,active: false,done');
    expect(csv).toContain('2026-03-02 09:01:00 UTC,2026-03-02 10:01:00 GMT+01:00');
    expect(csv).toContain("escalated,,,,ops,'=1+1");
    expect(csv).toContain('CRM user: is not connected');
    expect(csv).toContain('Access ended 30 minutes after leaving or receipt');
  });

  test('has the notes on the case, of which a workflow that nobody knows gets none', async () => {
    const workflowId = await annaHasLeft();
    const operator = { by: 'olga', role: 'operator' } as const;
    const note = { workflowId, text: 'her manager has the badge' };
    expect(await call(viewsOver(ledger.pool), 'addNote', note, operator)).toMatchObject({ ...note, by: 'olga' });
    const csv = textOf(await call<FileReply>(viewsOver(ledger.pool), 'leaverEvidenceCsv', { workflowId }));
    expect(csv).toContain('note,,her manager has the badge,,,,olga');
    const unknown = { workflowId: 'x', text: 'a note' };
    expect((await call<Refused>(viewsOver(ledger.pool), 'addNote', unknown, operator)).refused.status).toBe(404);
  });

  test('says plainly what it cannot know where only the ledger is left', async () => {
    const workflowId = await recordLeaver(ledger.pool, 'anna');
    await closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' });
    await ledger.pool.query('delete from receipts');
    const csv = textOf(await call<FileReply>(viewsOver(ledger.pool), 'leaverEvidenceCsv', { workflowId }));
    expect(csv).toContain('The receipt of the event is no longer kept');
    expect(csv).toContain('The last state of the workflow is not kept');
  });

  test('of one that runs says that it is not over', async () => {
    const workflowId = await recordLeaver(ledger.pool, 'anna');
    const csv = textOf(await call<FileReply>(viewsOver(ledger.pool), 'leaverEvidenceCsv', { workflowId }));
    expect(csv).toContain('The workflow did not answer');
    expect(csv).toContain('The offboarding is not over');
  });

  test('as PDF has the pages of each leaver of a period', async () => {
    await annaHasLeft();
    await ledger.pool.query(
      `insert into learners (user_id, email) select 'u' || n, 'søren.' || n || '@example.com' from generate_series(1, 12) n`,
    );
    await ledger.pool.query(
      `insert into departures (event_id, user_id, reason, at) select 'e' || n, 'u' || n, '', '2026-03-02' from generate_series(1, 12) n`,
    );
    const period = { from: '2026-03-01', to: '2026-03-03' };
    const reply = await call<FileReply>(viewsOver(ledger.pool), 'leaversEvidencePdf', period);
    expect(reply).toMatchObject({ contentType: 'application/pdf', fileName: 'evidence-2026-03-01-to-2026-03-03.pdf' });
    const pdf = textOf(reply);
    expect(pdf.slice(0, 5)).toBe('%PDF-');
    expect((pdf.match(/\/Type \/Page\b/g) ?? []).length).toBeGreaterThan(13);
  });

  test('of a period names the departures that nobody could read', async () => {
    await ledger.pool
      .query(`insert into receipts (event_id, signature_digest, body_digest, event, workflow_id, first_run_id,
      signed_at, received_at) values ('q', 's', 'b', 'user.deprovisioned', 'q', 'r', '2026-03-02', '2026-03-02')`);
    const period = { from: '2026-03-01', to: '2026-03-03' };
    const csv = textOf(await call<FileReply>(viewsOver(ledger.pool), 'leaversEvidenceCsv', period));
    expect(csv).toContain('1 deliveries of a departure');
  });

  test('is refused for a workflow that nobody knows, and for a period that ends before it begins', async () => {
    const unknown = await call<Refused>(viewsOver(ledger.pool), 'leaverEvidencePdf', { workflowId: 'x' });
    expect(unknown.refused.status).toBe(404);
    const period = { from: '2026-03-02', to: '2026-03-01' };
    expect((await call<Refused>(viewsOver(ledger.pool), 'leaversEvidencePdf', period)).refused.status).toBe(400);
  });
});

/** As the last activity of a workflow keeps it. */
async function setFinal(workflowId: string, { steps, history, notified }: ProcessState): Promise<void> {
  await ledger.pool.query('update receipts set final = $2 where workflow_id = $1', [
    workflowId,
    JSON.stringify({ steps, history, notified }),
  ]);
}
