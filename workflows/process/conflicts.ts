import { CancellationScope, ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  type SearchAttributePair,
} from '@temporalio/common';
import { conflictOf } from '../../src/domain/conflict';
import { isKeyword, searchAttributes } from '../../src/domain/search-attributes';
import { DAY, SECOND } from '../../src/domain';
import type { Delivery } from '../../src/events';
import type { Process } from './process';
import { ownRun, type Recorded } from './event-intake';
import { askLedger } from './activity-proxies';

/** Of the receiver's lanes, that of quarantine. */
const PRIORITY = 3;

/**
 * Before a run ends because its event id ran before: when that was with another body, which Temporal has forgotten and the
 * ledger has not, this one is kept as a workflow of its own, as the receiver would have.
 */
export async function keepConflict(recorded: Recorded, delivery: Delivery, body: unknown): Promise<void> {
  if (recorded.outcome === 'new' || recorded.conflict !== true) return;
  try {
    await CancellationScope.nonCancellable(() => startQuarantine(delivery, body));
  } catch (error) {
    // The same bytes came before: they are kept already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

async function startQuarantine(delivery: Delivery, body: unknown): Promise<void> {
  const { event, bodyDigest } = delivery;
  const conflict = conflictOf(delivery);
  const searchable: SearchAttributePair[] = [{ key: searchAttributes.phase, value: 'waiting' }];
  if (isKeyword(event)) searchable.push({ key: searchAttributes.event, value: event });
  await startChild('quarantine', {
    workflowId: conflict.workflowId,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
    args: [conflict.delivery, body],
    memo: { bodyDigest },
    typedSearchAttributes: searchable,
    priority: { priorityKey: PRIORITY },
    staticSummary: 'Quarantine: conflict',
  });
}

/** `stands`: the event id is another run's. `free`: it is this run's from now on. */
export type Verdict = 'stands' | 'free';

/**
 * Ask until it is known whether the first delivery of the event id stands: its workflow may have been cut off before it
 * was recorded, for as long as an outage lasts. Each pause is as long as all before it, up to a day.
 */
export async function settleConflict(process: Process, { eventId, bodyDigest }: Delivery): Promise<Verdict> {
  for (let pauseMs = SECOND; ; pauseMs = Math.min(pauseMs * 2, DAY)) {
    // To its end: an answer that was given up may have made the event id ours.
    const standing = await CancellationScope.nonCancellable(() =>
      askLedger('settleConflict', 'Does the first one stand?', { eventId, bodyDigest, run: ownRun() }),
    );
    if (standing !== 'unknown') return standing;
    await process.pause(pauseMs, 'The first one is not recorded yet');
  }
}
