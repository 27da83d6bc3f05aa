import type { Person } from '../connector';
import { unavailable } from '../failure';
import type { Effect } from '../write-once';

export interface IdentityUser {
  readonly id: string;
  /** MindTickle's user id, where the provider holds it. */
  readonly userId: string | null;
  readonly active: boolean;
  /** Permanently. Absent where the provider knows no more than active and inactive. */
  readonly deactivated?: boolean;
  readonly email: string | null;
  readonly managerId: string | null;
}

export interface Group {
  readonly id: string;
  readonly name: string;
}

/** `isCertain`: the provider's own data say so. Else it may be so. */
export interface Membership extends Group {
  readonly isCertain: boolean;
}

/** What we need of an identity provider; every write has its effect. `found`: somebody else has done it meanwhile. */
export interface IdentityDriver {
  /** @throws `identity.rejected` where several users match, or one key leads to another user than the other key. */
  readonly findUser: (person: Person) => Promise<IdentityUser | null>;
  /** Everybody who has this address, active or not; null where the provider does not say. */
  readonly findByAddress: (email: string) => Promise<readonly IdentityUser[] | null>;
  readonly findManagerEmail: (user: IdentityUser) => Promise<string | null>;
  /** All that the user can leave. */
  readonly groupsOf: (user: IdentityUser) => Promise<readonly Membership[]>;
  /** By name or, where groups are in groups, by path. */
  readonly findGroup: (name: string) => Promise<Group | null>;
  /** Repeatable; one that another has made meanwhile is taken. */
  readonly createGroup: (effect: Effect, name: string) => Promise<Group | 'observed'>;
  /** Undefined where the provider does not say. */
  readonly isMember: (group: Group, user: IdentityUser) => Promise<boolean | undefined>;
  readonly setActive: (effect: Effect, user: IdentityUser, active: boolean) => Promise<object | 'observed' | 'found'>;
  /** Repeatable. Absent where the provider has no call for it. */
  readonly endSessions?: (effect: Effect, user: IdentityUser) => Promise<object | 'observed' | 'not supported'>;
  /** Absent where that is no other thing than `setActive`. */
  readonly deactivate?: (effect: Effect, user: IdentityUser) => Promise<object | 'observed' | 'found'>;
  /** Repeatable. */
  readonly setMember: (
    effect: Effect,
    group: Group,
    user: IdentityUser,
    member: boolean,
  ) => Promise<object | 'observed'>;
  /** Of what the settings name beside the provider's URL. */
  readonly check?: () => Promise<void>;
}

/** What a group that was just made is. @throws `identity.unavailable` (retries) while the provider does not list it. */
export async function groupMade(
  made: object | 'observed',
  name: string,
  findGroup: IdentityDriver['findGroup'],
): Promise<Group | 'observed'> {
  if (made === 'observed') return made;
  const group = await findGroup(name);
  if (group === null) throw unavailable('identity', `does not list the new group "${name}" yet`, { ...made });
  return group;
}
