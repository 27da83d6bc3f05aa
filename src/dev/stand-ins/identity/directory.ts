import { createHash } from 'node:crypto';
import { z } from 'zod';
import { groupNames, people, type Person } from '../../people';

/** The enterprise extension of a user (RFC 7643 §4.3): department, manager. */
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Okta's (developer.okta.com, User Lifecycle). */
const statuses = [
  'STAGED',
  'PROVISIONED',
  'ACTIVE',
  'RECOVERY',
  'PASSWORD_EXPIRED',
  'LOCKED_OUT',
  'SUSPENDED',
  'DEPROVISIONED',
] as const;

/** What a client may write of a user; other attributes are dropped. `manager.value` is the id of another user. */
export const userAttributes = z.object({
  userName: z.string().min(1),
  externalId: z.string().optional(),
  displayName: z.string().optional(),
  name: z
    .object({
      givenName: z.string().optional(),
      familyName: z.string().optional(),
      formatted: z.string().optional(),
    })
    .optional(),
  title: z.string().optional(),
  active: z.boolean().optional(),
  emails: z
    .array(z.object({ value: z.string(), type: z.string().optional(), primary: z.boolean().optional() }))
    .optional(),
  [ENTERPRISE]: z
    .object({ department: z.string().optional(), manager: z.object({ value: z.string() }).optional() })
    .optional(),
});

/** What a client may write of a group. Members are ids of users; groups in groups are not kept. */
export const groupAttributes = z.object({
  displayName: z.string().min(1),
  externalId: z.string().optional(),
  members: z
    .array(z.object({ value: z.string() }))
    .default([])
    .transform((members) => [...new Map(members.map((member) => [member.value, member])).values()]),
});

const stored = { id: z.string(), created: z.string(), lastModified: z.string() };

/** What the identity provider holds. */
export const directorySchema = z.object({
  users: z.array(
    userAttributes.extend({
      ...stored,
      /** Absent: as `active` has it. */
      status: z.enum(statuses).optional(),
      /** Open sign-in sessions, and OAuth tokens that are out; nobody signs in here, so they only become none. */
      sessions: z.int().optional(),
      tokens: z.int().optional(),
    }),
  ),
  groups: z.array(
    groupAttributes.extend({
      ...stored,
      /** The id of the group that it is in. */
      parent: z.string().optional(),
    }),
  ),
});

export type Directory = z.infer<typeof directorySchema>;
export type DirectoryUser = Directory['users'][number];
export type DirectoryGroup = Directory['groups'][number];

/** The demo's people and groups, with the same ids each time. */
export function seedDirectory(now: Date): Directory {
  const everyone: readonly Person[] = Object.values(people);
  const instants = { created: now.toISOString(), lastModified: now.toISOString() };
  const idOf = (person: Person): string => stableId(person.userId);
  const users = everyone.map((person) => {
    const [givenName, familyName] = person.name.split(' ');
    const manager = everyone.find(({ email }) => email === person.managerEmail);
    return {
      id: idOf(person),
      ...instants,
      userName: person.email,
      externalId: person.userId,
      displayName: person.name,
      name: { givenName, familyName, formatted: person.name },
      title: person.role,
      active: true,
      emails: [{ value: person.email, type: 'work', primary: true }],
      [ENTERPRISE]: { department: person.teamId, ...(manager !== undefined && { manager: { value: idOf(manager) } }) },
      sessions: 1,
      tokens: 1,
    };
  });
  const groups = groupNames.map((displayName) => ({
    id: stableId(displayName),
    ...instants,
    displayName,
    members: everyone.filter(({ groups: names }) => names.includes(displayName)).map((one) => ({ value: idOf(one) })),
  }));
  return { users, groups };
}

/** A UUID made of a name: the seed's ids are the same after a reset, so that nobody keeps a stale one. */
function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** What people and tests look at: names instead of ids. */
export interface DirectorySummary {
  readonly users: readonly {
    readonly id: string;
    readonly externalId: string | null;
    readonly userName: string;
    readonly displayName: string | null;
    readonly active: boolean;
    /** Okta's. */
    readonly status: string;
    readonly sessions: number;
    /** OAuth tokens. */
    readonly tokens: number;
    /** Display names. */
    readonly groups: readonly string[];
    /** The manager's userName. */
    readonly manager: string | null;
  }[];
  /** `members` are userNames. */
  readonly groups: readonly {
    readonly id: string;
    readonly displayName: string;
    readonly members: readonly string[];
  }[];
}

export function summaryOf(directory: Directory): DirectorySummary {
  const nameOf = (id: string | undefined): string | undefined => userById(directory, id)?.userName;
  return {
    users: directory.users.map((user) => ({
      id: user.id,
      externalId: user.externalId ?? null,
      userName: user.userName,
      displayName: user.displayName ?? null,
      active: isActive(user),
      status: oktaStatus(user),
      sessions: user.sessions ?? 0,
      tokens: user.tokens ?? 0,
      groups: groupsOf(directory, user.id).map(({ displayName }) => displayName),
      manager: nameOf(managerOf(user)) ?? null,
    })),
    groups: directory.groups.map(({ id, displayName, members }) => ({
      id,
      displayName,
      members: members.map(({ value }) => nameOf(value) ?? value),
    })),
  };
}

/** SCIM leaves the default open (RFC 7643 §4.1.1); a user created without it can sign in. */
function isActive({ active = true }: DirectoryUser): boolean {
  return active;
}

/** SCIM may have changed `active` since the status was set. */
export function oktaStatus(user: DirectoryUser): (typeof statuses)[number] {
  const { status = 'ACTIVE' } = user;
  const isInactive = ['STAGED', 'SUSPENDED', 'DEPROVISIONED'].includes(status);
  if (isActive(user)) return isInactive ? 'ACTIVE' : status;
  return isInactive ? status : 'SUSPENDED';
}

export function userById({ users }: Directory, id: string | undefined): DirectoryUser | undefined {
  return users.find((user) => user.id === id);
}

/** The manager's id. */
export function managerOf(user: DirectoryUser): string | undefined {
  return user[ENTERPRISE]?.manager?.value;
}

export function groupsOf({ groups }: Directory, userId: string): readonly DirectoryGroup[] {
  return groups.filter(({ members }) => members.some(({ value }) => value === userId));
}

/**
 * A user's own list. Who is in a group is in those around it, indirectly; Keycloak says so, too, of one around it that the user
 * is in directly.
 */
export function membershipsOf(
  directory: Directory,
  userId: string,
): readonly { readonly value: string; readonly display: string; readonly type: 'direct' | 'indirect' }[] {
  const own = groupsOf(directory, userId);
  const around = new Set(own.flatMap((group) => groupsAround(directory, group)));
  return [...new Set([...own, ...around])].map((group) => ({
    value: group.id,
    display: group.displayName,
    type: around.has(group) ? 'indirect' : 'direct',
  }));
}

function groupsAround({ groups }: Directory, group: DirectoryGroup): readonly DirectoryGroup[] {
  const parent = groups.find(({ id }) => id === group.parent);
  return parent === undefined ? [] : [parent, ...groupsAround({ users: [], groups }, parent)];
}

/** `/Sales/EMEA` → the group EMEA in Sales. */
export function groupAtPath({ groups }: Directory, names: readonly string[]): DirectoryGroup | undefined {
  return (
    names.reduce<DirectoryGroup | undefined | null>((parent, name) => {
      if (parent === undefined) return undefined;
      return groups.find((group) => group.displayName === name && group.parent === parent?.id);
    }, null) ?? undefined
  );
}
