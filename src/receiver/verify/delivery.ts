import { createHash } from 'node:crypto';
import { conflictOf, isoTime } from '../../domain';
import { events, quarantine, type Delivery, type Lane } from '../../events';
import { isJson, parseBody, parseEventId, userIdOf, type ParsedBody } from './parse';
import {
  verifySignature,
  type ReplayWindow,
  type SignatureFault,
  type SignatureResult,
  type SignedMessage,
} from './signature';

/** One HTTP attempt: its three headers as literal text, and its bytes. Nothing is verified yet. */
export interface RawDelivery extends SignedMessage {
  readonly eventId: string | undefined;
}

export interface VerifyConfig {
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly companyId: string;
  readonly window: ReplayWindow;
}

/** A delivery whose workflow is to be started. */
export interface PendingDelivery {
  /** The id of that workflow: the event id, or `conflict:…`. */
  readonly workflowId: string;
  readonly lane: Lane;
  readonly delivery: Delivery;
  readonly rawBody: Buffer;
}

/** An authentic delivery, read as far as it can be. */
export interface VerifiedDelivery extends PendingDelivery {
  readonly contents: ParsedBody;
}

/** `event-id`: malformed or missing. `company`: authentic, for another company. */
export type VerifyFault = SignatureFault | 'event-id' | 'company';

export type VerifyResult =
  | { readonly ok: true; readonly verified: VerifiedDelivery; readonly secretIndex: number }
  | { readonly ok: false; readonly fault: VerifyFault };

/** Checks signature, window, event id, JSON and company, in this order. `now` is epoch ms. */
export function verifyDelivery(
  raw: RawDelivery,
  { secrets, companyId, window }: VerifyConfig,
  now: number,
): VerifyResult {
  const signature = verifySignature(raw, secrets, now, window);
  if (!signature.ok) return signature;
  const eventId = parseEventId(raw.eventId);
  if (eventId === undefined) return { ok: false, fault: 'event-id' };
  const contents = parseBody(raw.rawBody, companyId);
  if (contents.kind === 'foreign') return { ok: false, fault: 'company' };
  const delivery = describeDelivery(eventId, contents, signature, raw.rawBody, now);
  return {
    ok: true,
    verified: verifiedDelivery(delivery, contents, raw.rawBody),
    secretIndex: signature.secretIndex,
  };
}

/** The workflow id of a delivery is its event id. */
export function verifiedDelivery(delivery: Delivery, contents: ParsedBody, rawBody: Buffer): VerifiedDelivery {
  const { lane } = contents.kind === 'event' ? events[contents.event] : quarantine;
  return { workflowId: delivery.eventId, lane, delivery, contents, rawBody };
}

/** The same delivery as one that contradicts an earlier one of its event id. */
export function asConflict({ delivery: before, contents, rawBody }: VerifiedDelivery): VerifiedDelivery {
  const { workflowId, delivery } = conflictOf(before);
  const { problem } = delivery;
  const { event } = contents;
  return {
    workflowId,
    lane: quarantine.lane,
    delivery,
    rawBody,
    contents: { kind: 'problem', problem, event, userId: userIdOf(contents), isJson: isJson(contents) },
  };
}

function describeDelivery(
  eventId: string,
  contents: ParsedBody,
  { signedAt, signatureDigest }: SignatureResult & { ok: true },
  rawBody: Buffer,
  now: number,
): Delivery {
  return {
    eventId,
    event: contents.event,
    signedAt: isoTime(signedAt),
    receivedAt: isoTime(now),
    signatureDigest,
    bodyDigest: createHash('sha256').update(rawBody).digest('hex'),
    ...(contents.kind === 'problem' && { problem: contents.problem }),
  };
}
