import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve } from '../running';

/** A bucket of S3 in a few lines: conditional PUT, HEAD, checksums, and the signature (SigV4) of each request. */
export interface S3Server {
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  /** Answers the next request with this instead. `lost`: it is done, and nobody is told. */
  readonly failNext: (failure: Failure) => void;
  readonly requests: string[];
  readonly stop: () => Promise<void>;
}

export type Failure = 'lost' | { readonly status: number; readonly code: string };

export const S3_KEY = { id: 'AKIATESTOFTHETESTS', secret: 'a-secret-key-of-the-tests' };
const BUCKET = 'archive';

export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  let next: Failure | undefined;

  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const failure = next;
    next = undefined;
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (failure === 'lost') {
      put(objects, request, body);
      request.socket.destroy();
      return;
    }
    const [status, code] =
      failure === undefined ? act(objects, request, response, body) : [failure.status, failure.code];
    response.statusCode = status;
    const isPlain = code === undefined || request.method === 'HEAD';
    response.end(
      isPlain ? '' : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>of ${S3_KEY.id}</Message></Error>`,
    );
  }

  const { url, stop } = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
  });
  return { url, objects, requests, stop, failNext: (failure) => void (next = failure) };
}

type Outcome = readonly [status: number, code?: string];

function act(objects: Map<string, Buffer>, request: IncomingMessage, response: ServerResponse, body: Buffer): Outcome {
  const path = request.url?.split('?')[0] ?? '';
  if (!isSigned(request)) return [403, 'SignatureDoesNotMatch'];
  if (!`${path}/`.startsWith(`/${BUCKET}/`)) return [404, 'NoSuchBucket'];
  if (path === `/${BUCKET}` || path === `/${BUCKET}/`) return [200];
  if (request.method === 'PUT') {
    response.setHeader('etag', `"${digestOf(body)}"`);
    return put(objects, request, body);
  }
  const held = objects.get(path);
  if (request.method === 'DELETE') return remove(objects, path);
  if (held === undefined) return [404, 'NoSuchKey'];
  return read(held, request, response);
}

function read(held: Buffer, request: IncomingMessage, response: ServerResponse): Outcome {
  if (request.headers['x-amz-checksum-mode'] === 'ENABLED') response.setHeader('x-amz-checksum-sha256', digestOf(held));
  return [200];
}

/** What is not there is gone too. */
function remove(objects: Map<string, Buffer>, path: string): Outcome {
  objects.delete(path);
  return [204];
}

function put(objects: Map<string, Buffer>, request: IncomingMessage, body: Buffer): Outcome {
  const path = request.url?.split('?')[0] ?? '';
  if (request.headers['if-none-match'] !== '*') return [400, 'InvalidRequest'];
  if (request.headers['x-amz-checksum-sha256'] !== digestOf(body)) return [400, 'BadDigest'];
  if (objects.has(path)) return [412, 'PreconditionFailed'];
  objects.set(path, body);
  return [200];
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"). */
function isSigned({ method = '', url = '', headers }: IncomingMessage): boolean {
  const parts = /Credential=([^/]+)\/(\d+\/[^/]+\/s3\/aws4_request), SignedHeaders=([^,]+), Signature=(\w+)/.exec(
    headers.authorization ?? '',
  );
  if (parts?.[1] !== S3_KEY.id) return false;
  const [, , scope = '', names = '', signature] = parts;
  const [path = '', query = ''] = url.split('?');
  const signed = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, path, query, signed.join(''), names, String(headers['x-amz-content-sha256'])].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, hash].join('\n');
  const key = scope
    .split('/')
    .reduce<Buffer | string>((by, part) => createHmac('sha256', by).update(part).digest(), `AWS4${S3_KEY.secret}`);
  return createHmac('sha256', key).update(text).digest('hex') === signature;
}
