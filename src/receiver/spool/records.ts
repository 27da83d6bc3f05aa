import { z } from 'zod';
import type { PendingDelivery } from '../verify';
import { LANES } from '../../events';
import { decodeFrame, encodeFrame, isDamage, type Damage, type Frame } from './frames';

const problem = z.object({
  kind: z.enum(['not-json', 'no-envelope', 'no-company', 'unknown-event', 'data-does-not-fit', 'conflict']),
  detail: z.string(),
});

const delivery = z.object({
  eventId: z.string(),
  event: z.string().nullable(),
  signedAt: z.string(),
  receivedAt: z.string(),
  signatureDigest: z.string(),
  bodyDigest: z.string(),
  problem: problem.exactOptional(),
});

/** `done`: the record with this sequence number is with Temporal. */
const recordHeader = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('delivery'),
    sequence: z.number(),
    workflowId: z.string(),
    lane: z.literal([...LANES]),
    delivery,
  }),
  z.object({ is: z.literal('done'), sequence: z.number() }),
]);

export type RecordHeader = z.infer<typeof recordHeader>;

export function encodeRecord(
  sequence: number,
  { workflowId, lane, delivery: facts, rawBody }: PendingDelivery,
): Buffer {
  // What was read of the body is not kept beside it: it is read again.
  const header: RecordHeader = { is: 'delivery', sequence, workflowId, lane, delivery: delivery.parse(facts) };
  return encodeFrame(header, rawBody);
}

export function encodeDone(sequence: number): Buffer {
  return encodeFrame({ is: 'done', sequence } satisfies RecordHeader);
}

/** The record that these bytes are; undefined when they are none. */
export function decodeRecord(bytes: Buffer): PendingDelivery | undefined {
  const frame = decodeFrame(bytes);
  const header = frame && headerOf(frame);
  if (frame === undefined || header?.is !== 'delivery') return undefined;
  const { workflowId, lane, delivery: stored } = header;
  return { workflowId, lane, delivery: stored, rawBody: frame.body };
}

/** Undefined: it is damaged, of another kind, or by a later version. */
export function headerOf(found: Frame | Damage): RecordHeader | undefined {
  return isDamage(found) ? undefined : recordHeader.safeParse(found.header).data;
}
