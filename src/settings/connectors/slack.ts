import { httpUrl, readShape, secret, type Environment } from '../variables';
import type { Secret, SecretOf, SystemDescriptor } from './descriptor';

export interface SlackSettings {
  /** Base URL of the Web API. */
  readonly url: string;
  readonly token: Secret;
  /** Base URL of the SCIM API, which is on another host of Slack's. */
  readonly scimUrl: string;
  readonly scimToken: Secret | undefined;
}

const variables = {
  SLACK_BOT_TOKEN: secret.optional(),
  /** For plans that have Slack's SCIM API: a leaver's account is deactivated with it. */
  SLACK_SCIM_TOKEN: secret.optional(),
  SLACK_API_URL: httpUrl.default('https://slack.com/api/'),
};

export const slack = {
  variables,
  needs: [['SLACK_BOT_TOKEN']],
  toStandIn: ({ url, token }) => ({
    SLACK_API_URL: `${url}/slack/api`,
    SLACK_BOT_TOKEN: token,
    SLACK_SCIM_TOKEN: token,
  }),
  read: (env: Environment, secretOf: SecretOf): SlackSettings | undefined => {
    const { SLACK_BOT_TOKEN, SLACK_SCIM_TOKEN, SLACK_API_URL: url } = readShape(env, variables);
    if (SLACK_BOT_TOKEN === undefined) return undefined;
    return {
      url,
      scimUrl: scimUrlOf(url),
      token: secretOf('SLACK_BOT_TOKEN'),
      scimToken: SLACK_SCIM_TOKEN === undefined ? undefined : secretOf('SLACK_SCIM_TOKEN'),
    };
  },
} satisfies SystemDescriptor;

/**
 * `https://slack.com/api/` → `https://api.slack.com/scim/v2`, and so for GovSlack. Any other host is a stand-in or a
 * proxy: `…/api/` → `…/scim/v2`.
 */
function scimUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (/^(www\.)?slack(-gov)?\.com$/.test(url.hostname)) url.hostname = `api.${url.hostname.replace('www.', '')}`;
  url.pathname = url.pathname.replace(/(\/api)?\/*$/, '/scim/v2');
  return url.href;
}
