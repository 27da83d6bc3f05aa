import { randomUUID } from 'node:crypto';
import type { Fact } from '../../src/domain';
import {
  closeWorkflow,
  recordEvent,
  settleConflict,
  type ConflictStanding,
  type Receipt,
  type Recorded,
} from '../../src/ledger';
import { completed, request, RULES } from './events';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

/** Ids of this test alone: the tests share the tables. */
function newIds(): (name: string) => string {
  const test = randomUUID();
  return (name) => `${name} ${test}`;
}

/** The delivery that came second under `eventId`: its bytes and signature are those of `body`. */
function contradicting(eventId: string, body: string): Receipt {
  const workflowId = `conflict:${eventId}:${body}`;
  const { receipt } = request(eventId, null);
  const own = { eventId: workflowId, workflowId, firstRunId: `run of ${workflowId}`, isConflict: true } as const;
  return { ...receipt, ...own, signatureDigest: `signature of ${body}`, bodyDigest: body };
}

/** The same run once it goes on as the workflow of its event, under the id that it has then. */
function running(kept: Receipt, eventId: string): Receipt {
  const { isConflict, ...receipt } = kept;
  return isConflict === true ? { ...receipt, eventId } : kept;
}

const record = (receipt: Receipt, fact: Fact | null = null): Promise<Recorded> =>
  recordEvent(ledger.pool, { receipt, fact, rules: RULES });

/** A captured delivery of `of`, sent again under the id `eventId`. */
const replay = (eventId: string, of: string): Promise<Recorded> => {
  const { receipt } = request(eventId, null);
  const captured = { signatureDigest: `signature of ${of}`, bodyDigest: `body of ${of}` };
  return record({ ...receipt, ...captured, firstRunId: 'run of the forger' }, completed('anyone'));
};

const settle = (eventId: string, { workflowId, firstRunId, bodyDigest }: Receipt): Promise<ConflictStanding> =>
  settleConflict(ledger.pool, { eventId, bodyDigest, run: { workflowId, firstRunId } });

async function rowOf(workflowId: string): Promise<unknown> {
  const { rows } = await ledger.pool.query(
    'select event_id, signature_digest, outcome, closed_at is not null as closed from receipts where workflow_id = $1',
    [workflowId],
  );
  return rows.length === 1 ? rows[0] : rows;
}

async function scoresOf(userId: string): Promise<unknown> {
  const { rows } = await ledger.pool.query<{ score: number }>('select score from completions where user_id = $1', [
    userId,
  ]);
  return rows.map(({ score }) => score);
}

describe('settleConflict', () => {
  test('stands: the first one was recorded', async () => {
    const id = newIds();
    await record(request(id('e'), null).receipt, completed(id('u')));
    const second = contradicting(id('e'), id('other bytes'));
    expect(await record(second)).toMatchObject({ outcome: 'new' });
    expect(await settle(id('e'), second)).toBe('stands');
  });

  test('free: the first one was a replay, and the event runs under its own id', async () => {
    const id = newIds();
    await record(request(id('captured'), null).receipt, completed(id('u')));
    expect(await replay(id('e'), id('captured'))).toEqual({ outcome: 'replayed', first: id('captured') });
    const genuine = contradicting(id('e'), id('genuine bytes'));
    await record(genuine);
    expect(await settle(id('e'), genuine)).toBe('free');
    expect(await record(running(genuine, id('e')), completed(id('v'), { score: 77 }))).toMatchObject({
      outcome: 'new',
      answer: { firstCompletion: true },
    });
    expect(await scoresOf(id('v'))).toEqual([77]);
    expect(await rowOf(genuine.workflowId)).toMatchObject({
      event_id: id('e'),
      signature_digest: `signature of ${id('genuine bytes')}`,
    });
  });

  test('free, asked again by the same run, is free again; to any other the event id is taken', async () => {
    const id = newIds();
    await record(request(id('captured'), null).receipt, completed(id('u')));
    await replay(id('e'), id('captured'));
    const [genuine, another] = [contradicting(id('e'), id('genuine')), contradicting(id('e'), id('another'))];
    for (const receipt of [genuine, another]) await record(receipt);
    expect(await settle(id('e'), genuine)).toBe('free');
    expect(await settle(id('e'), genuine)).toBe('free');
    expect(await settle(id('e'), another)).toBe('stands');
    expect(await record(request(id('e'), null).receipt)).toMatchObject({ outcome: 'duplicate', first: id('e') });
  });

  test('of those that ask at once one gets the id', async () => {
    const id = newIds();
    await record(request(id('captured'), null).receipt, completed(id('u')));
    await replay(id('e'), id('captured'));
    const receipts = ['a', 'b', 'c', 'd', 'f'].map((body) => contradicting(id('e'), id(body)));
    for (const receipt of receipts) await record(receipt);
    const standings = await Promise.all(receipts.map((receipt) => settle(id('e'), receipt)));
    expect(standings.sort()).toEqual(['free', 'stands', 'stands', 'stands', 'stands']);
  });

  test('unknown: the first one has not been recorded yet', async () => {
    const id = newIds();
    const second = contradicting(id('e'), id('bytes'));
    await record(second);
    expect(await settle(id('e'), second)).toBe('unknown');
  });

  test('a replay of its own bytes frees nothing', async () => {
    const id = newIds();
    await record(request(id('captured'), null).receipt, completed(id('u')));
    await replay(id('e'), id('captured'));
    const second = { ...contradicting(id('e'), id('x')), bodyDigest: `body of ${id('captured')}` };
    await record(second);
    expect(await settle(id('e'), second)).toBe('unknown');
  });
});

