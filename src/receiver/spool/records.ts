import { z } from 'zod';
import { LANES } from '../routes';
import type { SpoolRecord } from '.';
import { isDamage, scanFrames, type Frame } from './frames';

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
  problem: problem.optional(),
});

/** `done`: the record with this sequence has gone to Temporal. */
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

/** The record that these bytes are; undefined when they are none. */
export function recordIn(bytes: Buffer): SpoolRecord | undefined {
  const [found] = scanFrames(bytes);
  const header = found === undefined || isDamage(found) ? undefined : headerOf(found);
  if (header?.is !== 'delivery') return undefined;
  const { workflowId, lane, delivery: about } = header;
  const { problem: why, ...facts } = about;
  return { workflowId, lane, delivery: { ...facts, ...(why && { problem: why }) }, rawBody: (found as Frame).body };
}

/** Undefined: a frame of something else, or by a version that knew more. */
export function headerOf(frame: Frame): RecordHeader | undefined {
  const read = recordHeader.safeParse(frame.header);
  return read.success ? read.data : undefined;
}
