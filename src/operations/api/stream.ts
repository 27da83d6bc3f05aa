import type { Request, RequestHandler, Response } from 'express';
import { SECOND } from '../../domain';
import { sendProblem } from '../../http';
import type { Change, Changes } from '../changes';

export interface StreamOptions {
  readonly changes: Changes;
  /** Asked at each heartbeat: a viewer whose session or token has ended is cut off. */
  readonly isStillAllowed: (request: Request) => boolean;
  readonly maxViewers?: number;
  readonly heartbeatMs?: number;
}

export interface Stream {
  readonly handler: RequestHandler;
  readonly viewers: () => number;
  /** Ends all of them. */
  readonly close: () => void;
}

interface Viewer {
  readonly request: Request;
  readonly response: Response;
}

/** What a viewer that does not read may leave in our memory. An event has a hundred bytes. */
const MAX_UNREAD_BYTES = 65_536;
const RETRY_MS = 3 * SECOND;

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would keep the events back.
  'x-accel-buffering': 'no',
};

/**
 * Server-sent events (HTML Standard §9.2): what changed, not how. Each viewer is sent the same bytes. The package `better-sse` has types
 * that a CommonJS module cannot import, and no bound for a viewer that does not read.
 */
export function createStream(options: StreamOptions): Stream {
  const { changes, isStillAllowed, maxViewers = 250, heartbeatMs = 15 * SECOND } = options;
  const viewers = new Set<Viewer>();
  let stop: (() => void) | undefined;

  const sendAll = (text: string): void => {
    for (const { response } of viewers)
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else if (!response.writableEnded) response.write(text);
  };
  const heartbeat = (): void => {
    for (const { request, response } of viewers) if (!isStillAllowed(request)) response.end();
    sendAll(':\n\n');
  };
  const start = (): (() => void) => {
    const unsubscribe = changes.subscribe((change) => sendAll(render(change)));
    const timer = setInterval(heartbeat, heartbeatMs).unref();
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  };
  const leave = (viewer: Viewer): void => {
    viewers.delete(viewer);
    if (viewers.size > 0) return;
    stop?.();
    stop = undefined;
  };
  const handler: RequestHandler = (request, response) => {
    if (viewers.size >= maxViewers) {
      const headers = { 'retry-after': 60 };
      sendProblem(request, response, { status: 503, detail: 'Too many viewers are connected.', headers });
      return;
    }
    response.status(200).set(HEADERS);
    if (request.method === 'HEAD') return void response.end();
    const viewer = { request, response };
    viewers.add(viewer);
    stop ??= start();
    response.once('close', () => leave(viewer));
    response.write(`retry: ${RETRY_MS}\n\n${render(firstFor(request, changes))}`);
  };
  const close = (): void => {
    for (const { response } of viewers) response.end();
  };
  return { handler, viewers: () => viewers.size, close };
}

/** A new viewer gets an empty change, so that it has an id to come back with. */
function firstFor({ headers }: Request, changes: Changes): Change {
  const nothing = { id: changes.last(), topics: [] };
  const known = headers['last-event-id'];
  if (known === undefined) return nothing;
  return changes.since(/^\d{1,16}$/.test(String(known)) ? Number(known) : 0) ?? nothing;
}

function render({ id, topics }: Change): string {
  return `event: change\nid: ${id}\ndata: ${JSON.stringify({ topics })}\n\n`;
}
