import { z } from 'zod';
import { SettingsError } from '../error';
import { httpUrl, readShape, secret, type Environment } from '../variables';
import { complete, type Secret, type SecretOf, type SystemDescriptor } from './descriptor';

export interface IdentitySettings {
  readonly driver: 'scim' | 'okta';
  readonly url: string;
  /** A bearer token; with `signIn`, the client's secret, which gets one. */
  readonly token: Secret;
  readonly signIn?: SignIn | undefined;
  /** What holds MindTickle's user id. Okta: absent, nothing does. SCIM: absent, `externalId`; `none`, nothing. */
  readonly userIdAttribute?: string | undefined;
  /** SCIM with Keycloak: its admin API of the realm, which ends sessions. */
  readonly keycloakUrl?: string | undefined;
}

/** OAuth 2.0 client credentials (RFC 6749 §4.4), for access tokens that expire. */
interface SignIn {
  /** Of the token endpoint. */
  readonly url: string;
  readonly clientId: string;
  readonly scope?: string | undefined;
}

/** A name or a path (`emails.value`); of an extension, after its URN and a colon. */
const ATTRIBUTE = /^(urn:[\w.:-]+:)?[A-Za-z$][\w$-]*(\.[A-Za-z][\w-]*)*$/;

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
  /** OAuth 2.0 client credentials instead of SCIM_TOKEN: where tokens expire. */
  SCIM_TOKEN_URL: httpUrl.optional(),
  SCIM_CLIENT_ID: z.string().optional(),
  SCIM_CLIENT_SECRET: secret.optional(),
  /** Entra: `https://graph.microsoft.com/.default`. */
  SCIM_TOKEN_SCOPE: z.string().optional(),
  /** The attribute that holds MindTickle's user id; `none` where nothing does. */
  SCIM_USER_ID_ATTRIBUTE: z.string().regex(ATTRIBUTE, 'not the name of an attribute, such as externalId').optional(),
  /** Keycloak alone: `https://…/admin/realms/<realm>`, which ends sessions and finds subgroups; its SCIM does not. */
  KEYCLOAK_ADMIN_URL: httpUrl.optional(),
};

const BY_TOKEN = ['SCIM_URL', 'SCIM_TOKEN'] as const;
const BY_CLIENT = ['SCIM_URL', 'SCIM_TOKEN_URL', 'SCIM_CLIENT_ID', 'SCIM_CLIENT_SECRET'] as const;
const BY_OKTA = ['OKTA_ORG_URL', 'OKTA_API_TOKEN'] as const;

type Read = ReturnType<typeof readShape<typeof variables>>;

export const identity = {
  variables,
  needs: [BY_TOKEN, BY_CLIENT, BY_OKTA],
  toStandIn: ({ url, token }) => ({ SCIM_URL: `${url}/identity/scim/v2`, SCIM_TOKEN: token }),
  read: (env: Environment, secretOf: SecretOf): IdentitySettings | undefined => {
    const read = readShape(env, variables);
    const okta = complete(read, BY_OKTA);
    const scim = readScim(read, secretOf);
    if (okta && scim) throw new SettingsError(['SCIM_URL: set beside OKTA_ORG_URL; there is one identity provider']);
    if (okta) {
      const token = secretOf('OKTA_API_TOKEN');
      return { driver: 'okta', url: okta.OKTA_ORG_URL, token, userIdAttribute: read.OKTA_USER_ID_ATTRIBUTE };
    }
    if (read.KEYCLOAK_ADMIN_URL !== undefined && !scim)
      throw new SettingsError(['KEYCLOAK_ADMIN_URL: set without SCIM_URL']);
    return scim;
  },
} satisfies SystemDescriptor;

function readScim(read: Read, secretOf: SecretOf): IdentitySettings | undefined {
  const isByClient = BY_CLIENT.some((name) => name !== 'SCIM_URL' && read[name] !== undefined);
  if (isByClient && read.SCIM_TOKEN !== undefined)
    throw new SettingsError(['SCIM_TOKEN: set beside SCIM_TOKEN_URL or SCIM_CLIENT_ID; one of them signs in']);
  const own = {
    driver: 'scim',
    userIdAttribute: read.SCIM_USER_ID_ATTRIBUTE,
    keycloakUrl: read.KEYCLOAK_ADMIN_URL,
  } as const;
  if (!isByClient) {
    const found = complete(read, BY_TOKEN);
    return found && { ...own, url: found.SCIM_URL, token: secretOf('SCIM_TOKEN') };
  }
  const found = complete(read, BY_CLIENT);
  if (found === undefined) return undefined;
  const { SCIM_URL: url, SCIM_TOKEN_URL, SCIM_CLIENT_ID: clientId } = found;
  const signIn = { url: SCIM_TOKEN_URL, clientId, scope: read.SCIM_TOKEN_SCOPE };
  return { ...own, url, token: secretOf('SCIM_CLIENT_SECRET'), signIn };
}
