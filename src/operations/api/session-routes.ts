import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { credentialOf, sendProblem } from '../../http';
import type { OpsToken } from '../../settings';
import type { CappedLog } from '../../telemetry';
import { cookieNameOf, sessionIdOf } from './access';
import type { FailureLimit } from './limits';
import { readInput } from './read-input';
import { sendFaults } from './reply';
import type { Sessions } from './sessions';

export const sessionInput = z.object({ token: z.string().min(1).max(1000).describe('One of OPS_TOKENS.') });

export interface SessionRoutesOptions {
  readonly tokens: () => readonly OpsToken[];
  readonly sessions: Sessions;
  readonly failures: FailureLimit;
  readonly log: CappedLog;
}

/** `POST /api/session`: exchanges a token for a cookie. The body is read already. */
export function beginSession({ tokens, sessions, failures, log }: SessionRoutesOptions): RequestHandler {
  return async (request, response) => {
    if (await failures.refuses(request, response)) return;
    const read = readInput(
      { method: 'POST', input: sessionInput },
      { params: {}, query: new URLSearchParams(), body: request.body },
    );
    if ('faults' in read) {
      sendFaults(request, response, read.faults);
      return;
    }
    // Compared as bytes of a header, whence tokens come otherwise.
    const token = Buffer.from((read.input as z.output<typeof sessionInput>).token).toString('latin1');
    const credential = credentialOf(token, tokens());
    if (credential === undefined) {
      failures.count(request);
      log.write('warn', 'wrong-token', { address: request.ip }, 'a token that is not one of OPS_TOKENS');
      sendProblem(request, response, { status: 401, detail: 'This token is not one of OPS_TOKENS.' });
      return;
    }
    log.write('info', 'session', { by: credential.name }, 'a session has begun');
    response
      .status(204)
      .set('set-cookie', cookie(request, sessions.begin(credential)))
      .end();
  };
}

/** `DELETE /api/session`. */
export function endSession({ sessions }: Pick<SessionRoutesOptions, 'sessions'>): RequestHandler {
  return (request, response: Response) => {
    const id = sessionIdOf(request);
    if (id !== undefined) sessions.end(id);
    response
      .status(204)
      .set('set-cookie', `${cookie(request, '')}; Max-Age=0`)
      .end();
  };
}

/** It goes with the browser's window; how long it is good for is the server's matter. */
function cookie(request: Request, value: string): string {
  return `${cookieNameOf(request)}=${value}; Path=/; HttpOnly; SameSite=Strict${request.secure ? '; Secure' : ''}`;
}
