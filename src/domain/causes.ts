/** Who or what a case waits for: the search attribute `MindtickleNeeds`, absent while it works. */
export type Needs = 'person' | 'time' | 'system';

/** Why a case needs a person, by a key that never changes, with the sentence that says so. */
const CAUSES = {
  leaverReason: 'the reason given is not one of a leaver',
  protected: 'the policy protects this user',
  limitPerHour: 'over the limit of leavers an hour',
  rehireUnconfirmed: 'left, or hired again?',
  notFound: 'no system knows this person',
  accountConflict: 'the keys of this person lead to different accounts',
  sharedAccount: 'another active learner has the same account',
  noAddress: 'no address is known of the learner',
  notActive: 'the learner was not active when the step ran, and is now',
  waitsForCoaching: 'the learner is to be coached, or to take the quiz again',
  quarantined: 'the delivery cannot be read',
  conflict: 'the event id came before with other bytes',
} as const;

/** What a system did, by its name: `identity.credentialsRefused`. */
const OF_A_SYSTEM = {
  credentialsRefused: 'refused our credentials',
  rejected: 'rejected the call',
  unavailable: 'did not answer',
  failed: 'could not be used: a defect in our code',
} as const;

/** A cause that is ours, rather than a system's. */
export type OwnCause = keyof typeof CAUSES;

/** The search attribute `MindtickleCause`: what stops many cases alike has one key. */
export type Cause = OwnCause | `${string}.${keyof typeof OF_A_SYSTEM}`;

/** The sentence of a cause, for people; the key itself where it is none of ours. */
export function describeCause(cause: string): string {
  if (isOwnCause(cause)) return CAUSES[cause];
  const [system = '', reason = ''] = cause.split('.');
  return isReason(reason) ? `${system} ${OF_A_SYSTEM[reason]}` : cause;
}

export function isOwnCause(cause: unknown): cause is OwnCause {
  return typeof cause === 'string' && Object.hasOwn(CAUSES, cause);
}

function isReason(reason: string): reason is keyof typeof OF_A_SYSTEM {
  return Object.hasOwn(OF_A_SYSTEM, reason);
}
