import { retentionGaps, SECOND } from '../domain';
import type { ReceiverSettings } from '../settings';

/**
 * What readiness asks of the namespace: the sentences that say how an event could run twice with this retention (ms), and
 * how to close each hole. What the settings alone leave open, `receiverSettings` refuses before.
 */
export function namespaceRetentionGaps(
  { delivery, receiptDays }: Pick<ReceiverSettings, 'delivery' | 'receiptDays'>,
  namespace: string,
): (retentionMs: number | undefined) => readonly string[] {
  const windowBackMs = delivery.windowBackSeconds * SECOND;
  const windowAheadMs = delivery.windowAheadSeconds * SECOND;
  return (retentionMs) => retentionGaps({ windowBackMs, windowAheadMs, receiptDays, retentionMs, namespace });
}
