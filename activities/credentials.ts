import { ApplicationFailure, asyncLocalStorage } from '@temporalio/activity';
import type { System } from '../src/domain';

/** A process remembers a credential that its system refused: some systems lock the account when all steps try it. */
export interface CredentialMemory {
  /**
   * Before a call with this credential. @throws the failure that `learn` got last, without a call, when the credential was
   * tried five times within a minute of its refusal. Another (rotated) credential is tried at once.
   */
  readonly require: (credential: string) => void;
  /** After an answer: the refusal of the credential itself (401; SMTP 535), or undefined for any other answer. */
  readonly learn: (credential: string, refusal: ApplicationFailure | undefined) => void;
}

const WINDOW_MS = 60_000;

/** More than one: an operator who fixes the account and keeps the credential sends `retryStep` at once. */
const MAX_REFUSALS = 5;

interface Refused {
  readonly credential: string;
  readonly failure: ApplicationFailure;
  readonly since: number;
  /** Tries since then. Counted before the answer, so that steps that run together do not all get through. */
  readonly tries: number;
  readonly refusals: number;
}

/** A 403 is not remembered: it may be about one person or one group alone. */
export function createCredentialMemory(system: System, now: () => number = () => performance.now()): CredentialMemory {
  let refused: Refused | undefined;
  return {
    require: (credential) => {
      if (refused?.credential !== credential) return;
      if (now() >= refused.since + WINDOW_MS) refused = { ...refused, since: now(), tries: 0, refusals: 0 };
      if (Math.max(refused.tries, refused.refusals) >= MAX_REFUSALS) throw again(refused.failure);
      refused = { ...refused, tries: refused.tries + 1 };
    },
    learn: (credential, failure) => {
      const known = refused?.credential === credential ? refused : undefined;
      if (failure === undefined) {
        if (known !== undefined) refused = undefined;
        return;
      }
      const { since, tries, refusals } = known ?? { since: now(), tries: 1, refusals: 0 };
      refused = { credential, failure, since, tries, refusals: refusals + 1 };
      const { status } = (failure.details?.[0] ?? {}) as { status?: unknown };
      asyncLocalStorage.getStore()?.log.error(`${system} refused our credentials`, { system, status });
    },
  };
}

/** Each activity throws its own failure: the SDK adds to the one that it gets. */
function again({ type, message, details }: ApplicationFailure): ApplicationFailure {
  return ApplicationFailure.create({
    ...(typeof type === 'string' && { type }),
    message,
    details: details ?? [],
    nonRetryable: true,
  });
}
