import {
  closeGone,
  closeWorkflow,
  dueDigests,
  markSeen,
  pruneLedger,
  recordEvent,
  staleWorkflows,
} from '../../src/ledger';
import { completed, deprovisioned, expired, progressed, request } from './events';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() =>
  ledger.pool.query('truncate receipts, open_workflows, alert_cases, completions, expiries, departures, learners'),
);

const record = (eventId: string, fact: Parameters<typeof request>[1]) =>
  recordEvent(ledger.pool, request(eventId, fact));
const quiet = (limit = 10) => staleWorkflows(ledger.pool, limit);
const close = (workflowId: string, outcome: string) =>
  closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome });

/** As if so many hours had gone since all that the ledger has heard. */
async function later(hours: number): Promise<void> {
  const ago = `interval '${hours} hours'`;
  await ledger.pool.query(
    `update receipts set recorded_at = recorded_at - ${ago}, seen_at = seen_at - ${ago}, closed_at = closed_at - ${ago}`,
  );
  await ledger.pool.query(`update open_workflows set opened_at = opened_at - ${ago}, seen_at = seen_at - ${ago}`);
}

describe('quietWorkflows', () => {
  test('are those that wait, or have not closed, and were not heard of for a day', async () => {
    await record('cert', expired('u1'));
    await record('completion', completed('u2'));
    await record('unread', null);
    await record('closed', expired('u3'));
    await close('closed', 'lapsed');
    await record('progress', progressed('u4'));
    await later(23);
    await record('young', expired('u5'));
    expect(await quiet()).toEqual([]);
    await later(2);
    expect((await quiet()).toSorted()).toEqual(['cert', 'completion', 'unread']);
  });

  test('are asked after once a day, the quietest first', async () => {
    await record('a', expired('u1'));
    await later(2);
    await record('b', expired('u2'));
    await later(30);
    expect(await quiet()).toEqual(['a', 'b']);
    expect(await quiet(1)).toEqual(['a']);
    await markSeen(ledger.pool, ['a']);
    expect(await quiet()).toEqual(['b']);
    await later(25);
    expect(await quiet()).toEqual(['b', 'a']);
  });

  test('are asked after at each housekeeping where a leaver may still have access', async () => {
    await record('leave', deprovisioned('u1'));
    await record('cert', expired('u2'));
    await later(1);
    expect(await quiet()).toEqual(['leave']);
  });

  test('are those too that a reset has opened again after they had closed', async () => {
    await record('cert', expired('u1'));
    await close('cert', 'lapsed');
    await record('cert', expired('u1'));
    await later(25);
    expect(await quiet()).toEqual(['cert']);
  });
});

describe('closeGone', () => {
  test('closes the case: nothing more is told to it, and a departure joins it no more', async () => {
    await record('cert', expired('u1'));
    await record('leave', deprovisioned('u1'));
    for (const id of ['cert', 'leave']) await closeGone(ledger.pool, id);
    expect(await record('again', deprovisioned('u1'))).toMatchObject({ answer: {}, settles: [] });
    await later(25);
    expect(await quiet()).toEqual(['again']);
  });

  test('of an offboarding is named in the next digest, with whose hand ended it; of another kind it is not', async () => {
    await record('leave', deprovisioned('u1'));
    await record('cert', expired('u2'));
    const ending = { how: 'terminated', by: 'temporal-cli:ada', reason: 'a mistake' };
    for (const id of ['leave', 'cert', 'leave']) await closeGone(ledger.pool, id, ending);
    expect(await dueDigests(ledger.pool)).toMatchObject([
      { cases: [{ workflowId: 'leave', about: 'Offboarding of u1: terminated by temporal-cli:ada' }], more: 0 },
    ]);
  });

  test('closes the receipt as gone, so that it is pruned in time', async () => {
    await record('cert', expired('u1'));
    await record('unread', null);
    for (const id of ['cert', 'unread']) await closeGone(ledger.pool, id);
    const { rows } = await ledger.pool.query('select distinct outcome from receipts');
    expect(rows).toEqual([{ outcome: 'gone' }]);
    await later(91 * 24);
    expect(await pruneLedger(ledger.pool, { olderThanDays: 90 })).toMatchObject({ receipts: 2 });
  });

  test('leaves the outcome of what has closed meanwhile', async () => {
    await record('cert', expired('u1'));
    await close('cert', 'recertified');
    await closeGone(ledger.pool, 'cert');
    expect((await ledger.pool.query('select outcome from receipts')).rows).toEqual([{ outcome: 'recertified' }]);
    expect((await ledger.pool.query('select gone from open_workflows')).rows).toEqual([{ gone: false }]);
  });
});
