import type { Effect } from './effects';

export interface IdentityUser {
  readonly id: string;
  readonly active: boolean;
  readonly email: string | null;
  readonly managerId: string | null;
  /** Null where the provider does not say: then the groups are asked. */
  readonly groups: readonly Group[] | null;
}

export interface Group {
  readonly id: string;
  readonly name: string;
}

/** Whom a step is about: looked up by address first, else by MindTickle's user id. */
export interface Person {
  readonly userId: string;
  readonly email: string | null;
}

/** What an identity provider has to be able to do; every write goes by its effect. */
export interface IdentityDriver {
  readonly findUser: (person: Person) => Promise<IdentityUser | null>;
  readonly findManagerEmail: (user: IdentityUser) => Promise<string | null>;
  readonly groupsOf: (user: IdentityUser) => Promise<readonly Group[]>;
  readonly findGroup: (name: string) => Promise<Group | null>;
  readonly isMember: (group: Group, user: IdentityUser) => Promise<boolean>;
  readonly setActive: (effect: Effect, user: IdentityUser, active: boolean) => Promise<object | 'observed'>;
  readonly setMember: (
    effect: Effect,
    group: Group,
    user: IdentityUser,
    member: boolean,
  ) => Promise<object | 'observed'>;
}
