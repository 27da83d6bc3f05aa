import type { Lane } from '../../../src/events';
import type { PendingDelivery } from '../../../src/receiver/verify/delivery';

/** Epoch ms: when every record of these tests was received. */
export const NOW = Date.parse('2026-11-23T09:00:00Z');

/** A record whose body is its id, unless `body` says otherwise. */
export function record(
  id: string,
  { lane = 3, body = id }: { lane?: Lane; body?: string | Buffer } = {},
): PendingDelivery {
  const delivery = {
    eventId: id,
    event: 'course.completed',
    signedAt: '2026-11-23T08:59:00.000Z',
    receivedAt: new Date(NOW).toISOString(),
    signatureDigest: 'a'.repeat(64),
    bodyDigest: `digest of ${String(body).slice(0, 40)}`,
  };
  return { workflowId: id, lane, delivery, rawBody: Buffer.from(body) };
}
