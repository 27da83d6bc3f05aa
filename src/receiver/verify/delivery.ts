import { createHash } from 'node:crypto';
import { isoTime } from '../../domain';
import type { Delivery } from '../../events';
import { parseBody, parseEventId, type ParsedBody } from './parse';
import type { Rule } from '../refusals/rules';
import { verifySignature, type ReplayWindow, type SignatureResult, type SignedMessage } from './signature';
import { verifiedDelivery, type VerifiedDelivery } from '../accept/start-options';

/** One HTTP attempt: its three headers as literal text, and its bytes. Nothing of it is trusted. */
export interface RawDelivery extends SignedMessage {
  readonly eventId: string | undefined;
}

export interface VerifyConfig {
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly companyId: string;
  readonly window: ReplayWindow;
}

export type VerifyResult =
  | { readonly ok: true; readonly received: VerifiedDelivery; readonly secretIndex: number }
  | { readonly ok: false; readonly rule: Rule };

/** Everything between the bytes and the start: signature, window, event id, JSON, company, in this order. `now` is epoch ms. */
export function verifyDelivery(
  incoming: RawDelivery,
  { secrets, companyId, window }: VerifyConfig,
  now: number,
): VerifyResult {
  const signature = verifySignature(incoming, secrets, now, window);
  if (!signature.ok) return { ok: false, rule: signature.fault };
  const eventId = parseEventId(incoming.eventId);
  if (eventId === undefined) return { ok: false, rule: 'event-id' };
  const contents = parseBody(incoming.rawBody, companyId);
  if (contents.kind === 'foreign') return { ok: false, rule: 'company' };
  const delivery = describeDelivery(eventId, contents, signature, incoming.rawBody, now);
  return {
    ok: true,
    received: verifiedDelivery(delivery, contents, incoming.rawBody),
    secretIndex: signature.secretIndex,
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
