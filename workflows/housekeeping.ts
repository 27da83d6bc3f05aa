import { isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { ConnectorActivities, LedgerActivities, ReconcileActivities } from '../activities';
import {
  reconcileOpenWorkflows,
  pruneLedger,
  readPolicySnapshot,
  sendDigests,
  syncProgressRecords,
  watchOurWebhook,
  whyFailed,
  type WebhookResult,
} from './process';
import type { Modes } from '../src/domain';
import { beginRelease } from './releases';

type Pruned = Omit<Awaited<ReturnType<LedgerActivities['pruneLedger']>>, 'more'>;
type Looked = Omit<Awaited<ReturnType<ReconcileActivities['reconcileOpenWorkflows']>>, 'more'>;
type Synced = Omit<Awaited<ReturnType<ConnectorActivities['salesforce']['syncProgressRecords']>>, 'more'>;

export interface HousekeepingResult {
  readonly outcome: 'done';
  /** Messages about what waits for the same cause. */
  readonly digests: number;
  readonly pruned: Pruned;
  /** Of workflows that had been quiet. */
  readonly quiet: Looked;
  readonly webhook: WebhookResult;
  /** Of learners' progress; `failed` says why there is more. Absent where Salesforce is off. */
  readonly progress?: Synced & { readonly failed?: string };
}

/** Each call is three events of the history: what is left after so many waits for the next quarter of an hour. */
const MAX_CALLS = 50;

const MAX_EXAMPLES = 5;

/**
 * Started by a Schedule: people are notified of what was kept for a digest, the ledger forgets what is older than it has to
 * remember, and closes what Temporal has lost.
 */
export async function housekeeping(): Promise<HousekeepingResult> {
  beginRelease();
  const snapshot = await readPolicySnapshot.executeWithOptions({ summary: 'Read the policy' }, []);
  let pruned: Pruned = { receipts: 0, replays: 0, refusals: 0 };
  await untilDone(async () => {
    const { more, ...counts } = await pruneLedger.executeWithOptions({ summary: 'Forget what is old' }, []);
    pruned = added(pruned, counts);
    setCurrentDetails(describe(pruned));
    return !more;
  });

  let quiet: Looked = { asked: 0, closed: 0 };
  await untilDone(async () => {
    const { more, ...counts } = await reconcileOpenWorkflows.executeWithOptions({ summary: 'Close what is gone' }, []);
    quiet = { asked: quiet.asked + counts.asked, closed: quiet.closed + counts.closed };
    setCurrentDetails(`${describe(pruned)}\n\n${describeQuiet(quiet)}`);
    return !more;
  });

  const webhook = await watchOurWebhook(snapshot);
  setCurrentDetails([describe(pruned), describeQuiet(quiet), describeWebhook(webhook)].join('\n\n'));
  // After that, so that a leaver whose workflow is gone is named at once.
  const digests = await sendDigests(snapshot);
  const progress = await bringProgress(snapshot.modes, (synced) => {
    const parts = [describe(pruned), describeQuiet(quiet), describeWebhook(webhook), describeProgress(synced)];
    setCurrentDetails(parts.join('\n\n'));
  });
  return { outcome: 'done', digests, pruned, quiet, webhook, ...(progress && { progress }) };
}

/** What Salesforce does not take now is due still the next time: this fails for nobody. */
async function bringProgress(
  { salesforce: mode = 'off' }: Modes,
  tell: (progress: NonNullable<HousekeepingResult['progress']>) => void,
): Promise<HousekeepingResult['progress']> {
  if (mode === 'off') return undefined;
  let progress: Synced = { synced: 0, observed: 0, refused: 0, examples: [] };
  try {
    await untilDone(async () => {
      const { more, ...counts } = await syncProgressRecords.executeWithOptions(
        { summary: mode === 'on' ? 'Bring progress to Salesforce' : 'Count what Salesforce lacks' },
        [{ mode }],
      );
      progress = withMore(progress, counts);
      tell(progress);
      return !more;
    });
    return progress;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failed = { ...progress, failed: whyFailed(error) };
    tell(failed);
    return failed;
  }
}

async function untilDone(call: () => Promise<boolean>): Promise<void> {
  for (let calls = 0; calls < MAX_CALLS; calls += 1) if (await call()) return;
}

function added(before: Pruned, now: Pruned): Pruned {
  return {
    receipts: before.receipts + now.receipts,
    replays: before.replays + now.replays,
    refusals: before.refusals + now.refusals,
  };
}

function withMore(before: Synced, now: Synced): Synced {
  return {
    synced: before.synced + now.synced,
    observed: before.observed + now.observed,
    refused: before.refused + now.refused,
    examples: [...before.examples, ...now.examples].slice(0, MAX_EXAMPLES),
  };
}

function describe({ receipts, replays, refusals }: Pruned): string {
  return `Pruned from the ledger: ${receipts} receipts, ${replays} replays, ${refusals} counts of refusals`;
}

function describeQuiet({ asked, closed }: Looked): string {
  return `Asked after ${asked} workflows that had been quiet for a day; closed in the ledger, since Temporal does not run them: ${closed}`;
}

function describeWebhook(webhook: WebhookResult): string {
  if ('failed' in webhook) return `The webhook was not looked at: ${webhook.failed}`;
  const { status, says, reactivated } = webhook;
  return [`The webhook: ${status}.`, ...says, ...(reactivated ? ['It was re-activated.'] : [])].join(' ');
}

function describeProgress({
  synced,
  observed,
  refused,
  examples,
  failed,
}: NonNullable<HousekeepingResult['progress']>) {
  const named = examples.map(({ key, code }) => `\`${key}\`: ${code}`).join(', ');
  return [
    observed > 0
      ? `Progress that Salesforce lacks, and that would be brought if it were on: ${observed} records`
      : `Progress brought to Salesforce: ${synced} records`,
    ...(refused > 0 ? [`Refused: ${refused} records, such as ${named}`] : []),
    ...(failed === undefined ? [] : [`The rest is left to the next time: ${failed}`]),
  ].join('\n\n');
}
