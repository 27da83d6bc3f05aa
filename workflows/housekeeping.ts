import { patched, setCurrentDetails } from '@temporalio/workflow';
import type { LedgerActivities, QuietActivities } from '../activities';
import { closeGone, pruneLedger } from './retries';

type Pruned = Omit<Awaited<ReturnType<LedgerActivities['pruneLedger']>>, 'more'>;
type Looked = Omit<Awaited<ReturnType<QuietActivities['closeGone']>>, 'more'>;

export interface HousekeepingResult {
  readonly outcome: 'done';
  readonly pruned: Pruned;
  /** Of workflows that had been quiet; absent in runs of before they were looked after. */
  readonly quiet?: Looked;
}

/** Each call is three events of the history: what is left after so many waits for the next quarter of an hour. */
const MOST_CALLS = 50;

/** Started by a Schedule: the ledger forgets what is older than it has to remember, and closes what Temporal has lost. */
export async function housekeeping(): Promise<HousekeepingResult> {
  let pruned: Pruned = { receipts: 0, replays: 0, refusals: 0 };
  await untilDone(async () => {
    const { more, ...counts } = await pruneLedger.executeWithOptions({ summary: 'Forget what is old' }, []);
    pruned = added(pruned, counts);
    setCurrentDetails(describe(pruned));
    return !more;
  });
  if (!patched('close-gone')) return { outcome: 'done', pruned };

  let quiet: Looked = { asked: 0, closed: 0 };
  await untilDone(async () => {
    const { more, ...counts } = await closeGone.executeWithOptions({ summary: 'Close what is gone' }, []);
    quiet = { asked: quiet.asked + counts.asked, closed: quiet.closed + counts.closed };
    setCurrentDetails(`${describe(pruned)}\n\n${describeQuiet(quiet)}`);
    return !more;
  });
  return { outcome: 'done', pruned, quiet };
}

async function untilDone(call: () => Promise<boolean>): Promise<void> {
  for (let calls = 0; calls < MOST_CALLS; calls += 1) if (await call()) return;
}

function added(before: Pruned, now: Pruned): Pruned {
  return {
    receipts: before.receipts + now.receipts,
    replays: before.replays + now.replays,
    refusals: before.refusals + now.refusals,
  };
}

function describe({ receipts, replays, refusals }: Pruned): string {
  return `Pruned from the ledger: ${receipts} receipts, ${replays} replays, ${refusals} counts of refusals`;
}

function describeQuiet({ asked, closed }: Looked): string {
  return `Asked after ${asked} workflows that had been quiet for a day; closed in the ledger, since Temporal does not run them: ${closed}`;
}
