import type { SystemSettings } from '../../src/settings';
import type { ConnectorDeps } from '../connector';
import { createHttp, type Http } from '../http';
import type { Write } from '../write-once';
import type { IdentityDriver } from './driver';
import { withKeycloak } from './keycloak';
import { createOktaDriver } from './okta';
import { createScimDriver } from './scim';
import { createSignedIn, createTokens } from './tokens';

/** The driver of the provider that the settings name. */
export function driverOf(settings: SystemSettings['identity'], write: Write, deps: ConnectorDeps): IdentityDriver {
  const { driver, url, keycloakUrl } = settings;
  const httpTo = createHttpTo(settings, write, deps);
  if (driver === 'okta') return createOktaDriver(httpTo(url, 'SSWS'), settings);
  const scim = createScimDriver(httpTo(url, 'Bearer', 'application/scim+json'), settings);
  return keycloakUrl === undefined ? scim : withKeycloak(scim, httpTo(keycloakUrl, 'Bearer'));
}

/** By the one token of the settings, or by one that is asked for when it is needed. */
function createHttpTo(
  { token, signIn }: SystemSettings['identity'],
  write: Write,
  deps: ConnectorDeps,
): (baseUrl: string, scheme: string, contentType?: string) => Http {
  const tokens = signIn && createTokens({ ...signIn, secret: token }, deps);
  return (baseUrl, scheme, contentType = 'application/json') => {
    const httpWith = (current: () => string): Http => {
      const headers = (): Record<string, string> => ({
        authorization: `${scheme} ${current()}`,
        accept: contentType,
        'content-type': contentType,
      });
      return createHttp({ system: 'identity', baseUrl, headers, write, ...deps });
    };
    return tokens === undefined ? httpWith(token) : createSignedIn(tokens, (text) => httpWith(() => text), write);
  };
}
