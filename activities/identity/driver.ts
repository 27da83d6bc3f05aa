import type { Person } from '../connector';
import { unavailable } from '../failure';
import type { Effect } from '../write-once';

export interface IdentityUser {
  readonly id: string;
  readonly active: boolean;
  /** Permanently. Absent where the provider knows no more than active and inactive. */
  readonly deactivated?: boolean;
  readonly email: string | null;
  readonly managerId: string | null;
  /** Null where the provider does not say: then the groups are asked. */
  readonly groups: readonly Group[] | null;
}

export interface Group {
  readonly id: string;
  readonly name: string;
}

/** What we need of an identity provider; every write has its effect. `found`: somebody else has done it meanwhile. */
export interface IdentityDriver {
  readonly findUser: (person: Person) => Promise<IdentityUser | null>;
  readonly findManagerEmail: (user: IdentityUser) => Promise<string | null>;
  readonly groupsOf: (user: IdentityUser) => Promise<readonly Group[]>;
  readonly findGroup: (name: string) => Promise<Group | null>;
  /** Repeatable; one that another has made meanwhile is taken. */
  readonly createGroup: (effect: Effect, name: string) => Promise<Group | 'observed'>;
  readonly isMember: (group: Group, user: IdentityUser) => Promise<boolean>;
  readonly setActive: (effect: Effect, user: IdentityUser, active: boolean) => Promise<object | 'observed' | 'found'>;
  /** Repeatable. Absent where the provider ends them with the sign-in, or cannot. */
  readonly endSessions?: (effect: Effect, user: IdentityUser) => Promise<object | 'observed'>;
  /** Absent where that is no other thing than `setActive`. */
  readonly deactivate?: (effect: Effect, user: IdentityUser) => Promise<object | 'observed' | 'found'>;
  readonly setMember: (
    effect: Effect,
    group: Group,
    user: IdentityUser,
    member: boolean,
  ) => Promise<object | 'observed'>;
}

/** What a group that was just made is. @throws `identity.unavailable` (retries) while the provider does not list it. */
export async function groupMade(
  made: object | 'observed',
  name: string,
  findGroup: IdentityDriver['findGroup'],
): Promise<Group | 'observed'> {
  if (made === 'observed') return made;
  const group = await findGroup(name);
  if (group === null) throw unavailable('identity', `does not list the new group "${name}" yet`, made);
  return group;
}
