import type { SystemSettings } from '../../src/settings';
import type { Write } from '../write-once';
import { createHttp, type Http } from '../http';
import type { IdentityDriver } from './driver';
import { createOktaDriver } from './okta';
import { createScimDriver } from './scim';

/** The identity provider as it is set. The token is asked for each call. */
export function createIdentityDriver(settings: SystemSettings['identity'], write: Write): IdentityDriver {
  const { driver, url, token, userIdAttribute, keycloakUrl } = settings;
  const httpTo = (baseUrl: string, scheme: string, contentType: string): Http =>
    createHttp({
      system: 'identity',
      baseUrl,
      headers: () => ({ authorization: `${scheme} ${token()}`, accept: contentType, 'content-type': contentType }),
      write,
    });
  if (driver === 'okta') return createOktaDriver(httpTo(url, 'SSWS', 'application/json'), { userIdAttribute });
  const scim = createScimDriver(httpTo(url, 'Bearer', 'application/scim+json'));
  return keycloakUrl === undefined
    ? scim
    : { ...scim, endSessions: keycloakLogout(httpTo(keycloakUrl, 'Bearer', 'application/json')) };
}

/**
 * Keycloak's SCIM leaves a session alive when it makes a user inactive; its admin API ends them: 204, and 204 again
 * (tried on 26.7). Users have one id in both.
 */
function keycloakLogout(http: Http): NonNullable<IdentityDriver['endSessions']> {
  return (effect, { id }) => http.write(effect, { method: 'POST', path: `/users/${encodeURIComponent(id)}/logout` });
}
