import { MINUTE, SECOND } from '../../domain';
import { explainCause, type Cause, type Finding } from './causes';
import { verifyDelivery, type RawDelivery, type VerifyConfig } from '../verify';
import { explainSignature } from './signature-search';
import { timestampForm } from './header-variants';
import { MAX_BODY_BYTES, type Rule } from './rules';
import { parseTimestamp } from '../verify';

/** A delivery as it came. A repeated header is its values joined by a comma and a space. */
export interface Diagnosable extends RawDelivery {
  /** Literal text of the Content-Encoding header. */
  readonly contentEncoding?: string | undefined;
}

export interface DiagnosisConfig extends VerifyConfig {
  /** Secrets that are known and no longer accepted. */
  readonly retired?: readonly string[];
}

/** What can be measured of any delivery without giving anything of it away. */
export interface DeliveryFacts {
  /** Our clock minus the timestamp; null when it cannot be read. */
  readonly skewSeconds: number | null;
  /** Characters; null when the header is absent. */
  readonly signatureLength: number | null;
  readonly timestampLength: number | null;
  /** Bytes. */
  readonly bodyLength: number;
}

export type Diagnosis = DeliveryFacts &
  (
    | { readonly verifies: true; readonly secretIndex: number }
    | {
        readonly verifies: false;
        /** The rule that is broken first, in the contract's order. */
        readonly rule: Rule;
        readonly cause: Cause;
        /** One sentence: what is the case, and what to do. Never a value of the delivery, nor a secret. */
        readonly advice: string;
      }
  );

/**
 * Why a delivery verifies or does not. Pure; `now` is epoch ms. Costs up to some hundred HMACs over the body. It is written
 * by hand because no library looks for the change that explains a signature that does not fit.
 */
export function diagnose(delivery: Diagnosable, config: DiagnosisConfig, now: number): Diagnosis {
  const facts = factsOf(delivery, now);
  const early = faultBeforeReading(delivery);
  const result = early === undefined ? verifyDelivery(delivery, config, now) : ({ ok: false, fault: early } as const);
  if (result.ok) return { verifies: true, secretIndex: result.secretIndex, ...facts };
  const finding = findingOf(result.fault, delivery, config, now);
  return { verifies: false, rule: result.fault, cause: finding.cause, advice: explainCause(finding), ...facts };
}

/** `now` is epoch ms. */
export function factsOf({ signature, timestamp, rawBody }: RawDelivery, now: number): DeliveryFacts {
  const signedAt = parseTimestamp(timestamp ?? '');
  return {
    skewSeconds: signedAt === undefined ? null : (now - signedAt) / SECOND,
    signatureLength: signature?.length ?? null,
    timestampLength: timestamp?.length ?? null,
    bodyLength: rawBody.length,
  };
}

function faultBeforeReading({ contentEncoding = '', rawBody }: Diagnosable): 'encoding' | 'size' | undefined {
  if (contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity') return 'encoding';
  return rawBody.length > MAX_BODY_BYTES ? 'size' : undefined;
}

function findingOf(rule: Rule, delivery: Diagnosable, config: DiagnosisConfig, now: number): Finding {
  switch (rule) {
    case 'encoding':
    case 'size':
      return { cause: rule };
    case 'missing':
      return missingHeaders(delivery);
    case 'stale':
      return explainTime(factsOf(delivery, now));
    case 'event-id':
      return explainEventId(delivery.eventId ?? '');
    case 'company':
      return explainCompany(delivery.rawBody, config.companyId);
    default:
      return explainMismatch(delivery, config);
  }
}

function missingHeaders({ signature, timestamp }: RawDelivery): Finding {
  if (!signature && !timestamp) return { cause: 'headers-missing' };
  return { cause: signature ? 'timestamp-missing' : 'signature-missing' };
}

function explainMismatch(
  { signature = '', timestamp = '', rawBody, eventId }: RawDelivery,
  { secrets, retired = [] }: DiagnosisConfig,
): Finding {
  const found = explainSignature({ signature, timestamp, rawBody, eventId }, { secrets, retired });
  return found ?? { cause: 'timestamp-unreadable', how: timestampForm(timestamp) };
}

/** The sender's last retry comes 7 h 20 min after the first attempt, and may not be signed again; some time for itself. */
const LAST_RETRY_MS = 450 * MINUTE;

function explainTime({ skewSeconds }: DeliveryFacts): Finding {
  const lateMs = (skewSeconds ?? 0) * SECOND;
  const how = `${durationOf(Math.abs(lateMs))} ${lateMs < 0 ? 'ahead of' : 'behind'} our clock`;
  return { cause: lateMs > LAST_RETRY_MS ? 'old-delivery' : 'clock-skew', how };
}

function durationOf(ms: number): string {
  const minutes = Math.floor(ms / MINUTE);
  if (minutes === 0) return `${Math.floor(ms / SECOND)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** The classes of characters that an event id may not have. */
const STRANGE: readonly (readonly [RegExp, string])[] = [
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  [/[^\u0000-\u007f]/, 'other characters than ASCII'],
  [/\s/, 'white space'],
  [/:/, 'a colon'],
  [/[/\\]/, 'a slash'],
  [/["']/, 'quotes'],
];

function explainEventId(eventId: string): Finding {
  if (eventId === '') return { cause: 'event-id-missing' };
  if (eventId.includes(', ')) return { cause: 'header-repeated', how: 'the event id' };
  const [, strange] = STRANGE.find(([pattern]) => pattern.test(eventId)) ?? [];
  const length = `it has ${eventId.length} characters`;
  if (strange !== undefined) return { cause: 'event-id-malformed', how: `${length}, with ${strange} among them` };
  return { cause: 'event-id-malformed', how: /^[\w.-]+$/.test(eventId) ? length : `${length}, with other punctuation` };
}

/** The body was read as JSON with a text as its company before. */
function explainCompany(rawBody: Buffer, companyId: string): Finding {
  const { companyId: named } = JSON.parse(rawBody.toString('utf8')) as { readonly companyId: string };
  const isOurs = named.trim().toLowerCase() === companyId.trim().toLowerCase();
  return { cause: isOurs ? 'company-spelling' : 'company-unknown' };
}
