import type { z } from 'zod';
import { Refusal } from '../protocol';
import type { Resource } from '../scim';
import {
  ENTERPRISE,
  groupAttributes,
  membershipsOf,
  managerOf,
  userAttributes,
  userById,
  type Directory,
  type DirectoryGroup,
  type DirectoryUser,
} from './directory';

/** What the directory itself keeps of each. */
export interface Identified {
  readonly id: string;
  readonly created: string;
  readonly lastModified: string;
}

/** Users or groups: what the endpoints of RFC 7644 §3.2 have to know of them. */
export interface ResourceType<T extends Identified> {
  readonly name: 'User' | 'Group';
  readonly attributes: z.ZodObject;
  /** Not returned unless `attributes` names them. */
  readonly onRequest: readonly string[];
  /** Absent: each one is. */
  readonly isListed?: (resource: T) => boolean;
  readonly read: (directory: Directory) => readonly T[];
  readonly write: (directory: Directory, all: T[]) => Directory;
  /** @throws Refusal when it may not be written */
  readonly check: (directory: Directory, written: T) => void;
  /** The attributes that the directory works out. */
  readonly derived: (directory: Directory, resource: T) => Resource;
}

export const users: ResourceType<DirectoryUser> = {
  name: 'User',
  attributes: userAttributes,
  // As Keycloak 26 does.
  onRequest: ['groups'],
  read: (directory) => directory.users,
  // Nobody who was deleted stays a member.
  write: ({ groups }, all) => ({
    users: all,
    groups: groups.map((group) => ({
      ...group,
      members: group.members.filter(({ value }) => all.some(({ id }) => id === value)),
    })),
  }),
  check: (directory, user) => {
    checkUnique(directory.users, user, ({ userName }) => userName);
    checkAreUsers(directory, [managerOf(user) ?? []].flat(), 'manager.value');
  },
  derived: (directory, user) => {
    const groups = membershipsOf(directory, user.id);
    const manager = userById(directory, managerOf(user));
    return {
      ...(groups.length > 0 && { groups }),
      ...(manager !== undefined && {
        [ENTERPRISE]: { ...user[ENTERPRISE], manager: { value: manager.id, displayName: manager.displayName } },
      }),
    };
  },
};

export const groups: ResourceType<DirectoryGroup> = {
  name: 'Group',
  attributes: groupAttributes,
  // As Keycloak 26 does.
  onRequest: ['members'],
  // Keycloak lists, and finds by a filter, only groups that are in no other.
  isListed: ({ parent }) => parent === undefined,
  read: (directory) => directory.groups,
  write: (directory, all) => ({ ...directory, groups: all }),
  check: (directory, group) => {
    const siblings = directory.groups.filter(({ parent }) => parent === group.parent);
    checkUnique(siblings, group, ({ displayName }) => displayName);
    checkAreUsers(
      directory,
      group.members.map(({ value }) => value),
      'members',
    );
  },
  derived: (directory, { members }) => ({
    members: members.map(({ value }) => ({ value, display: userById(directory, value)?.userName, type: 'User' })),
  }),
};

/** Names are unique whatever their case. */
function checkUnique<T extends { readonly id: string }>(all: readonly T[], one: T, nameOf: (of: T) => string): void {
  const isSame = (other: T): boolean => nameOf(other).toLowerCase() === nameOf(one).toLowerCase();
  if (all.some((other) => other.id !== one.id && isSame(other)))
    throw new Refusal(409, 'uniqueness', 'The name is taken');
}

function checkAreUsers(directory: Directory, ids: readonly string[], attribute: string): void {
  if (ids.some((id) => userById(directory, id) === undefined))
    throw new Refusal(400, 'invalidValue', `${attribute} is not the id of a user`);
}
