import { rejected } from '../failure';
import type { Http } from '../http';
import { quote, scimPatch, scimResources } from '../scim';
import type { Effect } from '../write-once';
import { groupMade, type Group, type IdentityDriver, type IdentityUser } from './driver';

const USER = '/Users';
const GROUP = '/Groups';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

interface ScimUser {
  readonly id?: unknown;
  readonly userName?: string;
  /** A boolean (RFC 7643 §4.1.1); some send it as text. */
  readonly active?: boolean | string;
  readonly emails?: readonly { readonly value?: string; readonly primary?: boolean }[];
  readonly groups?: readonly { readonly value?: string; readonly display?: string; readonly type?: string }[];
  readonly [ENTERPRISE]?: { readonly manager?: { readonly value?: string } };
}

interface ScimGroup {
  readonly id: string;
  readonly displayName?: string;
}

/**
 * An identity provider by SCIM 2.0 (RFC 7644): Keycloak, Entra and others. Accepts a PATCH answered 200 with a body or
 * 204 without, and a group whose `members` are not returned unless asked for.
 */
export function createScimDriver(http: Http): IdentityDriver {
  async function list<T>(path: string, filter: string, attributes = ''): Promise<readonly T[]> {
    const { body } = await http.read({
      method: 'GET',
      path: `${path}?filter=${encodeURIComponent(filter)}${attributes}`,
    });
    return scimResources('identity', body) as readonly T[];
  }

  async function findUser({ userId, email }: { userId: string; email: string | null }): Promise<IdentityUser | null> {
    const byName = email === null ? [] : await list<ScimUser>(USER, `userName eq ${quote(email)}`);
    const users = byName.length > 0 ? byName : await list<ScimUser>(USER, `externalId eq ${quote(userId)}`);
    if (users.length > 1)
      throw rejected('identity', 'has several users of this userName or externalId', { count: users.length });
    return users[0] === undefined ? null : toUser(users[0]);
  }

  async function findManagerEmail(user: IdentityUser): Promise<string | null> {
    if (user.managerId === null) return null;
    const answer = await http.read({
      method: 'GET',
      path: `${USER}/${encodeURIComponent(user.managerId)}`,
      accept: [404],
    });
    return answer.status === 404 ? null : toUser(answer.body as ScimUser).email;
  }

  /** A user's own `groups` is read-only and optional (RFC 7643 §4.1.2): where it is absent, the groups are searched. */
  async function groupsOf(user: IdentityUser): Promise<readonly Group[]> {
    if (user.groups !== null) return user.groups;
    const found = await list<ScimGroup>(GROUP, `members.value eq ${quote(user.id)}`);
    return found.map(toGroup);
  }

  async function findGroup(name: string): Promise<Group | null> {
    const [group] = await list<ScimGroup>(GROUP, `displayName eq ${quote(name)}`);
    return group === undefined ? null : toGroup(group);
  }

  async function isMember(group: Group, user: IdentityUser): Promise<boolean> {
    if (user.groups !== null) return user.groups.some(({ id }) => id === group.id);
    const filter = `id eq ${quote(group.id)} and members.value eq ${quote(user.id)}`;
    return (await list<ScimGroup>(GROUP, filter)).length > 0;
  }

  async function createGroup(effect: Effect, name: string): Promise<Group | 'observed'> {
    const body = { schemas: [GROUP_SCHEMA], displayName: name };
    // 409: another has just made it.
    const made = await http.write(effect, { method: 'POST', path: GROUP, body, accept: [409] });
    return groupMade(made, name, findGroup);
  }

  return {
    findUser,
    findManagerEmail,
    groupsOf,
    findGroup,
    createGroup,
    isMember,
    setActive: (effect, user, active) =>
      http.write(
        effect,
        scimPatch(`${USER}/${encodeURIComponent(user.id)}`, { op: 'replace', path: 'active', value: active }),
      ),
    setMember: (effect, group, user, member) =>
      http.write(effect, scimPatch(`${GROUP}/${encodeURIComponent(group.id)}`, membership(user.id, member))),
  };
}

function membership(userId: string, member: boolean): object {
  return member
    ? { op: 'add', path: 'members', value: [{ value: userId }] }
    : { op: 'remove', path: `members[value eq ${quote(userId)}]` };
}

function toUser(user: ScimUser): IdentityUser {
  if (typeof user.id !== 'string') throw rejected('identity', 'answered with a user without id');
  const { id, active, groups, [ENTERPRISE]: enterprise } = user;
  return {
    id,
    active: String(active).toLowerCase() !== 'false',
    email: addressOf(user),
    managerId: enterprise?.manager?.value ?? null,
    groups: groups === undefined ? null : groups.filter(isDirect).map(groupOfUser),
  };
}

type UserGroup = NonNullable<ScimUser['groups']>[number];

/** An indirect membership, through another group (RFC 7643 §4.1.2), cannot be left. */
function isDirect({ type }: UserGroup): boolean {
  return type !== 'indirect';
}

function groupOfUser({ value = '', display = '' }: UserGroup): Group {
  return { id: value, name: display };
}

function addressOf({ emails = [], userName = '' }: ScimUser): string | null {
  const primary = emails.find((email) => email.primary === true) ?? emails[0];
  const address = primary?.value ?? userName;
  return address.includes('@') ? address : null;
}

function toGroup({ id, displayName = '' }: ScimGroup): Group {
  return { id, name: displayName };
}
