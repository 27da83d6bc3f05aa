import { isoTime } from '../../domain';
import type { Finding } from './causes';
import { parseTimestamp } from '../verify';

export type Algorithm = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** The bytes that a signature header may stand for. */
export interface Reading {
  readonly bytes: Buffer;
  readonly algorithm: Algorithm;
  /** How it is written, unless it is as it should be: 64 hex digits alone. */
  readonly finding: Finding | undefined;
}

const ALGORITHMS: ReadonlyMap<number, Algorithm> = new Map([
  [16, 'md5'],
  [20, 'sha1'],
  [32, 'sha256'],
  [48, 'sha384'],
  [64, 'sha512'],
]);
/** Of one header: a stranger may send 16 KiB of them. */
const MAX_PARTS = 4;
const MAX_SIGNATURE_LENGTH = 512;
const HEX_SHA256 = /^[0-9a-f]{64}$/i;

/** Joined by the receiver when a header is repeated. */
export function partsOf(header: string): readonly string[] {
  return header.split(', ').slice(0, MAX_PARTS);
}

/** Each way to read a signature header: hex or base64, of any usual digest, with something around it, or several. */
export function signatureReadings(header: string): readonly Reading[] {
  const text = header.slice(0, MAX_SIGNATURE_LENGTH);
  const parts = partsOf(text);
  if (parts.length > 1)
    return parts.flatMap((part) =>
      readingsOf(part).map((each) => ({ ...each, finding: { cause: 'header-repeated', how: 'the signature' } })),
    );
  return readingsOf(text);
}

