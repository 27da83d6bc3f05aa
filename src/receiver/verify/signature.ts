import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { epochMs, SECOND } from '../../domain';

/** What is signed and its signature. Header values are their literal text; undefined when the header is absent. */
export interface SignedMessage {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly rawBody: Buffer;
}

/** How far a signature's time may lie from now, in ms: wide backwards (retries are not re-signed), narrow ahead. */
export interface ReplayWindow {
  readonly backMs: number;
  readonly aheadMs: number;
}

/** `malformed`: not hex of 32 bytes, or a timestamp that cannot be read. `stale`: rightly signed, outside the window. */
export type SignatureFault = 'missing' | 'malformed' | 'stale' | 'mismatch';

export type SignatureResult =
  | {
      readonly ok: true;
      /** Epoch ms. */
      readonly signedAt: number;
      /** SHA-256 of the decoded HMAC bytes, hex: the same for either case of the header's digits. */
      readonly signatureDigest: string;
      /** Which of the secrets signed it; 0 is the newest. */
      readonly secretIndex: number;
    }
  | { readonly ok: false; readonly fault: SignatureFault };

const HEX_SHA256 = /^[0-9a-f]{64}$/i;
const UNIX_SECONDS = /^\d{1,11}$/;
const UNIX_MILLISECONDS = /^\d{13}$/;

/**
 * Check that `rawBody` was signed with one of `secrets` (newest first). Signed message: `<timestamp>:<raw bytes>`,
 * HMAC-SHA256, hex. The event id is not covered. `now` is epoch ms. The signature is compared before the time is
 * looked at, so that only who knows a secret learns about our window. Source of the contract: the community's
 * description of MindTickle's webhooks; nothing official is published.
 */
export function verifySignature(
  { timestamp, signature, rawBody }: SignedMessage,
  secrets: readonly string[],
  now: number,
  window: ReplayWindow,
): SignatureResult {
  if (!timestamp || !signature) return { ok: false, fault: 'missing' };
  if (!HEX_SHA256.test(signature)) return { ok: false, fault: 'malformed' };
  const given = Buffer.from(signature, 'hex');
  const secretIndex = secrets.findIndex((secret) => timingSafeEqual(given, hmac(secret, timestamp, rawBody)));
  if (secretIndex < 0) return { ok: false, fault: 'mismatch' };
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) return { ok: false, fault: 'malformed' };
  if (signedAt < now - window.backMs || signedAt > now + window.aheadMs) return { ok: false, fault: 'stale' };
  return { ok: true, signedAt, signatureDigest: hash('sha256', given), secretIndex };
}

/** Node reads header bytes as latin1: written back so, the HMAC covers the bytes that came. */
function hmac(secret: string, timestamp: string, rawBody: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}:`, 'latin1').update(rawBody).digest();
}

/**
 * Epoch ms of Unix seconds (up to 11 digits), Unix milliseconds (13 digits) or an ISO 8601 date and time (without a
 * zone: UTC); undefined for anything else. A date alone names no time.
 */
export function parseTimestamp(text: string): number | undefined {
  if (UNIX_SECONDS.test(text)) return Number(text) * SECOND;
  if (UNIX_MILLISECONDS.test(text)) return Number(text);
  const at = text.includes('T') ? epochMs(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
