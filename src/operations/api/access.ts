import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { bearerOf, credentialOf, NO_CREDENTIAL, sendProblem } from '../../http';
import type { OpsToken } from '../../settings';
import type { CappedLog } from '../../telemetry';
import type { Identity } from './identity';
import type { FailureLimit } from './limits';
import { LOGIN_PAGE, LOGIN_POLICY } from './login-page';
import type { Sessions } from './sessions';

export interface AccessOptions {
  /** Called at each request, so that they can change. */
  readonly tokens: () => readonly OpsToken[];
  readonly sessions: Sessions;
  readonly failures: FailureLimit;
  /** The header in which a proxy names the user; only where a proxy is in front. */
  readonly userHeader: string | undefined;
  readonly log: CappedLog;
}

export interface Access {
  /** Refuses whoever has no credential; a browser that opens a page gets the page to log in instead. */
  readonly guard: RequestHandler;
  /** The same question without counting as use. */
  readonly isStillAllowed: (request: IncomingMessage) => boolean;
}

export function createAccess(options: AccessOptions): Access {
  const { failures, log } = options;
  const guard: RequestHandler = async (request, response, next) => {
    const bearer = bearerOf(request.headers.authorization);
    // Before the token is looked at: else an answer would still say whether it is right.
    if (bearer !== undefined && (await failures.refuses(request, response))) return;
    const identity = identify(options, request, 'touch');
    if (identity !== undefined) {
      Object.assign(response.locals, { identity });
      next();
      return;
    }
    if (bearer !== undefined) {
      failures.count(request);
      log.write('warn', 'wrong-token', { address: request.ip }, 'a token that is not one of OPS_TOKENS');
    }
    refuse(request, response);
  };
  return { guard, isStillAllowed: (request) => identify(options, request, 'look') !== undefined };
}

/** A token says more than a cookie: who sends both means the token. */
function identify(
  { tokens, sessions, userHeader }: AccessOptions,
  request: IncomingMessage,
  use: 'touch' | 'look',
): Identity | undefined {
  const bearer = bearerOf(request.headers.authorization);
  const session = bearer === undefined ? sessionIdOf(request) : undefined;
  const credential = session === undefined ? credentialOf(bearer, tokens()) : sessions.find(session, use);
  if (credential === undefined) return undefined;
  const user = userHeader === undefined ? undefined : userOf(request, userHeader);
  const by = user === undefined ? credential.name : `${user} via ${credential.name}`;
  return {
    caller: { by, role: credential.role },
    credential: credential.name,
    isAmbient: session !== undefined || user !== undefined,
  };
}

const MAX_USER_LENGTH = 200;

/** Node reads header bytes as latin1; proxies write UTF-8. */
function userOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  if (typeof value !== 'string') return undefined;
  const user = Buffer.from(value, 'latin1').toString().replace(/\p{C}/gu, '').trim().slice(0, MAX_USER_LENGTH);
  return user === '' ? undefined : user;
}

/** Browsers send a cookie to all ports of a host: two servers on one machine have two names. */
export function cookieNameOf({ socket }: IncomingMessage): string {
  return `mindtickle_session_${String(socket.localPort)}`;
}

export function sessionIdOf(request: IncomingMessage): string | undefined {
  const beginning = `${cookieNameOf(request)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(beginning))?.slice(beginning.length);
}

function refuse(request: Request, response: Response): void {
  const isForPeople = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
  if (!isForPeople || request.path.startsWith('/api/')) sendProblem(request, response, NO_CREDENTIAL);
  else
    response
      .status(401)
      .set({ 'content-security-policy': LOGIN_POLICY, 'content-type': 'text/html; charset=utf-8' })
      .end(LOGIN_PAGE);
}
