import { z } from 'zod';
import { httpUrl, readShape, secret, type Environment } from '../variables';
import { complete, type Secret, type SecretOf, type SystemDescriptor } from './descriptor';

export interface XapiSettings {
  readonly url: string;
  readonly key: string;
  readonly secret: Secret;
}

const variables = {
  XAPI_URL: httpUrl.optional(),
  XAPI_KEY: z.string().optional(),
  XAPI_SECRET: secret.optional(),
};

export const xapi = {
  variables,
  needs: [['XAPI_URL', 'XAPI_KEY', 'XAPI_SECRET']],
  toStandIn: ({ url, clientId, token }) => ({ XAPI_URL: `${url}/xapi`, XAPI_KEY: clientId, XAPI_SECRET: token }),
  read: (env: Environment, secretOf: SecretOf): XapiSettings | undefined => {
    const found = complete(readShape(env, variables), ['XAPI_URL', 'XAPI_KEY', 'XAPI_SECRET']);
    return found && { url: found.XAPI_URL, key: found.XAPI_KEY, secret: secretOf('XAPI_SECRET') };
  },
} satisfies SystemDescriptor;
