import { ApplicationFailure, getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import type { LedgerActivities } from '../../activities';
import { isoTime, type Fact, type News } from '../../src/domain';
import type { Delivery } from '../../src/events';
import { cancelSignal, recertifiedSignal, rehiredSignal, retakenSignal, startedSignal } from '../messages';
import { askLedger } from './activity-proxies';

export type Recorded = Awaited<ReturnType<LedgerActivities['recordEvent']>>;

/** The first step of every workflow: is this fact new, what does it settle, and is it settled already? */
export function record(delivery: Delivery, fact: Fact | null): Promise<Recorded> {
  const { event, signatureDigest, bodyDigest, signedAt, receivedAt } = delivery;
  const receipt = { ...receiptId(delivery), event, signatureDigest, bodyDigest, signedAt, receivedAt, ...ownRun() };
  return askLedger('recordEvent', 'Record the event', { receipt, fact });
}

/** A delivery that contradicts an earlier one of its event id is written down beside it, under the id of its workflow. */
function receiptId({ eventId, problem }: Delivery): { eventId: string; isConflict?: true } {
  return problem?.kind === 'conflict' ? { eventId: workflowInfo().workflowId, isConflict: true } : { eventId };
}

export function ownRun(): { workflowId: string; firstRunId: string } {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { workflowId, firstRunId: firstExecutionRunId };
}

/** Tell each open workflow what the fact means to it. By signal from here: the server drops a retry's second one. */
export async function tell(settles: readonly { readonly workflowId: string; readonly news: News }[]): Promise<void> {
  await Promise.all(settles.map(({ workflowId, news }) => tellOne(workflowId, news)));
}

async function tellOne(workflowId: string, news: News): Promise<void> {
  try {
    await signal(workflowId, news);
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'ExternalWorkflowExecutionNotFound') throw error;
    await askLedger('markGone', 'Its workflow is gone', workflowId);
  }
}

function signal(workflowId: string, news: News): Promise<void> {
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
