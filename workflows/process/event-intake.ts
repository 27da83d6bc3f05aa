/** The first step of every workflow: its event is recorded in the ledger, and what it settles is signalled. */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  type SearchAttributePair,
} from '@temporalio/common';
import type { LedgerActivities } from '../../activities';
import {
  conflictOf,
  DAY,
  epochMs,
  type Fact,
  factOf,
  isKeyword,
  mayBeLeaver,
  isoTime,
  type News,
  type PolicySnapshot,
  type Said,
  searchAttributes,
  SECOND,
} from '../../src/domain';
import type { Delivery } from '../../src/events';
import { askLedger, askLedgerAlone, beginCaseAlone, readPolicySnapshot } from './activity-proxies';
import { bodyArgument } from './body';
import {
  cancelSignal,
  joinedSignal,
  recertifiedSignal,
  rehiredSignal,
  retakenSignal,
  startedSignal,
} from '../messages';

export type Recorded = Awaited<ReturnType<LedgerActivities['recordEvent']>>;
export type Begun = Awaited<ReturnType<LedgerActivities['beginCase']>>;

/**
 * The first step: the policy, the event recorded, and what the next steps would look up, in one local activity. While the
 * ledger does not answer, the policy is known all the same, and so `escalate` notifies people.
 */
export async function beginCase(
  delivery: Delivery,
  said: Said,
  onPolicy: (snapshot: PolicySnapshot) => void,
): Promise<Begun> {
  const begun = await beginCaseAlone({ receipt: receiptOf(delivery), said });
  if (begun !== undefined) {
    onPolicy(begun.policySnapshot);
    return begun;
  }
  const policySnapshot = await readPolicySnapshot.executeWithOptions({ summary: 'Read the policy' }, []);
  onPolicy(policySnapshot);
  const receipt = receiptOf(delivery);
  const recorded = await askLedger('recordEvent', 'Record the event (again: the ledger did not answer)', {
    receipt,
    fact: factOf(said, policySnapshot.policy),
    begins: true,
  });
  return { policySnapshot, recorded, known: {} };
}

/**
 * Is this fact new, what does it settle, and is it settled already? `begins`: the first step of the workflow. `orphanedBy`: the
 * workflow that it was to join, and which does not run.
 */
export function recordEvent(
  delivery: Delivery,
  fact: Fact | null,
  how: { readonly begins?: true; readonly orphanedBy?: string | undefined } = {},
): Promise<Recorded> {
  const ask = how.begins ? askLedgerAlone : askLedger;
  return ask('recordEvent', 'Record the event', {
    receipt: receiptOf(delivery),
    fact,
    ...(how.begins && { begins: true }),
    ...(how.orphanedBy !== undefined && { orphanedBy: how.orphanedBy }),
  });
}

/** From when its days count, epoch ms: hours in the receiver's spool do; while it was in quarantine nobody could act. */
export function begunAt({ receivedAt, redriven }: Delivery): number {
  return redriven === undefined ? epochMs(receivedAt) : workflowInfo().runStartTime.getTime();
}

function receiptOf(delivery: Delivery): Begins['receipt'] {
  const { event, signatureDigest, bodyDigest, signedAt, receivedAt } = delivery;
  return { ...receiptId(delivery), event, signatureDigest, bodyDigest, signedAt, receivedAt, ...ownRun() };
}

type Begins = Parameters<LedgerActivities['beginCase']>[0];

/** A delivery that contradicts an earlier one of its event id is written down beside it, under the id of its workflow. */
function receiptId({ eventId, problem }: Delivery): { eventId: string; isConflict?: true } {
  return problem?.kind === 'conflict' ? { eventId: workflowInfo().workflowId, isConflict: true } : { eventId };
}

export function ownRun(): { workflowId: string; firstRunId: string } {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { workflowId, firstRunId: firstExecutionRunId };
}

/** Signal to each open workflow what the fact means to it. From here, because the server drops a retry's second signal. */
export async function signalSettled(
  settles: readonly { readonly workflowId: string; readonly news: News }[],
): Promise<void> {
  await Promise.all(settles.map(({ workflowId, news }) => signalOne(workflowId, news)));
}

async function signalOne(workflowId: string, news: News): Promise<void> {
  if (!(await isHeard(send(workflowId, news)))) await askLedger('markWorkflowGone', 'Its workflow is gone', workflowId);
}

/** Signal to the workflow of the same matter that runs. False: it does not run, whatever its row says. */
export function signalJoined(workflowId: string, { eventId }: Delivery, detail: string | undefined): Promise<boolean> {
  const report = { eventId, ...(detail !== undefined && { detail }) };
  return isHeard(getExternalWorkflowHandle(workflowId).signal(joinedSignal, report));
}

async function isHeard(signal: Promise<void>): Promise<boolean> {
  try {
    await signal;
    return true;
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'ExternalWorkflowExecutionNotFound') throw error;
    return false;
  }
}

function send(workflowId: string, news: News): Promise<void> {
  const handle = getExternalWorkflowHandle(workflowId);
  const { eventId } = news;
  const by = `event ${eventId}`;
  switch (news.signal) {
    case 'recertified':
      return handle.signal(recertifiedSignal, { by, evidence: eventId, eventId });
    case 'cancel':
      return handle.signal(cancelSignal, { by, reason: news.reason, eventId });
    case 'retaken':
      return handle.signal(retakenSignal, { eventId });
    case 'rehired': {
      const order = news.isProven ? 'proven' : 'not proven';
      return handle.signal(rehiredSignal, { eventId, hiredAt: isoTime(news.hiredAt), order });
    }
    case 'started':
      return handle.signal(startedSignal, { eventId });
  }
}

/** Of the receiver's lanes, those of quarantine. */
const PRIORITY = { leaver: 1, other: 3 } as const;

/**
 * Called before a run ends because its event id ran before. When that was with another body, which Temporal has forgotten and
 * the ledger has not, this one is kept as a workflow of its own, as the receiver would have.
 */
export async function quarantineConflict(recorded: Recorded, delivery: Delivery, body: unknown): Promise<void> {
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
    args: [conflict.delivery, bodyArgument(body)],
    memo: { bodyDigest },
    typedSearchAttributes: searchable,
    priority: { priorityKey: PRIORITY[mayBeLeaver(event ?? '') ? 'leaver' : 'other'] },
    staticSummary: 'Quarantine: conflict',
  });
}

/** `stands`: the event id is another run's. `free`: it is this run's from now on. */
export type ConflictResolution = 'stands' | 'free';

/**
 * Ask until it is known whether the first delivery of the event id stands: its workflow may have been cut off before it
 * was recorded, for as long as an outage lasts. Each pause is as long as all before it, up to a day.
 */
export async function resolveConflict({ eventId, bodyDigest }: Delivery): Promise<ConflictResolution> {
  for (let pauseMs = SECOND; ; pauseMs = Math.min(pauseMs * 2, DAY)) {
    // To its end: an answer that was given up may have made the event id ours.
    const standing = await CancellationScope.nonCancellable(() =>
      askLedger('resolveConflict', 'Does the first one stand?', { eventId, bodyDigest, run: ownRun() }),
    );
    if (standing !== 'unknown') return standing;
    await sleep(pauseMs, { summary: 'The first one is not recorded yet' });
  }
}
