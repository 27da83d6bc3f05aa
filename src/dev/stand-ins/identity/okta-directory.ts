import { randomUUID } from 'node:crypto';
import { ENTERPRISE, oktaStatus, userById, type Directory, type DirectoryGroup, type DirectoryUser } from './directory';
import type { Held } from '../store';

type Resource = Readonly<Record<string, unknown>>;
type Status = NonNullable<DirectoryUser['status']>;

/** The directory by Okta's rules. `refused`: what Okta does not allow; `unknown`: not there. */
export interface OktaManagement {
  readonly users: () => readonly Resource[];
  readonly groups: () => readonly Resource[];
  readonly groupsOf: (userId: string) => readonly Resource[];
  /** By id or login. */
  readonly idOf: (idOrLogin: string) => string | undefined;
  readonly endSessions: (userId: string, tokensToo: boolean) => void;
  readonly transit: (userId: string, transition: string) => 'done' | 'refused' | 'unknown';
  readonly setMember: (groupId: string, userId: string, member: boolean) => 'done' | 'refused' | 'unknown';
  readonly makeGroup: (name: string) => Resource | 'refused';
}

/** From which status to which (developer.okta.com, User Lifecycle). */
const TRANSITIONS: Readonly<Record<string, { readonly from: readonly Status[]; readonly to: Status }>> = {
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

/** Everybody is in it, and nobody can be put in or out. */
const EVERYONE = { id: '00g-everyone', type: 'BUILT_IN', profile: { name: 'Everyone' } };

export function managementOf(directory: Held<Directory>, now: () => Date): OktaManagement {
  function changeUser(id: string, change: (user: DirectoryUser) => DirectoryUser): void {
    const before = directory.read();
    const lastModified = now().toISOString();
    const users = before.users.map((user) => (user.id === id ? { ...change(user), lastModified } : user));
    directory.write({ ...before, users });
  }

  function transit(id: string, transition: string): 'done' | 'refused' | 'unknown' {
    const rule = TRANSITIONS[transition];
    const user = userById(directory.read(), id);
    if (rule === undefined || user === undefined) return 'unknown';
    if (!rule.from.includes(oktaStatus(user))) return 'refused';
    const active = rule.to === 'ACTIVE' || rule.to === 'PASSWORD_EXPIRED';
    changeUser(id, (known) => ({ ...known, status: rule.to, attributes: { ...known.attributes, active } }));
    return 'done';
  }

  function setMember(groupId: string, userId: string, member: boolean): 'done' | 'refused' | 'unknown' {
    if (groupId === EVERYONE.id) return 'refused';
    const before = directory.read();
    const group = before.groups.find(({ id }) => id === groupId);
    if (group === undefined) return 'unknown';
    if (typeOf(group) !== 'OKTA_GROUP') return 'refused';
    if (group.members.includes(userId) === member) return 'done';
    const others = group.members.filter((id) => id !== userId);
    const changed = { ...group, members: member ? [...others, userId] : others, lastModified: now().toISOString() };
    directory.write({ ...before, groups: before.groups.map((one) => (one === group ? changed : one)) });
    return 'done';
  }

  function makeGroup(name: string): Resource | 'refused' {
    const before = directory.read();
    if (before.groups.some(({ displayName }) => displayName.toLowerCase() === name.toLowerCase())) return 'refused';
    const at = now().toISOString();
    const group = { id: randomUUID(), displayName: name, members: [], created: at, lastModified: at };
    directory.write({ ...before, groups: [...before.groups, group] });
    return groupOf(group);
  }

  return {
    users: () => directory.read().users.map((user) => userOf(directory.read(), user)),
    groups: () => [EVERYONE, ...directory.read().groups.map(groupOf)],
    groupsOf: (id) => [
      EVERYONE,
      ...directory
        .read()
        .groups.filter(({ members }) => members.includes(id))
        .map(groupOf),
    ],
    idOf: (idOrLogin) =>
      directory
        .read()
        .users.find(({ id, userName }) => id === idOrLogin || userName.toLowerCase() === idOrLogin.toLowerCase())?.id,
    endSessions: (id, tokensToo) =>
      changeUser(id, (user) => ({ ...user, sessions: 0, ...(tokensToo && { tokens: 0 }) })),
    transit,
    setMember,
    makeGroup,
  };
}

function userOf(directory: Directory, user: DirectoryUser): Resource {
  const { attributes, userName, created, lastModified, managerId, id } = user;
  const { givenName, familyName } = (attributes['name'] ?? {}) as { givenName?: string; familyName?: string };
  const [first] = (attributes['emails'] ?? []) as readonly { readonly value?: string }[];
  const manager = userById(directory, managerId);
  return {
    id,
    status: oktaStatus(user),
    created,
    lastUpdated: lastModified,
    profile: {
      login: userName,
      email: first?.value ?? userName,
      firstName: givenName,
      lastName: familyName,
      displayName: attributes['displayName'],
      title: attributes['title'],
      department: (attributes[ENTERPRISE] as { department?: string } | undefined)?.department,
      employeeNumber: attributes['externalId'],
      ...(manager !== undefined && { managerId: manager.userName, manager: manager.attributes['displayName'] }),
    },
  };
}

/** A group that has an id elsewhere was imported from there. */
function typeOf({ externalId }: DirectoryGroup): 'OKTA_GROUP' | 'APP_GROUP' {
  return externalId === undefined ? 'OKTA_GROUP' : 'APP_GROUP';
}

function groupOf(group: DirectoryGroup): Resource {
  const { id, displayName: name, created, lastModified: lastUpdated } = group;
  return { id, type: typeOf(group), created, lastUpdated, profile: { name, description: null } };
}
