import { asyncLocalStorage } from '@temporalio/activity';
import type { System } from '../src/domain/policy';
import { credentialsRefused } from './failure';

/** What a process remembers of a credential that its system refused: asked by everybody at once, some lock the account. */
export interface CredentialMemory {
  /**
   * Before a call with this credential. @throws `<system>.rejected`, without a call, where the same one was refused less
   * than a minute ago. Another one (rotated) is tried at once.
   */
  readonly require: (credential: string) => void;
  /** After an answer: the status of a refusal of the credential itself (401; SMTP 535), or undefined for any other. */
  readonly learn: (credential: string, refusal: number | undefined) => void;
}

const REMEMBERED_MS = 60_000;

/** A 403 is not remembered: it may be about one person or one group alone. */
export function createCredentialMemory(system: System, now: () => number = Date.now): CredentialMemory {
  let refused: { readonly credential: string; readonly status: number; readonly until: number } | undefined;
  return {
    require: (credential) => {
      if (refused?.credential !== credential) return;
      if (now() < refused.until) throw credentialsRefused(system, refused.status, { status: refused.status });
      // One call finds out for all; what it learns decides.
      refused = { ...refused, until: now() + REMEMBERED_MS };
    },
    learn: (credential, refusal) => {
      if (refusal === undefined) {
        if (refused?.credential === credential) refused = undefined;
        return;
      }
      refused = { credential, status: refusal, until: now() + REMEMBERED_MS };
      asyncLocalStorage.getStore()?.log.error(`${system} refused our credentials`, { system, status: refusal });
    },
  };
}
