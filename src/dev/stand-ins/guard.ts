import type { RequestHandler } from 'express';
import { sendProblem } from './problem';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses with 403 what a web page elsewhere could make a browser send here: a name of its own that resolves to
 * loopback (DNS rebinding) shows in `Host`, a request across origins in `Origin`.
 */
export const guard: RequestHandler = (request, response, next) => {
  const { host = '', origin } = request.headers;
  if (!LOOPBACK.test(host)) {
    sendProblem(response, 403, 'Host is to be localhost, 127.0.0.1 or [::1]');
  } else if (changes(request.method) && origin !== undefined && origin !== `http://${host}`) {
    sendProblem(response, 403, 'Origin is to be this page');
  } else {
    next();
  }
};

function changes(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
