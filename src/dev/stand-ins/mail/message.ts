import addressparser from 'nodemailer/lib/addressparser';
import { parseHeaderValue } from 'nodemailer/lib/mime-funcs';

/** What a mail says, as far as a person reads it. */
export interface MessageText {
  /** With its angle brackets; undefined when the message has none. */
  readonly messageId: string | undefined;
  /** Addresses without names. */
  readonly from: string | undefined;
  readonly to: string[];
  readonly subject: string;
  /** The plain text part, else what else there is; lines end in `\n`. */
  readonly text: string;
}

type Headers = ReadonlyMap<string, string>;

/** Read an Internet message (RFC 5322, 2045-2047). Never throws: what cannot be decoded stays as it came. */
export function readMessage(raw: Buffer): MessageText {
  const { headers, body } = split(raw.toString('latin1'));
  const addresses = (name: string): string[] =>
    addressparser(headers.get(name) ?? '', { flatten: true }).map(({ address }) => address);
  return {
    messageId: headers.get('message-id'),
    from: addresses('from')[0],
    to: addresses('to'),
    subject: decodeWords(headers.get('subject') ?? ''),
    text: (textPart(headers, body) ?? '').replace(/\r\n/g, '\n').replace(/\n$/, ''),
  };
}

/** Text in, and out, is one character a byte (latin1), but for header values, which may be UTF-8 (RFC 6532). */
function split(entity: string): { headers: Headers; body: string } {
  const end = /^\r\n|\r\n\r\n/.exec(entity);
  const head = end === null ? entity : entity.slice(0, end.index);
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const [, name, value] = /^([^\s:]+)[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || headers.has(name.toLowerCase())) continue;
    headers.set(name.toLowerCase(), Buffer.from(value, 'latin1').toString('utf8').trim());
  }
  return { headers, body: end === null ? '' : entity.slice(end.index + end[0].length) };
}

/** The text of an entity; of a multipart the first plain text, else the first text at all. */
function textPart(headers: Headers, body: string): string | undefined {
  const { value, params } = parseHeaderValue(headers.get('content-type') ?? 'text/plain', { stripComments: true });
  const type = value.toLowerCase();
  if (type.startsWith('multipart/')) {
    const parts = bodyParts(body, params['boundary'] ?? '').map(split);
    const read = parts.filter((part) => !startsWith(part.headers, 'content-disposition', 'attachment'));
    const plainFirst = [
      ...read.filter((part) => !startsWith(part.headers, 'content-type', 'text/html')),
      ...read.filter((part) => startsWith(part.headers, 'content-type', 'text/html')),
    ];
    return plainFirst.map((part) => textPart(part.headers, part.body)).find((text) => text !== undefined);
  }
  if (!type.startsWith('text/')) return undefined;
  const text = decodeBytes(decodeTransfer(headers.get('content-transfer-encoding'), body), params['charset']);
  return params['format']?.toLowerCase() === 'flowed' ? unflow(text) : text;
}

function startsWith(headers: Headers, name: string, start: string): boolean {
  return headers.get(name)?.toLowerCase().startsWith(start) ?? false;
}

function bodyParts(body: string, boundary: string): readonly string[] {
  const parts = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1);
  const end = parts.findIndex((part) => part.startsWith('--'));
  return parts.slice(0, end === -1 ? undefined : end).map((part) => part.replace(/^[ \t]*\r\n/, ''));
}

/** At the end of a line white space was added under way (RFC 2045 §6.7 rule 3), and `=` hides the line's end (rule 5). */
function decodeTransfer(encoding: string | undefined, body: string): Buffer {
  if (encoding?.toLowerCase() === 'base64') return Buffer.from(body, 'base64');
  if (encoding?.toLowerCase() !== 'quoted-printable') return Buffer.from(body, 'latin1');
  return decodeQuoted(body.replace(/[ \t]+(?=\r\n|$)/g, '').replace(/=\r\n/g, ''));
}

function decodeQuoted(text: string): Buffer {
  const decoded = text.replace(/=([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(decoded, 'latin1');
}

/** Encoded words (RFC 2047); white space between two of them is not part of the text. */
function decodeWords(value: string): string {
  const words = value.replace(/(\?=)\s+(?==\?[^?\s]+\?[bq]\?[^?]*\?=)/gi, '$1');
  return words.replace(/=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi, (_match, charset: string, kind: string, text: string) => {
    const bytes = kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : decodeQuoted(text.replace(/_/g, ' '));
    return decodeBytes(bytes, charset);
  });
}

function decodeBytes(bytes: Buffer, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** `format=flowed` (RFC 3676): a line that ends in a space goes on in the next; a leading space was stuffed. */
function unflow(text: string): string {
  return text.replace(/^ /gm, '').replace(/(?<!^--) \r?\n/gm, ' ');
}
