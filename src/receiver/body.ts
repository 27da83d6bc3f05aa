import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdmissionSlot } from './admission';

/** `gone`: the connection ended before the body was complete. `overload`: there is no room for it. */
export type BodyResult = Buffer | 'too-large' | 'overload' | 'gone';

export interface BodyOptions {
  /** Bytes. */
  readonly limit: number;
  /** Where its memory is counted. */
  readonly slot: AdmissionSlot;
}

/**
 * Read a body of up to `limit` bytes, as it came. A larger declared length is not read at all (RFC 9110 §15.5.14), and a
 * client that asks (`Expect: 100-continue`) gets its 100 only here.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limit, slot }: BodyOptions,
): Promise<BodyResult> {
  const declared = request.headers['content-length'];
  if (Number(declared ?? 0) > limit) return 'too-large';
  const asks = request.headers.expect?.toLowerCase() === '100-continue' && request.httpVersion === '1.1';
  if (asks) response.writeContinue();
  const gathered = createGathering(declared === undefined ? limit : Number(declared), slot);
  return new Promise((resolve) => {
    const end = (body: BodyResult): void => {
      gathered.drop();
      resolve(body);
    };
    slot.onShed(() => end('overload'));
    request.on('data', (chunk: Buffer) => {
      const fault = gathered.add(chunk);
      if (fault !== undefined) end(fault);
    });
    request.on('end', () => {
      slot.markWhole();
      end(gathered.whole());
    });
    request.on('close', () => end('gone'));
    request.on('error', () => end('gone'));
  });
}

interface Gathering {
  /** @returns why the chunk was not kept; no later one is kept either. */
  readonly add: (chunk: Buffer) => 'too-large' | 'overload' | undefined;
  readonly whole: () => Buffer;
  /** Forget everything, and ignore later chunks. */
  readonly drop: () => void;
}

const FIRST_BYTES = 16_384;
const NOTHING = Buffer.alloc(0);

/**
 * The chunks of one body in one piece of memory that grows with them. Kept one by one, a body that comes byte by byte
 * would need a hundred times its size.
 */
function createGathering(maxBytes: number, slot: AdmissionSlot): Gathering {
  let memory = NOTHING;
  let length = 0;
  let isOver = false;

  const grow = (minBytes: number): boolean => {
    const bytes = Math.min(maxBytes, Math.max(minBytes, 2 * memory.length, FIRST_BYTES));
    if (!slot.reserve(bytes)) return false;
    const larger = Buffer.allocUnsafe(bytes);
    memory.copy(larger, 0, 0, length);
    memory = larger;
    return true;
  };
  return {
    add: (chunk) => {
      if (isOver) return undefined;
      if (length + chunk.length > maxBytes) return 'too-large';
      if (length + chunk.length > memory.length && !grow(length + chunk.length)) return 'overload';
      length += chunk.copy(memory, length);
      return undefined;
    },
    whole: () => memory.subarray(0, length),
    drop: () => {
      isOver = true;
      memory = NOTHING;
    },
  };
}
