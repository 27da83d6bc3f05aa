import type { Pool } from 'pg';
import { isoTime, judgeWebhook, type WebhookFacts, type WebhookHealth } from '../domain';
import { readWebhookFacts } from '../ledger';

/** One line about the webhook, as `/api/health` and `mt doctor` show it. */
export interface WebhookCheck {
  readonly name: 'Webhook';
  readonly status: WebhookHealth['status'];
  /** What is the case. */
  readonly detail: string;
  /** What to do about it; null where nothing is to be done. */
  readonly fix: string | null;
}

/**
 * How the webhook at MindTickle does, by what the ledger knows: no call leaves this machine. Whether MindTickle has suspended it
 * and whether the receiver is ready is as housekeeping found it last, a quarter of an hour ago at most.
 *
 * `webhookId`: of MINDTICKLE_WEBHOOK_ID, where it is set. One line at least: `ok` with what is known, else one for each fault,
 * the worst first.
 * @throws the pool's errors; give it a time limit of your own.
 */
export async function checkWebhook(pool: Pick<Pool, 'query'>, webhookId?: string): Promise<readonly WebhookCheck[]> {
  return webhookChecks(await readWebhookFacts(pool, webhookId));
}

/** The same of facts that are known. Pure. */
export function webhookChecks(facts: WebhookFacts): readonly WebhookCheck[] {
  const { faults, notes } = judgeWebhook(facts);
  if (faults.length === 0) return [{ name: 'Webhook', status: 'ok', detail: notes.join(' '), fix: null }];
  return faults.map(({ status, says, since, todo }) => ({
    name: 'Webhook',
    status,
    detail: since < facts.now ? `${says} Since ${isoTime(since)}.` : says,
    fix: todo.join(' '),
  }));
}
