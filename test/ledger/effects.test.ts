import { randomUUID } from 'node:crypto';
import {
  beginEffect,
  confirmEffect,
  effectsOf,
  effectsOfStep,
  finishEffect,
  undoEffects,
  type NewEffect,
} from '../../src/ledger/effects';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

function effect(fields: Partial<NewEffect> = {}): NewEffect {
  return {
    workflowId: randomUUID(),
    step: 'leaveGroups',
    system: 'identity',
    naturalKey: 'member:certified',
    eventId: 'event',
    userId: 'learner',
    mode: 'on',
    would: { member: false },
    before: { member: true },
    ...fields,
  };
}

describe('beginEffect', () => {
  test('of a new write is pending, once', async () => {
    expect(await beginEffect(ledger.pool, effect())).toEqual({
      status: 'pending',
      attempts: 1,
      before: { member: true },
      result: null,
    });
  });

  test('of one begun before counts the attempt and keeps what stood there the first time', async () => {
    const write = effect();
    await beginEffect(ledger.pool, write);
    expect(await beginEffect(ledger.pool, { ...write, before: { member: false } })).toMatchObject({
      status: 'pending',
      attempts: 2,
      before: { member: true },
    });
  });

  test('of one that is done, and was reversed, begins anew with what stands there now', async () => {
    const write = effect();
    await beginEffect(ledger.pool, write);
    await finishEffect(ledger.pool, write, { status: 'done', result: 'left' });
    const again = { ...write, before: { member: 'by hand' }, isReversed: true };
    expect(await beginEffect(ledger.pool, again)).toEqual({
      status: 'pending',
      attempts: 2,
      before: { member: 'by hand' },
      result: null,
    });
  });

  test('of one that is done returns its result', async () => {
    const write = effect();
    await beginEffect(ledger.pool, write);
    await finishEffect(ledger.pool, write, { status: 'done', result: 'left' });
    expect(await beginEffect(ledger.pool, write)).toMatchObject({ status: 'done', result: 'left' });
  });

  test('that is only observed is finished at once', async () => {
    const write = effect({ mode: 'observe' });
    expect(await beginEffect(ledger.pool, write)).toMatchObject({ status: 'observed' });
    const [row] = await effectsOf(ledger.pool, write.workflowId);
    expect(row?.finishedAt).not.toBeNull();
  });

  test('by several at once makes one row', async () => {
    const write = effect();
    const begun = await Promise.all(Array.from({ length: 5 }, () => beginEffect(ledger.pool, write)));
    expect(begun.map(({ attempts }) => attempts).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('undoEffects', () => {
  test('what was undone is not ours when it is found done, and begins anew', async () => {
    const write = effect();
    await beginEffect(ledger.pool, write);
    await finishEffect(ledger.pool, write, { status: 'done' });
    await undoEffects(ledger.pool, [write]);
    // An attempt that was given up reports late.
    await finishEffect(ledger.pool, write, { status: 'done' });
    expect(await confirmEffect(ledger.pool, write)).toBe(false);
    expect(await effectsOf(ledger.pool, write.workflowId)).toMatchObject([{ status: 'undone' }]);
    expect(await beginEffect(ledger.pool, write)).toMatchObject({ status: 'pending', attempts: 2 });
    expect(await confirmEffect(ledger.pool, write)).toBe(true);
  });
});

describe('finishEffect', () => {
  test.each([['a text'], [['a', 'list']], [{ an: 'object' }], [17], [false]])(
    'keeps %j as the result',
    async (result) => {
      const write = effect();
      await beginEffect(ledger.pool, write);
      await finishEffect(ledger.pool, write, { status: 'done', result });
      expect(await effectsOf(ledger.pool, write.workflowId)).toMatchObject([{ status: 'done', result }]);
    },
  );

  test('by an attempt that was given up does not undo what another has done', async () => {
    const write = effect();
    await beginEffect(ledger.pool, write);
    await finishEffect(ledger.pool, write, { status: 'done', result: 'left' });
    await finishEffect(ledger.pool, write, { status: 'failed', result: 'refused' });
    expect(await effectsOf(ledger.pool, write.workflowId)).toMatchObject([{ status: 'done', result: 'left' }]);
  });

  test('after a failure says done', async () => {
    const write = effect();
    await beginEffect(ledger.pool, write);
    await finishEffect(ledger.pool, write, { status: 'failed', result: { code: 400 } });
    await finishEffect(ledger.pool, write, { status: 'done', result: 'left' });
    expect(await effectsOf(ledger.pool, write.workflowId)).toMatchObject([{ status: 'done', result: 'left' }]);
  });

  test('of a write that was never begun is a mistake', async () => {
    await expect(finishEffect(ledger.pool, effect(), { status: 'done' })).rejects.toThrow('never begun');
  });
});

describe('confirmEffect', () => {
  test('says whether we had begun it, and that it is done', async () => {
    const write = effect();
    expect(await confirmEffect(ledger.pool, write)).toBe(false);
    await beginEffect(ledger.pool, write);
    expect(await confirmEffect(ledger.pool, write)).toBe(true);
    expect(await effectsOf(ledger.pool, write.workflowId)).toMatchObject([{ status: 'done' }]);
  });

  test('is not told by what was only observed', async () => {
    const write = effect({ mode: 'observe' });
    await beginEffect(ledger.pool, write);
    expect(await confirmEffect(ledger.pool, write)).toBe(false);
  });
});

describe('effectsOf and effectsOfStep', () => {
  test('list a workflow in the order of beginning, and of it one step in one system', async () => {
    const workflowId = randomUUID();
    const writes = [
      effect({ workflowId, step: 'freeze', naturalKey: 'active' }),
      effect({ workflowId, naturalKey: 'b' }),
      effect({ workflowId, system: 'mail', naturalKey: 'manager' }),
      effect({ workflowId, naturalKey: 'a', actor: 'ann', reason: 'left' }),
    ];
    for (const write of writes) await beginEffect(ledger.pool, write);
    expect((await effectsOf(ledger.pool, workflowId)).map(({ naturalKey }) => naturalKey)).toEqual([
      'active',
      'b',
      'manager',
      'a',
    ]);
    expect(await effectsOfStep(ledger.pool, workflowId, 'leaveGroups', 'identity')).toMatchObject([
      { naturalKey: 'b', actor: null },
      { naturalKey: 'a', actor: 'ann', reason: 'left', would: { member: false }, userId: 'learner', mode: 'on' },
    ]);
  });
});
