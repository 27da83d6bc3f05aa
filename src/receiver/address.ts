import { isIP } from 'node:net';

/** As some proxies write it, with brackets or a port or both. */
const ADORNED = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::\d+)?$/i;

/**
 * An address in its bare form; undefined for anything else. Where no proxy writes `X-Forwarded-For`, its value is any
 * text of a stranger's, and must reach no log.
 */
export function bareAddress(text: string | undefined): string | undefined {
  // A zone is free text, and names an interface of ours.
  const [address = ''] = text?.split('%') ?? [];
  const [, six, four] = ADORNED.exec(address) ?? [];
  const bare = six ?? four ?? address;
  // How a socket that listens for both families names an IPv4 client.
  return isIP(bare) > 0 ? bare.replace(/^::ffff:(?=\d+\.)/i, '') : undefined;
}
