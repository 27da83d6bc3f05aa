import { randomUUID } from 'node:crypto';
import { closeWorkflow, closeGone, recordEvent, releaseShare } from '../../src/ledger';
import { expired, request } from './events';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

const KIND = 'recertification';

/** Cases of one learner, each of a certificate of its own. */
async function openCases(...names: readonly string[]) {
  const userId = randomUUID();
  const idOf = (name: string): string => `${name} of ${userId}`;
  const open = (name: string) => recordEvent(ledger.pool, request(idOf(name), expired(userId, { certificate: name })));
  for (const name of names) await open(name);
  return {
    open,
    isHeldAfter: async (name: string): Promise<boolean> => {
      const holders = await releaseShare(ledger.pool, { userId, kind: KIND, workflowId: idOf(name) });
      return holders.length > 0;
    },
    close: (name: string) => {
      const workflowId = idOf(name);
      return closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' });
    },
    gone: (name: string) => closeGone(ledger.pool, idOf(name)),
  };
}

describe('letGo', () => {
  test('says whether another case still holds on, until that is closed or gone', async () => {
    const { open, isHeldAfter, close, gone } = await openCases('a');
    expect(await isHeldAfter('a')).toBe(false);
    await open('b');
    expect(await isHeldAfter('a')).toBe(true);
    await close('b');
    expect(await isHeldAfter('a')).toBe(false);
    await open('c');
    await gone('c');
    expect(await isHeldAfter('a')).toBe(false);
  });

  test('of cases that are all open still, the last to let go is told that nobody holds on, and again when it asks again', async () => {
    const { isHeldAfter } = await openCases('a', 'b', 'c');
    expect(await isHeldAfter('b')).toBe(true);
    expect(await isHeldAfter('a')).toBe(true);
    expect(await isHeldAfter('c')).toBe(false);
    expect(await isHeldAfter('c')).toBe(false);
  });

  test('a case whose run begins anew holds on again', async () => {
    const { open, isHeldAfter } = await openCases('a', 'b');
    await isHeldAfter('a');
    await open('a');
    expect(await isHeldAfter('b')).toBe(true);
  });

  test('at once, exactly one of two is the last', async () => {
    const pairs = ledger.isConcurrent ? 300 : 20;
    const lasts = { none: 0, one: 0, both: 0 };
    for (let pair = 0; pair < pairs; pair += 1) {
      const { isHeldAfter } = await openCases('a', 'b');
      const held = await Promise.all([isHeldAfter('a'), isHeldAfter('b')]);
      const last = held.filter((isHeld) => !isHeld).length;
      lasts[(['none', 'one', 'both'] as const)[last] ?? 'both'] += 1;
    }
    expect(lasts).toEqual({ none: 0, one: pairs, both: 0 });
  });
});
