import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { Refusal, requireAuthorization } from '../protocol';
import type { SystemContext } from '../system';

/** Access tokens that expire: Keycloak's do after a minute. */
export interface IssuedTokens {
  readonly issue: () => { readonly token: string; readonly seconds: number };
  readonly isValid: (authorization: string | undefined) => boolean;
}

const SECONDS = 60;

export function issuedTokens(now: () => Date): IssuedTokens {
  const until = new Map<string, number>();
  return {
    issue: () => {
      const token = randomUUID();
      until.set(`Bearer ${token}`, now().getTime() + SECONDS * 1000);
      return { token, seconds: SECONDS };
    },
    isValid: (authorization = '') => (until.get(authorization) ?? 0) > now().getTime(),
  };
}

/** The token of the settings, or one that was issued. */
export function requireToken({ token }: SystemContext, tokens: IssuedTokens): RequestHandler {
  const unauthorized = new Refusal(401, 'unauthorized', 'The bearer token is missing or wrong');
  const requireStatic = requireAuthorization(`Bearer ${token}`, unauthorized, 'Bearer');
  return (request, response, next) => {
    if (tokens.isValid(request.headers.authorization)) next();
    else requireStatic(request, response, next);
  };
}
