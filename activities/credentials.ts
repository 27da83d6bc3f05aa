import { ApplicationFailure, asyncLocalStorage } from '@temporalio/activity';
import type { System } from '../src/domain';

/** What a process remembers of a credential that its system refused: asked by everybody at once, some lock the account. */
export interface CredentialMemory {
  /**
   * Before a call with this credential. @throws the failure that `learn` was given last, without a call, where the same
   * one was asked five times within a minute of its refusal. Another one (rotated) is tried at once.
   */
  readonly require: (credential: string) => void;
  /** After an answer: the refusal of the credential itself (401; SMTP 535), or undefined for any other answer. */
  readonly learn: (credential: string, refusal: ApplicationFailure | undefined) => void;
}

const WINDOW_MS = 60_000;

/** Who mends the account, the credential left as it is, sends `retryStep` at once, and is to be asked for. */
const MOST_REFUSALS = 5;

interface Refused {
  readonly credential: string;
  readonly failure: ApplicationFailure;
  readonly since: number;
  /** Since then. Counted before the answer, so that those who ask together do not all get through. */
  readonly asked: number;
  readonly refusals: number;
}

/** A 403 is not remembered: it may be about one person or one group alone. */
export function createCredentialMemory(system: System, now: () => number = Date.now): CredentialMemory {
  let refused: Refused | undefined;
  return {
    require: (credential) => {
      if (refused?.credential !== credential) return;
      if (now() >= refused.since + WINDOW_MS) refused = { ...refused, since: now(), asked: 0, refusals: 0 };
      if (Math.max(refused.asked, refused.refusals) >= MOST_REFUSALS) throw again(refused.failure);
      refused = { ...refused, asked: refused.asked + 1 };
    },
    learn: (credential, failure) => {
      const known = refused?.credential === credential ? refused : undefined;
      if (failure === undefined) {
        if (known !== undefined) refused = undefined;
        return;
      }
      const { since, asked, refusals } = known ?? { since: now(), asked: 1, refusals: 0 };
      refused = { credential, failure, since, asked, refusals: refusals + 1 };
      const { status } = (failure.details?.[0] ?? {}) as { status?: unknown };
      asyncLocalStorage.getStore()?.log.error(`${system} refused our credentials`, { system, status });
    },
  };
}

/** A failure of its own for each activity: a stack, and what is added on the way, is of one. */
function again({ type, message, details }: ApplicationFailure): ApplicationFailure {
  return ApplicationFailure.create({
    ...(typeof type === 'string' && { type }),
    message,
    details: details ?? [],
    nonRetryable: true,
  });
}
