import type { Response } from 'express';
import type { Caller } from '../operation';

/** Who asks, and by what. */
export interface Identity {
  readonly caller: Caller;
  /** The credential's name: what the log may have. */
  readonly credential: string;
  /** The browser, or the proxy, added it by itself: a page elsewhere could make it do so. */
  readonly isAmbient: boolean;
}

/** Whom the guard has let through. */
export function identityOf(response: Response): Identity {
  return (response.locals as { identity: Identity }).identity;
}
