import { crc32 } from 'node:zlib';

/** Every frame begins with it; the last character is the version of the format. */
const MARK = Buffer.from('MTS1');
const MARK_WITHOUT_VERSION = MARK.subarray(0, 3);
const PREFIX_BYTES = 20;

/** One entry of a log file: a header as JSON, and bytes that are kept as they came. */
export interface Frame {
  readonly offset: number;
  /** Of the whole frame. */
  readonly length: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** Bytes that are no longer a frame. */
export interface Damage {
  readonly offset: number;
  readonly length: number;
  /** One sentence, without any value of the payload. */
  readonly damage: string;
}

/**
 * A frame: mark, length of the header, length of the body, checksum of both, checksum of the 16 bytes before it (numbers
 * little-endian, CRC-32), the header as JSON, the body. The second checksum finds a damaged length.
 */
export function encodeFrame(header: object, body: Buffer = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MARK.copy(prefix);
  prefix.writeUInt32LE(json.length, 4);
  prefix.writeUInt32LE(body.length, 8);
  prefix.writeUInt32LE(crc32(body, crc32(json)), 12);
  prefix.writeUInt32LE(crc32(prefix.subarray(0, 16)), 16);
  return Buffer.concat([prefix, json, body]);
}

/**
 * Every frame of a file, and what is damaged between them. A last frame that is cut off is left out: its writer was
 * killed before it could acknowledge it.
 */
export function scanFrames(bytes: Buffer): readonly (Frame | Damage)[] {
  const found: (Frame | Damage)[] = [];
  for (let offset = 0; offset + PREFIX_BYTES <= bytes.length;) {
    const next = isPrefix(bytes, offset) ? readFrame(bytes, offset) : damageAt(bytes, offset);
    if (next === 'cut off') break;
    found.push(next);
    offset += next.length;
  }
  return found;
}

/** The frame that these bytes are; undefined when they are damaged or cut off. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  const [found] = scanFrames(bytes);
  return found === undefined || isDamage(found) ? undefined : found;
}

export function isDamage(each: Frame | Damage): each is Damage {
  return 'damage' in each;
}

function isPrefix(bytes: Buffer, offset: number): boolean {
  if (offset + PREFIX_BYTES > bytes.length || bytes.compare(MARK, 0, MARK.length, offset, offset + MARK.length) !== 0)
    return false;
  return bytes.readUInt32LE(offset + 16) === crc32(bytes.subarray(offset, offset + 16));
}

function readFrame(bytes: Buffer, offset: number): Frame | Damage | 'cut off' {
  const headerEnd = offset + PREFIX_BYTES + bytes.readUInt32LE(offset + 4);
  const end = headerEnd + bytes.readUInt32LE(offset + 8);
  if (end > bytes.length) return 'cut off';
  const length = end - offset;
  const content = bytes.subarray(offset + PREFIX_BYTES, end);
  if (crc32(content) !== bytes.readUInt32LE(offset + 12))
    return { offset, length, damage: 'Its checksum does not fit its content.' };
  const header = JSON.parse(bytes.toString('utf8', offset + PREFIX_BYTES, headerEnd)) as Frame['header'];
  return { offset, length, header, body: bytes.subarray(headerEnd, end) };
}

/** From `offset` to the next prefix whose checksum is right. */
function damageAt(bytes: Buffer, offset: number): Damage {
  const version = bytes[offset + MARK_WITHOUT_VERSION.length];
  const isOther = bytes.subarray(offset).indexOf(MARK_WITHOUT_VERSION) === 0 && version !== MARK[3];
  let end = offset + 1;
  while (end < bytes.length && !isPrefix(bytes, end)) {
    const mark = bytes.indexOf(MARK, end + 1);
    end = mark < 0 ? bytes.length : mark;
  }
  const damage = isOther ? 'It is in a format that this version does not know.' : 'Its beginning cannot be read.';
  return { offset, length: end - offset, damage };
}
