import { rejected, statusOf } from '../failure';
import type { Http } from '../http';
import type { Group, IdentityDriver } from './driver';

const ADVICE = 'is KEYCLOAK_ADMIN_URL right? It ends with /admin/realms/<realm>';

/**
 * What Keycloak's SCIM lacks and its admin API has (tried on 26.7): a user who becomes inactive keeps their sessions, and no
 * filter finds a group that is in another. Ids are the same in both. `http`: the admin API of the realm.
 */
export function withKeycloak(scim: IdentityDriver, http: Http): IdentityDriver {
  async function groupAt(path: string): Promise<Group | null> {
    const names = path.split('/').filter((name) => name !== '');
    const answer = await http.read({
      method: 'GET',
      path: `/group-by-path/${names.map(encodeURIComponent).join('/')}`,
      call: 'find a group by its path',
      accept: [404],
    });
    const { id, name } = (answer.body ?? {}) as { readonly id?: unknown; readonly name?: unknown };
    return answer.status === 404 || typeof id !== 'string'
      ? null
      : { id, name: typeof name === 'string' ? name : path };
  }

  return {
    ...scim,
    findGroup: async (name) => (name.includes('/') ? await groupAt(name) : null) ?? scim.findGroup(name),
    // 204, and 204 again.
    endSessions: async (effect, { id }) => {
      const call = 'end sessions';
      try {
        return await http.write(effect, { method: 'POST', path: `/users/${encodeURIComponent(id)}/logout`, call });
      } catch (error) {
        if (statusOf(error) === 404) throw rejected('identity', `answered 404: ${ADVICE}`, { status: 404, call });
        throw error;
      }
    },
    check: async () => {
      const call = "read users by Keycloak's admin API";
      const { status, body } = await http.read({ method: 'GET', path: '/users?max=1', call, accept: [404] });
      if (status === 404 || !Array.isArray(body))
        throw rejected('identity', `answered ${status}: ${ADVICE}`, { status, call });
    },
  };
}
