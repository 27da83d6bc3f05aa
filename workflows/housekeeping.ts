import { setCurrentDetails } from '@temporalio/workflow';
import type { LedgerActivities } from '../activities';
import { pruneLedger } from './retries';

type Pruned = Awaited<ReturnType<LedgerActivities['pruneLedger']>>;

export interface HousekeepingResult {
  readonly outcome: 'done';
  readonly pruned: Omit<Pruned, 'more'>;
}

/** Each call is three events of the history: what is left after so many waits for the next quarter of an hour. */
const MOST_CALLS = 50;

/** Started by a Schedule: the ledger forgets what is older than it has to remember. */
export async function housekeeping(): Promise<HousekeepingResult> {
  let pruned: HousekeepingResult['pruned'] = { receipts: 0, replays: 0, refusals: 0 };
  for (let calls = 0; calls < MOST_CALLS; calls += 1) {
    const { more, ...counts } = await pruneLedger.executeWithOptions({ summary: 'Forget what is old' }, []);
    pruned = added(pruned, counts);
    setCurrentDetails(describe(pruned));
    if (!more) break;
  }
  return { outcome: 'done', pruned };
}

function added(before: HousekeepingResult['pruned'], now: HousekeepingResult['pruned']): HousekeepingResult['pruned'] {
  return {
    receipts: before.receipts + now.receipts,
    replays: before.replays + now.replays,
    refusals: before.refusals + now.refusals,
  };
}

function describe({ receipts, replays, refusals }: HousekeepingResult['pruned']): string {
  return `Pruned from the ledger: ${receipts} receipts, ${replays} replays, ${refusals} counts of refusals`;
}
