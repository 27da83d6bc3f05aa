/** The body of a delivery, as an argument of another run or of an activity. */
import { RawValue } from '@temporalio/common';
import { compactJson } from '../../src/domain';

/** As the receiver's limit: beside it there is room for what a run carries, below Temporal's 2 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** No longer than it came: bytes as they are, JSON as `compactJson` writes it. */
export function bodyArgument(body: unknown): unknown {
  if (body instanceof Uint8Array) return body;
  return RawValue.fromPayload({ metadata: { encoding: bytesOf('json/plain') }, data: bytesOf(compactJson(body)) });
}

/** Bytes. */
export function bodyLength(body: unknown): number {
  return body instanceof Uint8Array ? body.length : bytesOf(compactJson(body)).length;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
