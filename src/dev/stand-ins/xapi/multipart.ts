import { createHash } from 'node:crypto';
import { Refusal } from '../protocol';

export function malformed(detail: string): Refusal {
  return new Refusal(400, 'malformed', detail);
}

export interface BodyPart {
  readonly contentType: string;
  readonly content: Buffer;
  /** SHA-256 of the content, hex. */
  readonly sha2: string;
}

/**
 * The parts of a `multipart/mixed` body (RFC 2046 §5.1), each but the first with what xAPI wants of an attachment's part
 * (part 3 §1.5.2). By hand, because libraries read multipart/form-data, or mail, of which they change the line ends: the
 * bytes would not match their hash.
 * @throws Refusal
 */
export function readParts(contentType: string, body: Buffer): readonly BodyPart[] {
  const [, quoted, plain] =
    /^multipart\/mixed\s*;.*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed('Content-Type is to be application/json or multipart/mixed');
  const raw = split(body, `--${boundary}`);
  return raw.map((part, index) => readPart(part, index > 0));
}

/** What lies between the delimiters, without the line ends that belong to them. */
function split(body: Buffer, delimiter: string): readonly Buffer[] {
  const whole = Buffer.concat([Buffer.from('\r\n'), body]);
  const mark = Buffer.from(`\r\n${delimiter}`);
  const parts: Buffer[] = [];
  let at = whole.indexOf(mark);
  while (at >= 0) {
    const after = at + mark.length;
    if (whole.subarray(after, after + 2).toString() === '--') return parts;
    const next = whole.indexOf(mark, after);
    if (next < 0 || whole.subarray(after, after + 2).toString() !== '\r\n') break;
    parts.push(whole.subarray(after + 2, next));
    at = next;
  }
  throw malformed('The multipart body has no end');
}

function readPart(part: Buffer, isAttachment: boolean): BodyPart {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) throw malformed('A part has no headers');
  const headers = new Map(
    part
      .subarray(0, end)
      .toString('latin1')
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
  );
  const content = part.subarray(end + 4);
  const sha2 = createHash('sha256').update(content).digest('hex');
  if (isAttachment) checkAttachment(headers, sha2);
  return { contentType: headers.get('content-type') ?? '', content, sha2 };
}

function checkAttachment(headers: ReadonlyMap<string, string>, sha2: string): void {
  if (headers.get('content-transfer-encoding') !== 'binary')
    throw malformed('An attachment has no Content-Transfer-Encoding: binary');
  if (headers.get('x-experience-api-hash')?.toLowerCase() !== sha2)
    throw malformed('X-Experience-API-Hash is not the SHA-256 of its part');
}
