import type { Resource } from '../scim';
import {
  ENTERPRISE,
  managerOf,
  oktaStatus,
  userById,
  type Directory,
  type DirectoryGroup,
  type DirectoryUser,
} from './directory';

type Status = NonNullable<DirectoryUser['status']>;

/** From which status to which (developer.okta.com, User Lifecycle). */
export const TRANSITIONS: Readonly<Record<string, { readonly from: readonly Status[]; readonly to: Status }>> = {
  suspend: { from: ['ACTIVE'], to: 'SUSPENDED' },
  unsuspend: { from: ['SUSPENDED'], to: 'ACTIVE' },
  expire_password: { from: ['ACTIVE'], to: 'PASSWORD_EXPIRED' },
  unlock: { from: ['LOCKED_OUT'], to: 'ACTIVE' },
  activate: { from: ['STAGED', 'DEPROVISIONED'], to: 'ACTIVE' },
  deactivate: {
    from: ['STAGED', 'PROVISIONED', 'ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED', 'LOCKED_OUT', 'SUSPENDED'],
    to: 'DEPROVISIONED',
  },
};

interface OktaGroup extends Resource {
  readonly id: string;
  readonly profile: { readonly name: string; readonly description?: null };
}

/** Everybody is in it, and nobody can be put in or out. */
export const EVERYONE: OktaGroup = { id: '00g-everyone', type: 'BUILT_IN', profile: { name: 'Everyone' } };

const profile = (names: string): readonly string[] => names.split(' ').map((name) => `profile.${name}`);

/** What lists can be searched by. */
export const USER_SEARCH = [
  'id',
  'status',
  ...profile('login email firstName lastName displayName title department employeeNumber'),
];
export const GROUP_SEARCH = ['id', 'type', ...profile('name description')];

export function userResource(directory: Directory, user: DirectoryUser): Resource {
  const manager = userById(directory, managerOf(user));
  return {
    id: user.id,
    status: oktaStatus(user),
    created: user.created,
    lastUpdated: user.lastModified,
    profile: {
      login: user.userName,
      email: user.emails?.[0]?.value ?? user.userName,
      firstName: user.name?.givenName,
      lastName: user.name?.familyName,
      displayName: user.displayName,
      title: user.title,
      department: user[ENTERPRISE]?.department,
      employeeNumber: user.externalId,
      ...(manager !== undefined && { managerId: manager.userName, manager: manager.displayName }),
    },
  };
}

export function groupResource(group: DirectoryGroup): OktaGroup {
  const { id, displayName: name, created, lastModified: lastUpdated } = group;
  return { id, type: typeOf(group), created, lastUpdated, profile: { name, description: null } };
}

/** A group that has an id elsewhere was imported from there. */
export function typeOf({ externalId }: DirectoryGroup): 'OKTA_GROUP' | 'APP_GROUP' {
  return externalId === undefined ? 'OKTA_GROUP' : 'APP_GROUP';
}
