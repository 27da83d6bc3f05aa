import { createHash } from 'node:crypto';
import { z } from 'zod';
import { groupNames, people, type Person } from '../../people';

/** The enterprise extension of a user (RFC 7643 §4.3): department, manager. */
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const instants = { created: z.string(), lastModified: z.string() };

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

const userSchema = z.object({
  id: z.string(),
  userName: z.string(),
  /** The SCIM id of another user; the enterprise extension's `manager.value`. */
  managerId: z.string().optional(),
  /** Every other attribute as the client wrote it, but for what the directory works out: manager, groups, meta. */
  attributes: z.record(z.string(), z.unknown()),
  /** Absent: as `active` has it. */
  status: z.enum(statuses).optional(),
  /** Open sign-in sessions, and OAuth tokens that are out; nobody signs in here, so they only become none. */
  sessions: z.int().optional(),
  tokens: z.int().optional(),
  ...instants,
});

const groupSchema = z.object({
  id: z.string(),
  displayName: z.string(),
  /** SCIM ids of users; groups in groups are not kept. */
  members: z.array(z.string()),
  externalId: z.string().optional(),
  ...instants,
});

/** What the identity provider holds. */
export const directorySchema = z.object({ users: z.array(userSchema), groups: z.array(groupSchema) });

export type Directory = z.infer<typeof directorySchema>;
export type DirectoryUser = z.infer<typeof userSchema>;
export type DirectoryGroup = z.infer<typeof groupSchema>;

/** The demo's people and groups, with the same ids each time. */
export function seedDirectory(now: Date): Directory {
  const everyone: readonly Person[] = Object.values(people);
  const at = now.toISOString();
  const idOf = (person: Person): string => stableId(person.userId);
  const users = everyone.map((person) => {
    const manager = everyone.find(({ email }) => email === person.managerEmail);
    return {
      id: idOf(person),
      userName: person.email,
      ...(manager !== undefined && { managerId: idOf(manager) }),
      attributes: attributesOf(person),
      sessions: 1,
      tokens: 1,
      created: at,
      lastModified: at,
    };
  });
  const groups = groupNames.map((displayName) => ({
    id: stableId(displayName),
    displayName,
    members: everyone.filter((person) => person.groups.includes(displayName)).map(idOf),
    created: at,
    lastModified: at,
  }));
  return { users, groups };
}

function attributesOf(person: Person): Record<string, unknown> {
  const [givenName, familyName] = person.name.split(' ');
  return {
    externalId: person.userId,
    displayName: person.name,
    name: { givenName, familyName, formatted: person.name },
    title: person.role,
    active: true,
    emails: [{ value: person.email, type: 'work', primary: true }],
    [ENTERPRISE]: { department: person.teamId },
  };
}

/** A UUID made of a name: the seed's ids outlive a reset, so that nobody holds a stale one. */
function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** A user as SCIM shows it: with the manager's name and the groups, both worked out. */
export function userResource(directory: Directory, user: DirectoryUser): Record<string, unknown> {
  const groups = groupsOf(directory, user);
  const manager = userById(directory, user.managerId);
  const displayName = manager?.attributes['displayName'];
  const extension = {
    ...(user.attributes[ENTERPRISE] as object | undefined),
    ...(user.managerId !== undefined && {
      manager: { value: user.managerId, ...(displayName !== undefined && { displayName }) },
    }),
  };
  return {
    ...user.attributes,
    id: user.id,
    userName: user.userName,
    ...(groups.length > 0 && { groups: groups.map(({ id, displayName: display }) => ({ value: id, display })) }),
    ...(Object.keys(extension).length > 0 && { [ENTERPRISE]: extension }),
    meta: { created: new Date(user.created), lastModified: new Date(user.lastModified) },
  };
}

/** A group as SCIM shows it, members included. */
export function groupResource(directory: Directory, group: DirectoryGroup): Record<string, unknown> {
  const members = group.members.map((id) => ({ value: id, display: userById(directory, id)?.userName, type: 'User' }));
  return {
    id: group.id,
    displayName: group.displayName,
    ...(group.externalId !== undefined && { externalId: group.externalId }),
    ...(members.length > 0 && { members }),
    meta: { created: new Date(group.created), lastModified: new Date(group.lastModified) },
  };
}

/** The users and groups of `GET /_state`. */
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
  readonly groups: readonly {
    readonly id: string;
    readonly displayName: string;
    /** The members' userNames. */
    readonly members: readonly string[];
  }[];
}

/** What people and tests look at: names in place of ids. */
export function summary(directory: Directory): DirectorySummary {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    users: directory.users.map((user) => ({
      id: user.id,
      externalId: text(user.attributes['externalId']),
      userName: user.userName,
      displayName: text(user.attributes['displayName']),
      active: isActive(user),
      status: oktaStatus(user),
      sessions: user.sessions ?? 0,
      tokens: user.tokens ?? 0,
      groups: groupsOf(directory, user).map(({ displayName }) => displayName),
      manager: userById(directory, user.managerId)?.userName ?? null,
    })),
    groups: directory.groups.map(({ id, displayName, members }) => ({
      id,
      displayName,
      members: members.map((member) => userById(directory, member)?.userName ?? member),
    })),
  };
}

/** SCIM leaves the default open (RFC 7643 §4.1.1); a user created without it can sign in. */
function isActive({ attributes }: DirectoryUser): boolean {
  return attributes['active'] !== false;
}

/** SCIM may have changed `active` since the status was set. */
export function oktaStatus(user: DirectoryUser): (typeof statuses)[number] {
  const { status = 'ACTIVE' } = user;
  if (isActive(user)) return ['STAGED', 'SUSPENDED', 'DEPROVISIONED'].includes(status) ? 'ACTIVE' : status;
  return ['STAGED', 'SUSPENDED', 'DEPROVISIONED'].includes(status) ? status : 'SUSPENDED';
}

export function userById(directory: Directory, id: string | undefined): DirectoryUser | undefined {
  return directory.users.find((user) => user.id === id);
}

function groupsOf(directory: Directory, user: DirectoryUser): DirectoryGroup[] {
  return directory.groups.filter(({ members }) => members.includes(user.id));
}
