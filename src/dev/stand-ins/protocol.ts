import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import { latencyOf, type Fault } from './faults';
import type { SystemContext } from './context';

/** A refusal of one call; thrown by routes, or made here of a fault. */
export class Refusal extends Error {
  override readonly name = 'Refusal' as const;
  readonly status: number;
  /** The protocol's own word for it; else one of ours: the fault switch, a path or body that is wrong, a bug. */
  readonly code: string;
  /** The fields that it is about. */
  readonly fields: readonly string[];

  constructor(status: number, code: string, detail: string, fields: readonly string[] = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** One HTTP protocol of a system. */
export interface Protocol {
  /** Under `/<system>`. */
  readonly path: string;
  /** How it reads bodies; absent: as JSON. */
  readonly parsers?: readonly RequestHandler[];
  /** What they throw and is no Refusal is a bug of ours. */
  readonly routes: RequestHandler;
  /** Answer with an error in the protocol's own words. */
  readonly refuse: (response: Response, refusal: Refusal) => void;
}

type Context = Pick<SystemContext, 'name' | 'log' | 'fault' | 'wait' | 'record'>;

/** A system's protocols, with each call recorded and its fault switch in force. */
export function serve(protocols: readonly Protocol[], context: Context): express.Router {
  const router = express.Router();
  router.use(meetFault(context));
  const json = express.json({ type: ['application/json', 'application/scim+json'], limit: '1mb' });
  for (const { path, parsers = [json], routes, refuse } of protocols) {
    const unknownPath: RequestHandler = ({ originalUrl }, response) =>
      refuse(response, new Refusal(404, 'unknown-path', `There is nothing at ${originalUrl}`));
    // The body is read before any waiting: a caller who gives up on a slow system does not undo what it goes on to do.
    router.use(path, ...parsers, actOnFault(refuse, context), routes, unknownPath, failures(refuse, context));
  }
  return router;
}

function meetFault({ fault: faultSwitch, record }: Context): RequestHandler {
  return (request, response, next) => {
    const fault = faultSwitch.take();
    const { method, originalUrl: path } = request;
    if (fault.mode === 'down') {
      record({ method, path, status: 0 });
      request.socket.destroy();
      return;
    }
    response.locals['fault'] = fault;
    // Once the answer is ready and nothing of it has left: it leaves unless it is to be lost.
    const end = response.end.bind(response) as (...args: readonly unknown[]) => Response;
    response.end = (...args: readonly unknown[]) => {
      record({ method, path, status: response.statusCode });
      if (fault.mode !== 'lost-response') return end(...args);
      request.socket.destroy();
      return response;
    };
    next();
  };
}

function actOnFault(refuse: Protocol['refuse'], { wait }: Context): RequestHandler {
  return async (request, response, next) => {
    const fault = response.locals['fault'] as Fault;
    try {
      if (latencyOf(fault) > 0) await wait(latencyOf(fault));
    } catch {
      request.socket.destroy();
      return;
    }
    if (fault.mode === 'error') {
      refuse(response, new Refusal(fault.status ?? 500, 'fault', 'The fault switch is on.'));
    } else if (fault.mode === 'rate-limit') {
      response.set('Retry-After', String(fault.retryAfterSeconds ?? 1));
      refuse(response, new Refusal(429, 'fault', 'Too many requests: the fault switch is on.'));
    } else {
      next();
    }
  };
}

function failures(refuse: Protocol['refuse'], { name, log }: Context): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status = 500, message } = error;
    if (status >= 500) log.error({ err: error, system: name }, 'the stand-in failed');
    const isOurs = error instanceof Refusal;
    refuse(response, isOurs ? error : new Refusal(status, status >= 500 ? 'failed' : 'unreadable', message));
  };
}

/** Lets through what has this `Authorization` header; answers all else with `refusal`, and `challenge` where there is one. */
export function requireAuthorization(wanted: string, refusal: Refusal, challenge?: string): RequestHandler {
  return ({ headers }, response, next) => {
    if (isSecret(headers.authorization, wanted)) {
      next();
      return;
    }
    if (challenge !== undefined) response.set('WWW-Authenticate', challenge);
    next(refusal);
  };
}

/** Compares in constant time. */
export function isSecret(given: unknown, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(secret));
}
