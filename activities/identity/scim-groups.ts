import { sameName } from '../../src/domain';
import { rejected } from '../failure';
import type { Http } from '../http';
import { quote, scimAttribute, scimList } from '../scim';
import type { Group, IdentityUser, Membership } from './driver';
import { USERS } from './scim-users';

const LIST = 'list groups';

export const GROUPS = '/Groups';

export interface ScimGroups {
  readonly groupsOf: (user: IdentityUser) => Promise<readonly Membership[]>;
  readonly isMember: (group: Group, user: IdentityUser) => Promise<boolean | undefined>;
  readonly findGroup: (name: string) => Promise<Group | null>;
}

/** A user's own list of groups (RFC 7643 §4.1.2). */
interface OwnGroups {
  readonly direct: readonly Group[];
  /** Those that the user is in through another group. Keycloak says so, too, of a parent that the user is in itself. */
  readonly indirect: readonly Group[];
}

/**
 * Groups as they are read from every server: the user's `groups`, the groups' `members`, and a filter on `members.value`; each
 * is optional. An empty answer to a filter proves nothing (Keycloak 26.7 answers 0 to any filter that names `id`, and finds no
 * group that is in another), and what is found is compared here.
 */
export function createScimGroups(read: Http['read']): ScimGroups {
  /** A server that has answered with a user's groups leaves them out for a user who has none. */
  let servesOwnGroups = false;

  async function ownGroups(userId: string): Promise<OwnGroups | null> {
    const path = `${USERS}/${encodeURIComponent(userId)}?attributes=groups`;
    const { body } = await read({ method: 'GET', path, call: "read a user's groups" });
    const groups = scimAttribute(body, 'groups');
    if (!Array.isArray(groups)) return servesOwnGroups ? { direct: [], indirect: [] } : null;
    servesOwnGroups = true;
    const isIndirect = (group: unknown): boolean => scimAttribute(group, 'type') === 'indirect';
    return {
      direct: groups.filter((group) => !isIndirect(group)).flatMap(groupOfUser),
      indirect: groups.filter(isIndirect).flatMap(groupOfUser),
    };
  }

  /** Undefined where the server does not return members: it may leave them out of a group that has none. */
  async function isAmongMembers(groupId: string, userId: string): Promise<boolean | undefined> {
    const path = `${GROUPS}/${encodeURIComponent(groupId)}?attributes=members`;
    const { body } = await read({ method: 'GET', path, call: "read a group's members" });
    return hasMember(body, userId);
  }

  const listGroups = createList(read);

  /** What the filter finds beside the user's own list: a server may ignore the filter, and then finds every group. */
  async function checked(found: readonly Group[], own: OwnGroups | null, userId: string): Promise<Membership[]> {
    const known = new Set(own?.direct.map(({ id }) => id));
    const alsoIndirect = new Set(own?.indirect.map(({ id }) => id));
    const memberships: Membership[] = [];
    for (const group of found.filter(({ id }) => !known.has(id))) {
      const isIt = alsoIndirect.has(group.id) || (await isAmongMembers(group.id, userId));
      if (isIt !== false) memberships.push({ ...group, isCertain: isIt === true });
    }
    return memberships;
  }

  async function groupsOf({ id }: IdentityUser): Promise<readonly Membership[]> {
    const own = await ownGroups(id);
    const found = await listGroups(`members.value eq ${quote(id)}`);
    const direct = (own?.direct ?? []).map((group) => ({ ...group, isCertain: true }));
    if (own !== null || (found !== null && found.length > 0))
      return [...direct, ...(await checked((found ?? []).map(toGroup), own, id))];
    // Neither says anything: then each group is asked for its members.
    const all = (await listGroups(undefined, 'displayName,members')) ?? [];
    return all
      .filter((group) => hasMember(group, id) === true)
      .map((group) => ({ ...toGroup(group), isCertain: true }));
  }

  async function isMember(group: Group, { id }: IdentityUser): Promise<boolean | undefined> {
    const own = await ownGroups(id);
    if (own?.direct.some((one) => one.id === group.id) === true) return true;
    if (own !== null && !own.indirect.some((one) => one.id === group.id)) return false;
    const isListed = await isAmongMembers(group.id, id);
    if (isListed !== undefined) return isListed;
    const found = await listGroups(`members.value eq ${quote(id)}`);
    return found?.some((one) => toGroup(one).id === group.id) === true ? true : undefined;
  }

  return { groupsOf, isMember, findGroup: createFinder(listGroups) };
}

type ListGroups = (filter?: string, attributes?: string) => Promise<readonly unknown[] | null>;

function createList(read: Http['read']): ListGroups {
  return (filter, attributes) =>
    scimList('identity', read, {
      path: GROUPS,
      call: LIST,
      ...(filter !== undefined && { filter }),
      ...(attributes !== undefined && { attributes }),
    });
}

function createFinder(listGroups: ListGroups): ScimGroups['findGroup'] {
  return async (name) => {
    const named = (groups: readonly unknown[]): readonly Group[] =>
      groups.map(toGroup).filter((group) => sameName(group.name, name));
    const byFilter = named((await listGroups(`displayName eq ${quote(name)}`)) ?? []);
    const found = byFilter.length > 0 ? byFilter : named((await listGroups()) ?? []);
    const exact = found.filter((group) => group.name === name);
    const [group, other] = exact.length > 0 ? exact : found;
    if (other !== undefined) throw rejected('identity', `has several groups named "${name}"`, { count: found.length });
    return group ?? null;
  };
}

function hasMember(group: unknown, userId: string): boolean | undefined {
  const members = scimAttribute(group, 'members');
  return Array.isArray(members) ? members.some((member) => scimAttribute(member, 'value') === userId) : undefined;
}

function groupOfUser(group: unknown): Group[] {
  const [id, name] = [scimAttribute(group, 'value'), scimAttribute(group, 'display')];
  return typeof id === 'string' ? [{ id, name: typeof name === 'string' ? name : id }] : [];
}

function toGroup(group: unknown): Group {
  const [id, name] = [scimAttribute(group, 'id'), scimAttribute(group, 'displayName')];
  if (typeof id !== 'string') throw rejected('identity', 'answered with a group without id', { call: LIST });
  return { id, name: typeof name === 'string' ? name : id };
}
