import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Names that no page of the public web can have: single labels (a container's, a service's), and those set aside for
 * private networks (RFC 6761, RFC 6762, ICANN's `.internal`) and for clusters.
 */
const PRIVATE_NAME = /^[a-z0-9_-]+$|\.(localhost|local|internal|svc|lan|home\.arpa)$/i;

/**
 * What a web page elsewhere could make a browser send here: a public name that was made to resolve to a private address
 * (DNS rebinding) shows in `Host`, a request across origins in `Origin`.
 * @returns one sentence that says what is wrong; undefined when nothing is.
 */
export function faultOfOrigin({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (!isPrivate(host ?? '')) return 'Host is to be an IP address, or a name of a private network.';
  if (origin !== undefined && origin !== `http://${String(host)}` && origin !== `https://${String(host)}`)
    return 'Origin is to be this server.';
  return undefined;
}

function isPrivate(host: string): boolean {
  const name = /^(\[[0-9a-f.:]+\]|[^:]+)(:\d{1,5})?$/i.exec(host)?.[1];
  if (name === undefined) return false;
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || PRIVATE_NAME.test(name);
}
