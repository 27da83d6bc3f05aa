/** The codec endpoint of Temporal Web UI and the Temporal CLI: it reads for them what we have encrypted. */
import type { Payload, PayloadCodec } from '@temporalio/common';
import express, { Router, type ErrorRequestHandler, type RequestHandler } from 'express';
import { z } from 'zod';
import { faultOfOrigin, sendProblem } from '../../http';

export interface CodecOptions {
  readonly codec: PayloadCodec;
  /** Of Temporal Web UI: the one page elsewhere whose script may ask. Absent: none may. */
  readonly allowedOrigin?: string | undefined;
  /** Where people reach this server, if that is a public name. */
  readonly ownUrl?: string | undefined;
  /** Refuses whoever has no credential. */
  readonly guard: RequestHandler;
}

const PATHS = ['/codec/encode', '/codec/decode'];

/** A page of a history is at most 4 MB on Temporal's own wire; here it is base64, with the names of its fields. */
const MAX_BODY = '16mb';
const MAX_PAYLOADS = 10_000;

/**
 * `POST /codec/encode` and `/codec/decode`, `{ payloads: [{ metadata: { name: base64 }, data: base64 }] }`. Mounted before
 * whatever refuses requests of other origins: it checks them itself, and answers a browser's preflight, which has no credential.
 */
export function createCodecRouter({ codec, allowedOrigin, ownUrl, guard }: CodecOptions): Router {
  const router = Router();
  router.use(PATHS, onlyFrom(allowedOrigin, ownUrl));
  router.options(PATHS, (_request, response) => void response.sendStatus(204));
  const parse = [guard, express.json({ limit: MAX_BODY })];
  router.post(
    '/codec/encode',
    parse,
    answering((payloads) => codec.encode(payloads)),
  );
  router.post(
    '/codec/decode',
    parse,
    answering((payloads) => codec.decode(payloads)),
  );
  router.use(PATHS, sayUnreadable);
  return router;
}

/** `X-Namespace` is of the Web UI; a credential is the header or the session's cookie. */
const ALLOWED = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, x-namespace',
  'access-control-allow-credentials': 'true',
  'access-control-max-age': '600',
};

const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

function onlyFrom(allowedOrigin: string | undefined, ownUrl: string | undefined): RequestHandler {
  const own = ownUrl === undefined ? undefined : new URL(ownUrl);
  const allowed = allowedOrigin === undefined ? undefined : new URL(allowedOrigin).origin;
  return (request, response, next) => {
    response.set(HEADERS).vary('origin');
    const { origin, host } = request.headers;
    const isAllowed = origin !== undefined && origin === allowed;
    if (isAllowed) response.set({ 'access-control-allow-origin': origin, ...ALLOWED });
    // A name that leads here by somebody else's DNS is no name of ours, whatever the origin.
    const fault = faultOfOrigin({ ...(host !== undefined && { host }), ...(!isAllowed && { origin }) }, own);
    if (fault === undefined) next();
    else sendProblem(request, response, { status: 403, detail: fault });
  };
}

const body = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.base64()).optional(), data: z.base64().optional() }))
    .max(MAX_PAYLOADS),
});

type Written = z.infer<typeof body>['payloads'][number];

function answering(run: PayloadCodec['encode']): RequestHandler {
  return async (request, response) => {
    const read = body.safeParse(request.body);
    if (!read.success) {
      const detail = 'Send { "payloads": [{ "metadata": { name: base64 }, "data": base64 }] } as application/json.';
      sendProblem(request, response, { status: 400, detail });
      return;
    }
    try {
      const payloads = await run(read.data.payloads.map(payloadOf));
      response.json({ payloads: payloads.map(writtenOf) });
    } catch (error) {
      // Ours: which key is missing. Never a part of a payload.
      sendProblem(request, response, { status: 400, detail: (error as Error).message });
    }
  };
}

function payloadOf({ metadata = {}, data = '' }: Written): Payload {
  const fields = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(fields) as Record<string, Buffer>, data: Buffer.from(data, 'base64') };
}

function writtenOf({ metadata, data }: Payload): Written {
  const fields = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(fields) as Record<string, string>, data: base64(data) };
}

function base64(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64');
}

/** The JSON parser's own errors quote the body. */
const sayUnreadable: ErrorRequestHandler = (error: { readonly status?: unknown }, request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const isTooLarge = error.status === 413;
  const detail = isTooLarge ? `The body is longer than ${MAX_BODY}.` : 'The body is not JSON.';
  sendProblem(request, response, { status: isTooLarge ? 413 : 400, detail });
};
