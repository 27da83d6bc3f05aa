import { hash } from 'node:crypto';
import { conflictOf, isoTime, mayBeLeaver } from '../../domain';
import { events, quarantine, type Delivery, type EventDelivery, type Lane } from '../../events';
import { isJson, parseBody, parseEventId, unreadFields, userIdOf, type ParsedBody } from './parse';
import type { Reading } from './read-data';
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

export interface VerifyConfig extends Reading {
  /** Newest first. */
  readonly secrets: readonly string[];
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
  { secrets, window, ...reading }: VerifyConfig,
  now: number,
): VerifyResult {
  const signature = verifySignature(raw, secrets, now, window);
  if (!signature.ok) return signature;
  const eventId = parseEventId(raw.eventId);
  if (eventId === undefined) return { ok: false, fault: 'event-id' };
  const contents = parseBody(raw.rawBody, reading, signature.signedAt);
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
  return { workflowId: delivery.eventId, lane: laneOf(contents, rawBody), delivery, contents, rawBody };
}

function laneOf(contents: ParsedBody, rawBody: Buffer): Lane {
  return contents.kind === 'event' ? events[contents.event].lane : laneInQuarantine(contents.event, rawBody);
}

/** A leaver who cannot be read may still have access: somebody should hear of it before what can wait. */
function laneInQuarantine(event: string | null, rawBody: Buffer): Lane {
  return mayBeLeaver(event ?? rawBody.toString('latin1')) ? events['user.deprovisioned'].lane : quarantine.lane;
}

/** What a workflow gets of the body beside the body: what was read, or why it could not be. */
export function readingOf(contents: ParsedBody): Pick<EventDelivery, 'data' | 'unread'> | Pick<Delivery, 'problem'> {
  if (contents.kind === 'problem') return { problem: contents.problem };
  return { data: contents.data, ...unreadFields(contents.unread) };
}

/** The same delivery as one that contradicts an earlier one of its event id. */
export function asConflict({ delivery: before, contents, rawBody }: VerifiedDelivery): VerifiedDelivery {
  const { workflowId, delivery } = conflictOf(before);
  const { problem } = delivery;
  const { event } = contents;
  return {
    workflowId,
    lane: laneInQuarantine(event, rawBody),
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
    bodyDigest: hash('sha256', rawBody),
    ...readingOf(contents),
  };
}
