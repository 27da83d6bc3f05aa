import { z } from 'zod';
import type { PendingDelivery } from '../verify';
import type { Encryption } from '../../encryption';
import { LANES } from '../../events';
import { decodeFrame, encodeFrame, isDamage, type Damage, type Frame } from './frames';

const problemSchema = z.object({
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
  problem: problemSchema.exactOptional(),
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
  /** Its body is the frame of the delivery, encrypted. A version that knows no encryption keeps it as a dead letter. */
  z.object({
    is: z.literal('encrypted'),
    sequence: z.number(),
    workflowId: z.string(),
    lane: z.literal([...LANES]),
    keyId: z.string(),
    delivery: z.object({ receivedAt: z.string(), bodyDigest: z.string() }),
  }),
  z.object({ is: z.literal('done'), sequence: z.number() }),
]);

/** What is encrypted. */
const content = z.object({ delivery });

export type RecordHeader = z.infer<typeof recordHeader>;

export function encodeRecord(
  sequence: number,
  { workflowId, lane, delivery: facts, rawBody }: PendingDelivery,
  encryption?: Encryption,
): Buffer {
  // What was read of the body is not kept beside it: it is read again.
  const { eventId, event, signedAt, receivedAt, signatureDigest, bodyDigest, problem } = facts;
  const kept = { eventId, event, signedAt, receivedAt, signatureDigest, bodyDigest, ...(problem && { problem }) };
  const found = { sequence, workflowId, lane };
  if (encryption === undefined)
    return encodeFrame({ is: 'delivery', ...found, delivery: kept } satisfies RecordHeader, rawBody);
  const { keyId, data } = encryption.encrypt(
    encodeFrame({ delivery: kept } satisfies z.infer<typeof content>, rawBody),
  );
  const header: RecordHeader = { is: 'encrypted', ...found, keyId, delivery: { receivedAt, bodyDigest } };
  return encodeFrame(header, data);
}

export function encodeDone(sequence: number): Buffer {
  return encodeFrame({ is: 'done', sequence } satisfies RecordHeader);
}

/**
 * The record that these bytes are; undefined when they are none. @throws Error naming the key that it needs, and that is not
 * known.
 */
export function decodeRecord(bytes: Buffer, encryption?: Encryption): PendingDelivery | undefined {
  const frame = decodeFrame(bytes);
  const header = frame && headerOf(frame);
  if (frame === undefined || header === undefined || header.is === 'done') return undefined;
  const { workflowId, lane } = header;
  if (header.is === 'delivery') return { workflowId, lane, delivery: header.delivery, rawBody: frame.body };
  const { decrypt } = encryption ?? NO_KEYS;
  const inner = decodeFrame(decrypt({ keyId: header.keyId, data: frame.body }));
  const found = content.safeParse(inner?.header).data;
  return inner && found && { workflowId, lane, delivery: found.delivery, rawBody: inner.body };
}

const NO_KEYS: Pick<Encryption, 'decrypt'> = {
  decrypt: () => {
    throw new Error('it is encrypted, and ENCRYPTION_KEYS is not set');
  },
};

/** Undefined: it is damaged, of another kind, or by a later version. */
export function headerOf(found: Frame | Damage): RecordHeader | undefined {
  return isDamage(found) ? undefined : recordHeader.safeParse(found.header).data;
}
