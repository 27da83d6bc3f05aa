import type { Request, RequestHandler } from 'express';
import { sendProblem } from '../../http';
import { identityOf } from './identity';

const READS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses a change that a page elsewhere could have made a browser send. `Origin`, where there is one, was checked before. A
 * browser that adds the credential by itself has to say whence the change comes.
 */
export const guardChange: RequestHandler = (request, response, next) => {
  const fault = READS.includes(request.method) ? undefined : faultOfSite(request, identityOf(response).isAmbient);
  if (fault === undefined) next();
  else sendProblem(request, response, { status: 403, detail: fault });
};

/** @param isAmbient the browser added the credential by itself. */
export function faultOfSite({ headers }: Request, isAmbient: boolean): string | undefined {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'Only a page of this server may send this.';
  if (isAmbient && site !== 'same-origin' && headers.origin === undefined)
    return 'With a cookie, a change needs the header Origin or Sec-Fetch-Site, as browsers send it.';
  return undefined;
}
