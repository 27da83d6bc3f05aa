import type { IncomingMessage, ServerResponse } from 'node:http';

/** `gone`: the client went away, or was cut off, before its body was complete. */
export type Body = Buffer | 'too-large' | 'gone';

/**
 * Read a body of up to `limit` bytes, as it came. A larger declared length is not read at all (RFC 9110 §15.5.14), and a
 * client that asked (`Expect: 100-continue`) is told to go on only here.
 */
export async function readBody(request: IncomingMessage, response: ServerResponse, limit: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return 'too-large';
  const asks = request.headers.expect?.toLowerCase() === '100-continue' && request.httpVersion === '1.1';
  if (asks) response.writeContinue();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      chunks.length = 0;
      resolve('too-large');
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => resolve('gone'));
    request.on('error', () => resolve('gone'));
  });
}

/** Whether the client is still sending, or about to. */
export function isBodyPending(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return !request.complete && (coding !== undefined || Number(length ?? 0) > 0);
}