describe('recordEvent of a conflict', () => {
  test('that is a captured delivery says replayed, and keeps no receipt', async () => {
    const id = newIds();
    await record(request(id('e'), null).receipt, completed(id('u')));
    await record(request(id('captured'), null).receipt, completed(id('u')));
    const forged = { ...contradicting(id('e'), 'x'), signatureDigest: `signature of ${id('captured')}` };
    expect(await record(forged)).toEqual({ outcome: 'replayed', first: id('captured') });
    expect(await rowOf(forged.workflowId)).toEqual([]);
  });

  test('does not take its signature: the genuine event runs when it comes under its own id', async () => {
    const id = newIds();
    await record(request(id('known'), null).receipt, completed(id('u')));
    const captured = { ...contradicting(id('known'), 'x'), signatureDigest: `signature of ${id('late')}` };
    await record(captured);
    expect(await record(request(id('late'), null).receipt, completed(id('v'), { score: 66 }))).toMatchObject({
      outcome: 'new',
    });
    expect(await scoresOf(id('v'))).toEqual([66]);
    // A person has the kept one run as well: the same signed delivery, once.
    const result = await record(running(captured, captured.workflowId), completed(id('v'), { score: 66 }));
    expect(result).toEqual({ outcome: 'replayed', first: id('late') });
    expect(await scoresOf(id('v'))).toEqual([66]);
    expect(await rowOf(captured.workflowId)).toMatchObject({ outcome: 'replayed', closed: true });
  });

  test('that a person has run takes its signature: the same delivery under another id is a replay of it', async () => {
    const id = newIds();
    await record(request(id('e'), null).receipt, completed(id('u')));
    const kept = contradicting(id('e'), id('bytes'));
    await record(kept);
    expect(await record(running(kept, kept.workflowId), completed(id('v')))).toMatchObject({ outcome: 'new' });
    const { receipt } = request(id('again'), null);
    expect(await record({ ...receipt, signatureDigest: kept.signatureDigest }, completed(id('v')))).toEqual({
      outcome: 'replayed',
      first: kept.workflowId,
    });
  });

  test('recorded again by its own run, at whatever point it was reset to, is its own', async () => {
    const id = newIds();
    await record(request(id('captured'), null).receipt, completed(id('u')));
    await replay(id('e'), id('captured'));
    const genuine = contradicting(id('e'), id('genuine'));
    const kept = { outcome: 'new', answer: {}, settledBy: null, settles: [] };
    expect(await record(genuine)).toEqual(kept);
    expect(await record(genuine)).toEqual(kept);
    await settle(id('e'), genuine);
    expect(await record(genuine)).toEqual(kept);
    await record(running(genuine, id('e')), completed(id('v')));
    expect(await record(genuine)).toMatchObject({ outcome: 'new' });
    expect(await rowOf(genuine.workflowId)).toMatchObject({ event_id: id('e') });
  });

  test('is closed as its run ends, whatever id it has then', async () => {
    const id = newIds();
    await record(request(id('captured'), null).receipt, completed(id('u')));
    await replay(id('e'), id('captured'));
    const genuine = contradicting(id('e'), id('genuine'));
    await record(genuine);
    await settle(id('e'), genuine);
    await closeWorkflow(ledger.pool, { ...genuine, outcome: 'discarded' });
    expect(await rowOf(genuine.workflowId)).toMatchObject({ event_id: id('e'), outcome: 'discarded', closed: true });
  });
});
