import { createHash, timingSafeEqual } from 'node:crypto';
import type { OpsToken } from '../../settings';

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1); undefined when there is none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/**
 * Whose token this is. All are compared, by digests of one length, so that the time it takes says nothing about any.
 * Two credentials may have one name, while a token is being replaced.
 */
export function whoHas(given: string | undefined, tokens: readonly OpsToken[]): OpsToken | undefined {
  if (given === undefined) return undefined;
  // Node reads header bytes as latin1; the settings are UTF-8.
  const digest = digestOf(Buffer.from(given, 'latin1'));
  return tokens.filter(({ token }) => timingSafeEqual(digest, digestOf(Buffer.from(token))))[0];
}

function digestOf(token: Buffer): Buffer {
  return createHash('sha256').update(token).digest();
}
