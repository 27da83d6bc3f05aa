import { crc32 } from 'node:zlib';

/** Begins every frame; the last character is the version of the format. */
const MARK = Buffer.from('MTS1');
const MARK_OF_ANY_VERSION = MARK.subarray(0, 3);
const HEAD_BYTES = 20;
const NOTHING = Buffer.alloc(0);

/** One record of a log file: what it is, as JSON, and bytes that travel as they came. */
export interface Frame {
  readonly offset: number;
  /** Of the whole frame. */
  readonly length: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** Bytes that are no frame any more. */
export interface Damage {
  readonly offset: number;
  readonly length: number;
  /** One sentence; no value of what was there. */
  readonly damage: string;
}

/**
 * A frame: mark, length of the header, length of the body, checksum of both, checksum of the 16 bytes before it (numbers
 * little-endian, CRC-32), the header as JSON, the body. So a length that was damaged is not believed.
 */
export function encodeFrame(header: object, body: Buffer = NOTHING): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt32LE(json.length, 4);
  head.writeUInt32LE(body.length, 8);
  head.writeUInt32LE(crc32(body, crc32(json)), 12);
  head.writeUInt32LE(crc32(head.subarray(0, 16)), 16);
  return Buffer.concat([head, json, body]);
}

/**
 * Every frame of a file, and what was damaged between them. A last one that is cut off was being written when its writer
 * was killed: nobody was told that it is stored, and it is left out.
 */
export function scanFrames(bytes: Buffer): readonly (Frame | Damage)[] {
  const found: (Frame | Damage)[] = [];
  for (let offset = 0; offset + HEAD_BYTES <= bytes.length;) {
    const next = isHead(bytes, offset) ? readFrame(bytes, offset) : damaged(bytes, offset);
    if (next === 'cut off') break;
    found.push(next);
    offset += next.length;
  }
  return found;
}

export function isDamage(each: Frame | Damage): each is Damage {
  return 'damage' in each;
}

function isHead(bytes: Buffer, offset: number): boolean {
  if (offset + HEAD_BYTES > bytes.length || bytes.compare(MARK, 0, MARK.length, offset, offset + MARK.length) !== 0)
    return false;
  return bytes.readUInt32LE(offset + 16) === crc32(bytes.subarray(offset, offset + 16));
}

function readFrame(bytes: Buffer, offset: number): Frame | Damage | 'cut off' {
  const headerEnd = offset + HEAD_BYTES + bytes.readUInt32LE(offset + 4);
  const end = headerEnd + bytes.readUInt32LE(offset + 8);
  if (end > bytes.length) return 'cut off';
  const length = end - offset;
  const content = bytes.subarray(offset + HEAD_BYTES, end);
  if (crc32(content) !== bytes.readUInt32LE(offset + 12))
    return { offset, length, damage: 'Its checksum does not fit its content.' };
  const header = JSON.parse(bytes.toString('utf8', offset + HEAD_BYTES, headerEnd)) as Frame['header'];
  return { offset, length, header, body: bytes.subarray(headerEnd, end) };
}

/** From `offset` to the next head that can be believed. */
function damaged(bytes: Buffer, offset: number): Damage {
  const version = bytes[offset + MARK_OF_ANY_VERSION.length];
  const isOther = bytes.subarray(offset).indexOf(MARK_OF_ANY_VERSION) === 0 && version !== MARK[3];
  let end = offset + 1;
  while (end < bytes.length && !isHead(bytes, end)) {
    const mark = bytes.indexOf(MARK, end + 1);
    end = mark < 0 ? bytes.length : mark;
  }
  const damage = isOther ? 'It is in a format that this version does not know.' : 'Its beginning cannot be read.';
  return { offset, length: end - offset, damage };
}
