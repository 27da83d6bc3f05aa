import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Finding } from './causes';
import { isDeeper } from '../../domain';
import { MAX_BODY_BYTES } from './rules';

/** What may have been signed, where `rawBody` is what came of it. */
export interface BodyVariant extends Finding {
  readonly cause: 'body-reserialised' | 'body-recoded';
  readonly how: string;
  readonly rawBody: Buffer;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** Indented, deeper JSON grows with the square of its depth. */
const MAX_DEPTH = 32;

/**
 * Each usual thing that happens to a body on its way, undone. One at a time, and lazily: a body can be a mebibyte. A file of
 * its own beside `header-variants`, because each is a list that grows with what support sees.
 */
export function* bodyVariants(rawBody: Buffer): Generator<BodyVariant> {
  if (rawBody.length === 0) return;
  const text = textOf(rawBody);
  for (const [how, each] of codingVariants(rawBody, text)) yield { cause: 'body-recoded', how, rawBody: each };
  for (const [how, line] of lineVariants(rawBody.toString('latin1')))
    yield { cause: 'body-reserialised', how, rawBody: Buffer.from(line, 'latin1') };
  if (text !== undefined)
    for (const [how, each] of jsonVariants(text))
      yield { cause: 'body-reserialised', how, rawBody: Buffer.from(each, 'utf8') };
}

type Variant<T> = readonly [how: string, variant: T];

/** Of the bytes as latin1, so that none is changed. */
function* lineVariants(text: string): Generator<Variant<string>> {
  if (/\n$/.test(text)) yield ['signed without the line end at its end', text.replace(/\r?\n$/, '')];
  yield ['signed with a line feed at its end', `${text}\n`];
  yield ['signed with CR LF at its end', `${text}\r\n`];
  const trimmed = text.trim();
  if (trimmed !== text) yield ['signed without the white space around it', trimmed];
  if (text.includes('\r\n')) yield ['signed with LF line ends', text.replaceAll('\r\n', '\n')];
  else if (text.includes('\n')) yield ['signed with CR LF line ends', text.replaceAll('\n', '\r\n')];
}

function* jsonVariants(text: string): Generator<Variant<string>> {
  const value = jsonOf(text);
  if (value === undefined || isDeeper(value, MAX_DEPTH)) return;
  if (typeof value === 'string') yield ['signed before it was put into a JSON string', value];
  for (const [how, written] of jsonStyles(value)) {
    yield [how, written];
    yield [`${how} and a line feed`, `${written}\n`];
    for (const [escaping, escape] of ESCAPES) {
      const escaped = escape(written);
      if (escaped !== written) yield [`${how}, ${escaping}`, escaped];
    }
  }
  // Numbers such as 1.0 do not outlive JSON.parse.
  yield ['signed without white space between its parts', text.replace(STRING_OR_SPACE, '$1')];
}

const STRING_OR_SPACE = /("(?:\\.|[^"\\])*")|\s+/g;
const STRING_OR_PUNCTUATION = /("(?:\\.|[^"\\])*")|([,:])/g;

function* jsonStyles(value: unknown): Generator<Variant<string>> {
  const compact = JSON.stringify(value);
  yield ['signed as compact JSON', compact];
  const spaced = (_all: string, string: string | undefined, mark: string): string => string ?? `${mark} `;
  yield ['signed with a space after commas and colons', compact.replace(STRING_OR_PUNCTUATION, spaced)];
  yield ['signed as JSON indented by 2', JSON.stringify(value, null, 2)];
  yield ['signed as JSON indented by 4', JSON.stringify(value, null, 4)];
  yield ['signed as JSON indented by tabs', JSON.stringify(value, null, '\t')];
}

const NOT_ASCII = /[\u007f-\uffff]/g;
const escapeUnicode = (text: string): string => text.replace(NOT_ASCII, codeOf);
const escapeSlashes = (text: string): string => text.replaceAll('/', '\\/');

/** As the JSON writers of other languages do by default. In JSON these characters stand in strings alone. */
const ESCAPES: readonly (readonly [how: string, escape: (text: string) => string])[] = [
  ['other letters than ASCII escaped', escapeUnicode],
  ['other letters than ASCII escaped in capitals', (text) => text.replace(NOT_ASCII, (each) => codeOf(each, true))],
  ['slashes escaped', escapeSlashes],
  ['slashes and other letters than ASCII escaped', (text) => escapeSlashes(escapeUnicode(text))],
  ['`<`, `>` and `&` escaped', (text) => text.replace(/[<>&\u2028\u2029]/g, (each) => codeOf(each))],
];

function codeOf(letter: string, inCapitals: unknown = false): string {
  const hex = letter.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${inCapitals === true ? hex.toUpperCase() : hex}`;
}

function* codingVariants(rawBody: Buffer, text: string | undefined): Generator<Variant<Buffer>> {
  const hasMark = rawBody.subarray(0, 3).equals(BYTE_ORDER_MARK);
  if (hasMark) yield ['signed without its byte order mark', rawBody.subarray(3)];
  else yield ['signed with a byte order mark', Buffer.concat([BYTE_ORDER_MARK, rawBody])];
  if (rawBody.some((byte) => byte > 0x7f)) {
    if (text !== undefined && !/[^\0-\xff]/.test(text)) yield ['signed as Latin-1', Buffer.from(text, 'latin1')];
    yield ['signed as UTF-8, taken for Latin-1', Buffer.from(rawBody.toString('latin1'), 'utf8')];
  }
  if (/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(rawBody.toString('latin1')))
    yield ['signed before it was written as base64', Buffer.from(rawBody.toString('latin1'), 'base64')];
  for (const [name, decompress] of DECOMPRESSIONS) {
    const plain = attempt(() => decompress(rawBody, { maxOutputLength: MAX_BODY_BYTES }));
    if (plain !== undefined) yield [`signed before ${name} compressed it`, plain];
  }
}

const DECOMPRESSIONS = [
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
  ['brotli', brotliDecompressSync],
] as const;

function textOf(rawBody: Buffer): string | undefined {
  return attempt(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawBody));
}

function jsonOf(text: string): unknown {
  return attempt<unknown>(() => JSON.parse(text.replace(/^\ufeff/, '')));
}

/** Undefined when it cannot be done: then there is nothing to try. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