function readingsOf(text: string): readonly Reading[] {
  const tokens = text.split(/[\s"',;:=]+/).filter((token) => token.length >= 22);
  return tokens.slice(0, MAX_PARTS).flatMap((token) => {
    const wrapping = wrappingOf(text, token);
    if (HEX_SHA256.test(token)) return readingAs('hex', token, wrapping);
    return [
      ...readingAs('hex', token.replace(/^0x/i, ''), token.startsWith('0x') ? 'with `0x` before it' : wrapping),
      ...readingAs('base64', token, wrapping === undefined ? 'as base64' : `as base64, ${wrapping}`),
    ];
  });
}

function readingAs(encoding: 'hex' | 'base64', token: string, how: string | undefined): readonly Reading[] {
  if (!(encoding === 'hex' ? /^[0-9a-f]+$/i : /^[\w+/-]+$/).test(token)) return [];
  const bytes = Buffer.from(token, encoding);
  const algorithm = ALGORITHMS.get(bytes.length);
  if (algorithm === undefined) return [];
  if (algorithm !== 'sha256')
    return [{ bytes, algorithm, finding: { cause: 'other-algorithm', how: `HMAC-${algorithm.toUpperCase()}` } }];
  return [{ bytes, algorithm, finding: how === undefined ? undefined : { cause: 'signature-recoded', how } }];
}

function wrappingOf(text: string, token: string): string | undefined {
  const around = text.replace(token, '').replace(/=+$/, '=');
  // The padding of base64.
  if (around === '' || (around === '=' && text.startsWith(token))) return undefined;
  if (around.trim() === '') return 'with white space around it';
  return around === 'sha256=' ? 'with `sha256=` before it' : 'with a prefix, quotes or something else around it';
}

export interface SecretVariant extends Finding {
  readonly key: string | Buffer;
}

/** What the secrets of `MINDTICKLE_WEBHOOK_SECRET` may have been meant to be, and those that are no longer there. */
export function secretVariants(secrets: readonly string[], retired: readonly string[]): readonly SecretVariant[] {
  const variants: SecretVariant[] = retired.map((key) => ({ cause: 'secret-retired', key }));
  const add = (how: string, key: string | Buffer): void => {
    if (key.length > 0) variants.push({ cause: 'secret-recoded', how, key });
  };
  for (const secret of secrets) {
    const bare = secret.trim().replace(/^(["'`])(.*)\1$/s, '$2');
    if (secret.trim() !== secret) add('without the white space around it', secret.trim());
    if (bare !== secret.trim()) add('without the quotes around it', bare);
    for (const [how, before, after] of WRAPPINGS) add(how, `${before}${bare}${after}`);
    const unnamed = bare.replace(/^whsec_/, '');
    if (unnamed !== bare) add('without `whsec_`', unnamed);
    if (/^[\w+/-]+={0,2}$/.test(unnamed)) add('as the bytes that it is the base64 of', Buffer.from(unnamed, 'base64'));
    if (/^([0-9a-f]{2})+$/i.test(bare)) add('as the bytes that it is the hex digits of', Buffer.from(bare, 'hex'));
  }
  if (secrets.length > 1) add('as one secret that has a comma in it', secrets.join(','));
  return variants;
}

const WRAPPINGS = [
  ['with a line feed at its end', '', '\n'],
  ['with CR LF at its end', '', '\r\n'],
  ['with a space at its end', '', ' '],
  ['with a space before it', ' ', ''],
  ['in double quotes', '"', '"'],
  ['in single quotes', "'", "'"],
] as const;

export interface TimestampVariant extends Finding {
  readonly timestamp: string;
}

/** The moment that the header names, as it may have been written when it was signed; or one of several headers. */
export function timestampVariants(header: string): readonly TimestampVariant[] {
  const parts = partsOf(header);
  if (parts.length > 1 && parts.some((part) => parseTimestamp(part) !== undefined))
    return parts.map((timestamp) => ({ cause: 'header-repeated', how: 'the timestamp', timestamp }));
  const at = parseTimestamp(header) ?? leniently(header);
  if (at === undefined) return [];
  const seconds = Math.floor(at / 1000);
  const iso = new Date(at).toISOString();
  const written: readonly (readonly [string, string])[] = [
    ['signed as Unix seconds', String(seconds)],
    ['signed as Unix milliseconds', String(at)],
    ['signed as Unix microseconds', `${at}000`],
    ['signed as ISO 8601', isoTime(at)],
    ['signed as ISO 8601 with milliseconds', iso],
    ['signed as ISO 8601 with seconds', isoTime(seconds * 1000)],
    ['signed as ISO 8601 with an offset', isoTime(at).replace('Z', '+00:00')],
    ['signed as ISO 8601 without a zone', isoTime(at).replace('Z', '')],
    ['signed as an HTTP date', new Date(at).toUTCString()],
  ];
  return written
    .filter(([, timestamp]) => timestamp !== header)
    .map(([how, timestamp]) => ({ cause: 'timestamp-rewritten', how, timestamp }));
}

/** Epoch ms of what no delivery should have, and some senders write. */
function leniently(text: string): number | undefined {
  if (/^\d{16}$/.test(text)) return Math.floor(Number(text) / 1000);
  if (/^\d{10}\.\d{1,9}$/.test(text)) return Math.floor(Number(text) * 1000);
  const at = /[A-Z:]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isFinite(at) ? at : undefined;
}

/** What a timestamp is that we cannot read, as far as can be seen. */
export function timestampForm(text: string): string | undefined {
  if (/^\d{16}$/.test(text)) return 'it looks like Unix microseconds';
  if (/^\d{19}$/.test(text)) return 'it looks like Unix nanoseconds';
  if (/^\d+\.\d+$/.test(text)) return 'it is a number with a fraction';
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return 'it is a date without a time';
  return Number.isFinite(Date.parse(text)) ? 'it is a date in another format' : undefined;
}

export interface Templated extends Finding {
  readonly cause: 'other-template';
  readonly message: readonly (string | Buffer)[];
}

/** What other senders sign. */
export function otherTemplates(timestamp: string, rawBody: Buffer, eventId: string): readonly Templated[] {
  const templates: readonly (readonly [how: string, ...message: (string | Buffer)[]])[] = [
    ['the body alone', rawBody],
    ['`timestamp.body`', `${timestamp}.`, rawBody],
    ['`timestampbody`, without a colon', timestamp, rawBody],
    ['`timestamp`, a line feed, `body`', `${timestamp}\n`, rawBody],
    ['`body:timestamp`', rawBody, `:${timestamp}`],
    ['`body.timestamp`', rawBody, `.${timestamp}`],
    ['`bodytimestamp`, without a colon', rawBody, timestamp],
    ['`id.timestamp.body`', `${eventId}.${timestamp}.`, rawBody],
    ['`id:timestamp:body`', `${eventId}:${timestamp}:`, rawBody],
    ['`v0:timestamp:body`', `v0:${timestamp}:`, rawBody],
  ];
  return templates.map(([how, ...message]) => ({ cause: 'other-template', how, message }));
}
