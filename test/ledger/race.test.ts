import type { Pool } from 'pg';
import { inTransaction, inTransactionOf } from '../../src/ledger/pool';
import { openPool, recordEvent } from '../../src/ledger';
import { completed, expired, request } from './events';
import { openLedger, type LedgerFixture } from './fixture';

const AT_ONCE = 8;

let ledger: LedgerFixture;
let other: Pool;
beforeAll(async () => {
  ledger = await openLedger();
  other = openPool({ ...ledger.settings, max: AT_ONCE, timeoutMs: 20_000 });
});
afterAll(async () => {
  await other.end();
  await ledger.stop();
});

/** How many pairs of an expiry and the completion that renews it, recorded at the same time, saw each other how often. */
async function race(
  name: string,
  pairs: number,
  transaction: typeof inTransactionOf,
  isSeen: (seen: { readonly lost: number }) => boolean = () => false,
): Promise<Record<'lost' | 'once' | 'twice', number>> {
  const seen = { lost: 0, once: 0, twice: 0 };
  let next = 0;
  const racer = async (): Promise<void> => {
    while (next < pairs && !isSeen(seen)) {
      const learner = `${name} ${next++}`;
      seen[await racePair(learner, transaction)] += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, racer));
  return seen;
}

async function racePair(learner: string, transaction: typeof inTransactionOf): Promise<'lost' | 'once' | 'twice'> {
  const [expiry, completion] = await Promise.all([
    recordEvent(ledger.pool, request(`expiry of ${learner}`, expired(learner)), transaction),
    recordEvent(other, request(`completion of ${learner}`, completed(learner)), transaction),
  ]);
  if (expiry.outcome !== 'new' || completion.outcome !== 'new') throw new Error('both events are new');
  const sightings = (expiry.settledBy === null ? 0 : 1) + completion.settles.length;
  return (['lost', 'once', 'twice'] as const)[sightings] ?? 'twice';
}

describe('an expiry and the completion that renews it, recorded at once', () => {
  test('find each other exactly once', async () => {
    const pairs = ledger.isConcurrent ? 300 : 50;
    expect(await race('locked', pairs, inTransactionOf)).toEqual({ lost: 0, once: pairs, twice: 0 });
  }, 180_000);

  test('lose each other without the lock, wherever two transactions run at once', async () => {
    const pairs = ledger.isConcurrent ? 3000 : 20;
    const { lost } = await race(
      'unlocked',
      pairs,
      (pool, _learner, work) => inTransaction(pool, work),
      (seen) => seen.lost > 0,
    );
    expect(lost > 0).toBe(ledger.isConcurrent);
  }, 180_000);
});
