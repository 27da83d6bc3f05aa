import { keysDisagree, shownId, type Person } from '../connector';
import { rejected } from '../failure';
import type { IdentityUser } from './driver';

/** What a look-up is called in failures. */
export const LOOK_UP = 'look a user up';

/** Whom the provider has by each key of a person. */
export interface Matches {
  /** By MindTickle's user id. */
  readonly byId: readonly IdentityUser[];
  readonly byAddress: readonly IdentityUser[];
}

/**
 * The one user whom all keys lead to; null when none leads anywhere. An address may have been given to another person, so one
 * key alone never decides against the other.
 * @throws `identity.rejected`
 */
export function theOne({ userId }: Pick<Person, 'userId'>, { byId, byAddress }: Matches): IdentityUser | null {
  const all = [...new Map([...byId, ...byAddress].map((user) => [user.id, user])).values()];
  const [first, second] = all;
  const ofTheId = byId[0];
  if (ofTheId !== undefined && second !== undefined && byId.length === 1) {
    const other = byAddress.find(({ id }) => id !== ofTheId.id) ?? second;
    throw keysDisagree('identity', `user ${shownId(userId)} as ${shownId(ofTheId.id)}`, addressOf(other));
  }
  if (second !== undefined)
    throw rejected('identity', 'has several users of this id or address; retryStep, identify or skipStep', {
      count: all.length,
      cause: 'accountConflict',
    });
  if (first === undefined) return null;
  if (first.userId !== null && folded(first.userId) !== folded(userId))
    throw keysDisagree('identity', addressOf(first), `the event is about user ${shownId(userId)}`);
  return first;
}

function addressOf({ id, userId }: IdentityUser): string {
  return `this address as that of user ${shownId(userId ?? id)}`;
}

/** Case, and how a letter is composed, do not count in an address or an id. Unlike a name, ß is not ss: those are two people. */
export function folded(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}
