import { createHmac, timingSafeEqual } from 'node:crypto';
import { bodyVariants } from './body-variants';
import type { Finding } from './causes';
import { otherTemplates, partsOf, secretVariants, signatureReadings, timestampVariants } from './header-variants';
import type { Reading } from './header-variants';
import { parseTimestamp, type SignedMessage } from '../verify';

export interface Came extends SignedMessage {
  readonly signature: string;
  readonly timestamp: string;
  readonly eventId: string | undefined;
}

export interface Keys {
  readonly secrets: readonly string[];
  readonly retired: readonly string[];
}

/** One change of one thing, and what would have been signed then. */
interface Candidate {
  readonly finding: Finding | undefined;
  readonly keys: readonly (string | Buffer)[];
  readonly message: readonly (string | Buffer)[];
}

/**
 * Why a signature does not fit: the first usual change with which it does. Every one that is named was computed and
 * compared; what is found without that is only what can be seen (`header-repeated`, `body-lost`, `signature-malformed`).
 * Undefined when it does fit.
 */
export function explainSignature(came: Came, keys: Keys): Finding | undefined {
  const readings = signatureReadings(came.signature);
  for (const { finding, ...candidate } of candidates(came, keys)) {
    const reading = readings.find((each) => fits(each, candidate));
    if (reading !== undefined) return joined(reading.finding, finding);
  }
  return seen(came, readings);
}

function* candidates(came: Came, { secrets, retired }: Keys): Generator<Candidate> {
  const { timestamp, rawBody, eventId = '' } = came;
  const message = signedMessage(timestamp, rawBody);
  yield { finding: undefined, keys: secrets, message };
  for (const { key, ...finding } of secretVariants(secrets, retired)) yield { finding, keys: [key], message };
  for (const variant of timestampVariants(timestamp))
    yield { finding: findingOf(variant), keys: secrets, message: signedMessage(variant.timestamp, rawBody) };
  for (const template of otherTemplates(timestamp, rawBody, eventId))
    yield { finding: findingOf(template), keys: secrets, message: template.message };
  for (const variant of bodyVariants(rawBody))
    yield { finding: findingOf(variant), keys: secrets, message: signedMessage(timestamp, variant.rawBody) };
}

function signedMessage(timestamp: string, rawBody: Buffer): readonly (string | Buffer)[] {
  return [`${timestamp}:`, rawBody];
}

function findingOf({ cause, how }: Finding): Finding {
  return { cause, how };
}

/** Two things can be wrong at once; the one about what was signed is the cause, and the other is said with it. */
function joined(ofReading: Finding | undefined, ofCandidate: Finding | undefined): Finding | undefined {
  if (ofReading === undefined || ofCandidate === undefined) return ofCandidate ?? ofReading;
  return { cause: ofCandidate.cause, how: [ofCandidate.how, ofReading.how].filter(Boolean).join('; ') };
}

function fits({ bytes, algorithm }: Reading, { keys, message }: Pick<Candidate, 'keys' | 'message'>): boolean {
  return keys.some((key) => {
    const hmac = createHmac(algorithm, key);
    // Node reads header bytes as latin1: written back so, they are the bytes that came.
    for (const part of message) hmac.update(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    return timingSafeEqual(bytes, hmac.digest());
  });
}

/** Nothing that was tried fits. */
function seen({ signature, timestamp, rawBody }: Came, readings: readonly Reading[]): Finding {
  const isRepeated = (header: string, isOne: (part: string) => boolean): boolean => {
    const parts = partsOf(header);
    return parts.length > 1 && parts.every(isOne);
  };
  if (isRepeated(signature, (part) => part !== '')) return { cause: 'header-repeated', how: 'the signature' };
  if (isRepeated(timestamp, (part) => parseTimestamp(part) !== undefined))
    return { cause: 'header-repeated', how: 'the timestamp' };
  if (!readings.some(({ finding }) => finding === undefined))
    return { cause: 'signature-malformed', how: malformation(signature) };
  const lost = LOST_BODIES.get(rawBody.toString('latin1', 0, 16));
  return lost === undefined ? { cause: 'secret-unknown' } : { cause: 'body-lost', how: lost };
}

/** What is left of a body that something else has read: a parser's answer for "no body", or its object written as text. */
const LOST_BODIES: ReadonlyMap<string, string> = new Map([
  ['', 'it is empty'],
  ['{}', 'it is `{}`'],
  ['[object Object]', 'it is `[object Object]`'],
]);

const HEX_DIGESTS: ReadonlyMap<number, string> = new Map([
  [32, 'MD5'],
  [40, 'SHA-1'],
  [96, 'SHA-384'],
  [128, 'SHA-512'],
]);

function malformation(signature: string): string {
  const of = `${signature.length} characters`;
  if (!/^[0-9a-f]*$/i.test(signature)) return `${of}, not all of them hex digits`;
  const digest = HEX_DIGESTS.get(signature.length);
  return digest === undefined ? `${of} instead of 64` : `${of}, as many as ${digest} has, with which it does not fit`;
}
