import { DAY, MINUTE } from './time';
import { fault, type WebhookFault } from './webhook-fault';
import type { WebhookFacts } from './webhook-facts';

/** MindTickle suspends a webhook after 24 h of failures. Our checks are a quarter of an hour apart. */
const SUSPENDED_AFTER_MS = DAY - 30 * MINUTE;
const HEALING_MS = 3 * DAY;

/** Whether MindTickle has suspended it: it says so, or it has to have done so by its own rule. */
export function isSuspended(facts: WebhookFacts): 'yes' | 'likely' | 'no' {
  const { remote, receiver } = facts;
  if (remote?.status === 'suspended') return 'yes';
  if (remote?.status === 'active' || receiver.outage === null) return 'no';
  const { from, to } = receiver.outage;
  return to - from >= SUSPENDED_AFTER_MS && lastSign(facts) <= to ? 'likely' : 'no';
}

/** The last delivery or re-activation; 0: none. */
function lastSign({ deliveries, reactivations }: WebhookFacts): number {
  return Math.max(deliveries.lastAt ?? 0, reactivations.at(-1) ?? 0);
}

const SAYS = {
  yes: 'MindTickle has suspended the webhook: nothing is delivered.',
  likely:
    'MindTickle has probably suspended the webhook: our receiver was not found ready for 24 hours, and nothing came since. It does not let us read whether it did.',
};

/** That nothing is delivered, because MindTickle has stopped it. */
export function suspended(facts: WebhookFacts): readonly WebhookFault[] {
  const { remote, deliveries, now } = facts;
  const since = deliveries.lastAt ?? remote?.at ?? now;
  if (remote?.status === 'gone') {
    const says = 'MindTickle does not know the webhook any more: nothing is delivered.';
    return [fault('gone', 'fail', since, says, ['Register it again: mt webhooks register'])];
  }
  const verdict = isSuspended(facts);
  return verdict === 'no'
    ? healing(facts)
    : [fault('suspended', 'fail', since, SAYS[verdict], ['Re-activate it: mt webhooks reactivate'])];
}

/** Re-activated, and not proven yet. */
function healing({ deliveries, reactivations, now }: WebhookFacts): readonly WebhookFault[] {
  const last = reactivations.at(-1);
  if (last === undefined || (deliveries.lastAt ?? 0) > last || now - last > HEALING_MS) return [];
  const says = 'The webhook was re-activated, and nothing has come since.';
  const todo = ['Wait for the first delivery, or make one: complete a quiz.'];
  return [{ ...fault('suspended', 'warn', last, says, todo), isAlert: false }];
}
