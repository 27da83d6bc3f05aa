import type { RequestHandler } from 'express';
import { faultOfOrigin } from './access';
import { isBodyPending, sendProblem } from './problem';

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * First of all that a private server does: refuse what a page elsewhere made a browser send, by 403.
 * @param ownUrl where people reach the server, if that is a public name.
 */
export function guardOrigin(ownUrl?: string): RequestHandler {
  const own = ownUrl === undefined ? undefined : new URL(ownUrl);
  return (request, response, next) => {
    response.set(HEADERS);
    // Otherwise a body that nobody has read would be read as the next request.
    if (isBodyPending(request)) response.set('connection', 'close');
    const fault = faultOfOrigin(request.headers, own);
    if (fault === undefined) next();
    else sendProblem(request, response, { status: 403, detail: fault });
  };
}
