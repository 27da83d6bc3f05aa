import { z } from 'zod';
import { SettingsError } from '../error';
import { httpUrl, readShape, secret, type Environment } from '../variables';
import { complete, type Secret, type SecretOf, type SystemDescriptor } from './descriptor';

export interface SalesforceSettings {
  readonly loginUrl: string;
  readonly clientId: string;
  /** OAuth client credentials by `secret`, or a JWT bearer for `username`, signed with the PEM `privateKey`. */
  readonly credential: { readonly secret: Secret } | { readonly privateKey: Secret; readonly username: string };
}

const variables = {
  SALESFORCE_LOGIN_URL: httpUrl.optional(),
  SALESFORCE_CLIENT_ID: z.string().optional(),
  SALESFORCE_CLIENT_SECRET: secret.optional(),
  /** PEM, PKCS #8: signs a JWT bearer for SALESFORCE_USERNAME. */
  SALESFORCE_PRIVATE_KEY: z.string().includes('PRIVATE KEY').optional(),
  SALESFORCE_USERNAME: z.string().optional(),
};

const APP = ['SALESFORCE_LOGIN_URL', 'SALESFORCE_CLIENT_ID'] as const;
const BY_SECRET = [...APP, 'SALESFORCE_CLIENT_SECRET'] as const;
const BY_KEY = [...APP, 'SALESFORCE_PRIVATE_KEY', 'SALESFORCE_USERNAME'] as const;

export const salesforce = {
  variables,
  needs: [BY_SECRET, BY_KEY],
  toStandIn: ({ url, clientId, token }) => ({
    SALESFORCE_LOGIN_URL: `${url}/salesforce`,
    SALESFORCE_CLIENT_ID: clientId,
    SALESFORCE_CLIENT_SECRET: token,
  }),
  read: (env: Environment, secretOf: SecretOf): SalesforceSettings | undefined => {
    const read = readShape(env, variables);
    const hasKey = read.SALESFORCE_PRIVATE_KEY !== undefined;
    if (hasKey && read.SALESFORCE_CLIENT_SECRET !== undefined)
      throw new SettingsError(['SALESFORCE_PRIVATE_KEY: set beside SALESFORCE_CLIENT_SECRET; one of them signs in']);
    const found = complete(read, hasKey ? BY_KEY : BY_SECRET);
    if (found === undefined) return undefined;
    const { SALESFORCE_LOGIN_URL: loginUrl, SALESFORCE_CLIENT_ID: clientId } = found;
    const credential = hasKey
      ? { privateKey: secretOf('SALESFORCE_PRIVATE_KEY'), username: read.SALESFORCE_USERNAME ?? '' }
      : { secret: secretOf('SALESFORCE_CLIENT_SECRET') };
    return { loginUrl, clientId, credential };
  },
} satisfies SystemDescriptor;
