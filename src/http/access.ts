import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { OpsToken } from '../settings';

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1); undefined when there is none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/**
 * The credential that has this token. All are compared, by digests of one length, so that the time of it says nothing
 * about any token. Two credentials may have one name while a token is being replaced.
 */
export function credentialOf(bearer: string | undefined, tokens: readonly OpsToken[]): OpsToken | undefined {
  if (bearer === undefined) return undefined;
  // Node reads header bytes as latin1; the settings are UTF-8.
  const digest = digestOf(Buffer.from(bearer, 'latin1'));
  return tokens.filter(({ token }) => timingSafeEqual(digest, digestOf(Buffer.from(token))))[0];
}

function digestOf(token: Buffer): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Names that no page of the public web can have: single labels (a container's, a service's), and those set aside for
 * private networks (RFC 6761, RFC 6762, ICANN's `.internal`) and for clusters.
 */
const PRIVATE_NAME = /^[a-z0-9_-]+$|\.(localhost|local|internal|svc|lan|home\.arpa)$/i;

/**
 * Detects what a web page elsewhere could make a browser send here: a public name that was made to resolve to a private
 * address (DNS rebinding) shows in `Host`, a request across origins in `Origin`.
 * @param own where people reach this server, if that is a public name.
 * @returns one sentence that says what is wrong; undefined when nothing is.
 */
export function faultOfOrigin({ host = '', origin }: IncomingHttpHeaders, own?: URL): string | undefined {
  if (host !== own?.host && !isPrivate(host)) return 'Host must be an IP address, or a name of a private network.';
  if (origin !== undefined && ![`http://${host}`, `https://${host}`, own?.origin].includes(origin))
    return 'Origin must be this server.';
  return undefined;
}

function isPrivate(host: string): boolean {
  const name = /^(\[[0-9a-f.:]+\]|[^:]+)(:\d{1,5})?$/i.exec(host)?.[1];
  if (name === undefined) return false;
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || PRIVATE_NAME.test(name);
}
