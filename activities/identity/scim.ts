import type { SystemSettings } from '../../src/settings';
import type { Http } from '../http';
import { quote, scimPatch } from '../scim';
import type { Effect } from '../write-once';
import { groupMade, type Group, type IdentityDriver } from './driver';
import { createScimGroups, GROUPS } from './scim-groups';
import { createScimUsers, USERS } from './scim-users';

const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/**
 * An identity provider by SCIM 2.0 (RFC 7644): Keycloak, Entra and others. Accepts a PATCH answered 200 with a body or 204
 * without.
 */
export function createScimDriver(
  http: Http,
  { userIdAttribute = 'externalId' }: Pick<SystemSettings['identity'], 'userIdAttribute'>,
): IdentityDriver {
  const users = createScimUsers(http.read, userIdAttribute === 'none' ? null : userIdAttribute);
  const groups = createScimGroups(http.read);

  async function createGroup(effect: Effect, name: string): Promise<Group | 'observed'> {
    const body = { schemas: [GROUP_SCHEMA], displayName: name };
    // 409: another has just made it.
    const made = await http.write(effect, {
      method: 'POST',
      path: GROUPS,
      body,
      call: 'create a group',
      accept: [409],
    });
    return groupMade(made, name, groups.findGroup);
  }

  return {
    ...users,
    ...groups,
    createGroup,
    setActive: (effect, { id }, active) => {
      const operation = { op: 'replace', path: 'active', value: active };
      const call = active ? 'activate a user' : 'deactivate a user';
      return http.write(effect, { ...scimPatch(`${USERS}/${encodeURIComponent(id)}`, operation), call });
    },
    setMember: (effect, group, user, member) => {
      const patch = scimPatch(`${GROUPS}/${encodeURIComponent(group.id)}`, membership(user.id, member));
      return http.write(effect, { ...patch, call: member ? 'join a group' : 'leave a group' });
    },
  };
}

function membership(userId: string, member: boolean): object {
  return member
    ? { op: 'add', path: 'members', value: [{ value: userId }] }
    : { op: 'remove', path: `members[value eq ${quote(userId)}]` };
}
