import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, MemoryStore, rateLimit, type Options } from 'express-rate-limit';
import { MINUTE, SECOND } from '../../domain';
import { sendProblem, type HttpProblem } from '../../http';
import { identityOf } from './identity';

export interface FailureLimit {
  readonly count: (request: Request) => void;
  /** Whether the address has failed too often; then the answer is sent. */
  readonly refuses: (request: Request, response: Response) => Promise<boolean>;
}

const common = {
  windowMs: MINUTE,
  standardHeaders: false,
  legacyHeaders: false,
  // What it would warn of is decided by TRUST_PROXY.
  validate: false,
} as const;

const addressOf = ({ ip = 'unknown' }: Request): string => ipKeyGenerator(ip);

/** Wrong tokens of one address, in a minute. Whoever has a session is not kept out. */
export function limitFailures(perMinute: number): FailureLimit {
  const counts = new MemoryStore();
  counts.init({ windowMs: MINUTE } as Options);
  const refuses = async (request: Request, response: Response): Promise<boolean> => {
    const found = await counts.get(addressOf(request));
    if (found === undefined || found.totalHits < perMinute) return false;
    sendProblem(request, response, tooMany('Too many wrong tokens came from this address.', found.resetTime));
    return true;
  };
  return { count: (request) => void counts.increment(addressOf(request)), refuses };
}

/** Changes of one caller, in a minute. */
export function limitChanges(perMinute: number): RequestHandler {
  return rateLimit({
    ...common,
    limit: perMinute,
    keyGenerator: (_request, response) => identityOf(response).caller.by,
    handler: (request, response) => {
      const { resetTime } = (request as unknown as { rateLimit: { resetTime?: Date } }).rateLimit;
      sendProblem(request, response, tooMany('Too many changes in a minute.', resetTime));
    },
  });
}

function tooMany(detail: string, resetAt: Date | undefined): HttpProblem {
  const waitMs = (resetAt?.getTime() ?? 0) - new Date().getTime();
  return { status: 429, detail, headers: { 'retry-after': Math.max(1, Math.ceil(waitMs / SECOND)) } };
}
