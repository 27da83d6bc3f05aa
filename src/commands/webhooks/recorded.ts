import { beginEffect, finishEffect, webhookWorkflowId } from '../../ledger';
import type { Answer } from '../../webhooks';
import { ownId, type WebhooksContext } from './context';

interface Change {
  readonly step: string;
  /** The webhook's id, or its URL where it has none yet. */
  readonly about: string;
  readonly would: Readonly<Record<string, unknown>>;
  readonly reason?: string | undefined;
}

/** Do it, with a row in the audit that says who did, and what came of it. */
export async function recorded<T>(
  context: WebhooksContext,
  { step, about, would, reason }: Change,
  perform: () => Promise<Answer<T>>,
): Promise<Answer<T>> {
  const { pool, actor } = context;
  const workflowId = webhookWorkflowId(ownId(context) ?? 'new');
  const key = { workflowId, step, system: 'mindtickle', naturalKey: `${about} ${new Date().toISOString()}` };
  await beginEffect(pool, {
    ...key,
    eventId: workflowId,
    userId: null,
    mode: 'on',
    would,
    actor,
    reason: reason ?? null,
  });
  const answer = await perform();
  const result = answer.ok ? answer.value : { refused: answer.says };
  await finishEffect(pool, key, { status: answer.ok ? 'done' : 'failed', result });
  return answer;
}
