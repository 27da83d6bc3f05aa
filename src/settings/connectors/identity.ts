import { z } from 'zod';
import { SettingsError } from '../error';
import { httpUrl, readShape, secret, type Environment } from '../variables';
import { complete, secretOf, type Secret, type SystemDescriptor } from './descriptor';

export interface IdentitySettings {
  readonly driver: 'scim' | 'okta';
  readonly url: string;
  readonly token: Secret;
  /** Okta: the profile's attribute that holds MindTickle's user id. */
  readonly userIdAttribute?: string | undefined;
  /** SCIM with Keycloak: its admin API of the realm, which ends sessions. */
  readonly keycloakUrl?: string | undefined;
}

const variables = {
  OKTA_ORG_URL: httpUrl.optional(),
  OKTA_API_TOKEN: secret.optional(),
  /** The profile's attribute that holds MindTickle's user id. */
  OKTA_USER_ID_ATTRIBUTE: z
    .string()
    .regex(/^[A-Za-z]\w*$/, 'not the name of an attribute, such as employeeNumber')
    .optional(),
  SCIM_URL: httpUrl.optional(),
  SCIM_TOKEN: secret.optional(),
  /** Keycloak alone: `https://…/admin/realms/<realm>`, where SCIM_TOKEN ends sessions; its SCIM does not. */
  KEYCLOAK_ADMIN_URL: httpUrl.optional(),
};

export const identity = {
  variables,
  needs: [
    ['SCIM_URL', 'SCIM_TOKEN'],
    ['OKTA_ORG_URL', 'OKTA_API_TOKEN'],
  ],
  toStandIn: ({ url, token }) => ({ SCIM_URL: `${url}/identity/scim/v2`, SCIM_TOKEN: token }),
  read: (env: Environment): IdentitySettings | undefined => {
    const read = readShape(env, variables);
    const okta = complete(read, ['OKTA_ORG_URL', 'OKTA_API_TOKEN']);
    const scim = complete(read, ['SCIM_URL', 'SCIM_TOKEN']);
    const { OKTA_USER_ID_ATTRIBUTE: userIdAttribute, KEYCLOAK_ADMIN_URL: keycloakUrl } = read;
    if (okta && scim) throw new SettingsError(['SCIM_URL: set beside OKTA_ORG_URL; there is one identity provider']);
    if (okta) {
      return {
        driver: 'okta',
        url: okta.OKTA_ORG_URL,
        token: secretOf(env, variables, 'OKTA_API_TOKEN'),
        userIdAttribute,
      };
    }
    if (keycloakUrl !== undefined && !scim) throw new SettingsError(['KEYCLOAK_ADMIN_URL: set without SCIM_URL']);
    return scim && { driver: 'scim', url: scim.SCIM_URL, token: secretOf(env, variables, 'SCIM_TOKEN'), keycloakUrl };
  },
} satisfies SystemDescriptor;
