import express, { type RequestHandler, type Response } from 'express';
import { latencyOf, type Fault } from './faults';
import type { World } from './stand-in';

interface HttpCalls {
  readonly system: string;
  /** What bodies the system reads as JSON. */
  readonly contentTypes: readonly string[];
  /** How it reads bodies, where not as that. */
  readonly parsers?: readonly RequestHandler[];
  /** Answer with an error in the system's own words. */
  readonly refuse: (response: Response, status: number, detail: string) => void;
}

/**
 * What stands before an HTTP system: records each call and lets its fault switch act. The body is read before any
 * waiting, so that a caller who gives up on a slow system does not undo what the system goes on to do.
 */
export function httpCalls(
  { system, contentTypes, parsers = [express.json({ type: [...contentTypes], limit: '1mb' })], refuse }: HttpCalls,
  { store, faults, wait }: Pick<World, 'store' | 'faults' | 'wait'>,
): RequestHandler[] {
  const taken = new WeakMap<Response, Fault>();

  const meet: RequestHandler = (request, response, next) => {
    const fault = faults.take(system);
    const record = (status: number): void =>
      store.record({ system, method: request.method, path: request.originalUrl, status });
    if (fault.mode === 'down') {
      record(0);
      request.socket.destroy();
      return;
    }
    taken.set(response, fault);
    beforeAnswer(response, () => {
      record(response.statusCode);
      if (fault.mode !== 'lost-response') return true;
      request.socket.destroy();
      return false;
    });
    next();
  };

  const act: RequestHandler = async (request, response, next) => {
    const fault = taken.get(response) ?? { mode: 'ok' };
    try {
      if (latencyOf(fault) > 0) await wait(latencyOf(fault));
    } catch {
      request.socket.destroy();
      return;
    }
    if (fault.mode === 'error') {
      refuse(response, fault.status ?? 500, 'The fault switch is on.');
    } else if (fault.mode === 'rate-limit') {
      response.set('Retry-After', String(fault.retryAfterSeconds ?? 1));
      refuse(response, 429, 'Too many requests: the fault switch is on.');
    } else {
      next();
    }
  };

  return [meet, ...parsers, act];
}

/** Calls `act` once the answer is ready and nothing of it has left; it leaves only if `act` says so. */
function beforeAnswer(response: Response, act: () => boolean): void {
  const end = response.end.bind(response) as (...args: readonly unknown[]) => Response;
  response.end = (...args: readonly unknown[]) => (act() ? end(...args) : response);
}
