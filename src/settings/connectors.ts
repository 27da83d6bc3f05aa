import { readFileSync, statSync } from 'node:fs';
import { SYSTEMS, type Mode, type Modes, type System } from '../domain/policy';
import { SettingsError } from './error';
import { readVariables, valueOf, type Environment, type Name, type Read } from './variables';

/** A secret as it stands now: where `<NAME>_FILE` holds it, the file is read again once it has changed. */
export type Secret = () => string;

/** What each connector is reached by. Undefined: the system has no settings, and is `off`. */
export interface Connectors {
  readonly identity?: IdentitySettings | undefined;
  /** The URL holds the password. */
  readonly mail?: { readonly url: Secret; readonly from: string } | undefined;
  /** `file:///…`, or `s3://bucket/prefix` with the AWS SDK's own environment. */
  readonly archive?: { readonly url: string; readonly pathStyle?: boolean } | undefined;
  readonly salesforce?: SalesforceSettings | undefined;
  readonly slack?: SlackSettings | undefined;
  readonly xapi?: { readonly url: string; readonly key: string; readonly secret: Secret } | undefined;
}

export interface SlackSettings {
  /** Of the Web API. */
  readonly url: string;
  readonly token: Secret;
  /** Of the SCIM API, which is another host of Slack's. */
  readonly scimUrl: string;
  readonly scimToken: Secret | undefined;
}

export interface IdentitySettings {
  readonly driver: 'scim' | 'okta';
  readonly url: string;
  readonly token: Secret;
  /** Of Okta's profile: the attribute that holds MindTickle's user id. */
  readonly userIdAttribute?: string | undefined;
  /** Beside SCIM: Keycloak's admin API of the realm, which ends sessions. */
  readonly keycloakUrl?: string | undefined;
}

export interface SalesforceSettings {
  readonly loginUrl: string;
  readonly clientId: string;
  /** OAuth client credentials by `secret`, or a JWT bearer for `username`, signed with the PEM `privateKey`. */
  readonly credential: { readonly secret: Secret } | { readonly privateKey: Secret; readonly username: string };
}

const SALESFORCE = ['SALESFORCE_LOGIN_URL', 'SALESFORCE_CLIENT_ID'] as const;

/** The variables that each connector needs: all of one line. */
export const connectorVariables = {
  identity: [
    ['SCIM_URL', 'SCIM_TOKEN'],
    ['OKTA_ORG_URL', 'OKTA_API_TOKEN'],
  ],
  mail: [['SMTP_URL', 'MAIL_FROM']],
  archive: [['ARCHIVE_URL']],
  salesforce: [
    [...SALESFORCE, 'SALESFORCE_CLIENT_SECRET'],
    [...SALESFORCE, 'SALESFORCE_PRIVATE_KEY', 'SALESFORCE_USERNAME'],
  ],
  slack: [['SLACK_BOT_TOKEN']],
  xapi: [['XAPI_URL', 'XAPI_KEY', 'XAPI_SECRET']],
} as const satisfies Readonly<Record<System, readonly (readonly Name[])[]>>;

/** What may stand beside them. */
export const optionalVariables = {
  identity: ['OKTA_USER_ID_ATTRIBUTE', 'KEYCLOAK_ADMIN_URL'],
  slack: ['SLACK_SCIM_TOKEN', 'SLACK_API_URL'],
} as const satisfies Readonly<Partial<Record<System, readonly Name[]>>>;

const NAMES = [
  ...SYSTEMS.flatMap((system) => connectorVariables[system].flat()),
  ...Object.values(optionalVariables).flat(),
] as const;
type Values = Read<(typeof NAMES)[number]>;

/** @throws SettingsError naming each variable that is malformed, or that is missing while the rest of its connector is set. */
export function readConnectors(env: Environment): Connectors {
  const read = readVariables(env, NAMES);
  const mail = complete(read, ['SMTP_URL', 'MAIL_FROM']);
  const xapi = complete(read, ['XAPI_URL', 'XAPI_KEY', 'XAPI_SECRET']);
  return {
    identity: identityOf(env, read),
    mail: mail && { url: secretOf(env, 'SMTP_URL'), from: mail.MAIL_FROM },
    archive: read.ARCHIVE_URL === undefined ? undefined : { url: read.ARCHIVE_URL, pathStyle: hasEndpoint(env) },
    salesforce: salesforceOf(env, read),
    slack: slackOf(env, read),
    xapi: xapi && { url: xapi.XAPI_URL, key: xapi.XAPI_KEY, secret: secretOf(env, 'XAPI_SECRET') },
  };
}

/** Another endpoint than Amazon's rarely has a host name for each bucket. */
function hasEndpoint(env: Environment): boolean {
  return ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'].some((name) => valueOf(env, name) !== undefined);
}

function identityOf(env: Environment, read: Values): Connectors['identity'] {
  const okta = complete(read, ['OKTA_ORG_URL', 'OKTA_API_TOKEN']);
  const scim = complete(read, ['SCIM_URL', 'SCIM_TOKEN']);
  const { OKTA_USER_ID_ATTRIBUTE: userIdAttribute, KEYCLOAK_ADMIN_URL: keycloakUrl } = read;
  if (okta && scim) throw new SettingsError(['SCIM_URL: set beside OKTA_ORG_URL; there is one identity provider']);
  if (okta) return { driver: 'okta', url: okta.OKTA_ORG_URL, token: secretOf(env, 'OKTA_API_TOKEN'), userIdAttribute };
  if (keycloakUrl !== undefined && !scim) throw new SettingsError(['KEYCLOAK_ADMIN_URL: set without SCIM_URL']);
  return scim && { driver: 'scim', url: scim.SCIM_URL, token: secretOf(env, 'SCIM_TOKEN'), keycloakUrl };
}

function slackOf(env: Environment, read: Values): Connectors['slack'] {
  if (read.SLACK_BOT_TOKEN === undefined) return undefined;
  return {
    url: read.SLACK_API_URL,
    scimUrl: slackScimUrl(read.SLACK_API_URL),
    token: secretOf(env, 'SLACK_BOT_TOKEN'),
    scimToken: read.SLACK_SCIM_TOKEN === undefined ? undefined : secretOf(env, 'SLACK_SCIM_TOKEN'),
  };
}

/**
 * `https://slack.com/api/` → `https://api.slack.com/scim/v2`, and so for GovSlack; anything else is no Slack but stands in
 * for one: `…/api/` → `…/scim/v2`.
 */
function slackScimUrl(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (/^(www\.)?slack(-gov)?\.com$/.test(url.hostname)) url.hostname = `api.${url.hostname.replace('www.', '')}`;
  url.pathname = url.pathname.replace(/(\/api)?\/*$/, '/scim/v2');
  return url.href;
}

function salesforceOf(env: Environment, read: Values): SalesforceSettings | undefined {
  if (read.SALESFORCE_PRIVATE_KEY === undefined) {
    const found = complete(read, ['SALESFORCE_LOGIN_URL', 'SALESFORCE_CLIENT_ID', 'SALESFORCE_CLIENT_SECRET']);
    return (
      found && {
        loginUrl: found.SALESFORCE_LOGIN_URL,
        clientId: found.SALESFORCE_CLIENT_ID,
        credential: { secret: secretOf(env, 'SALESFORCE_CLIENT_SECRET') },
      }
    );
  }
  if (read.SALESFORCE_CLIENT_SECRET !== undefined)
    throw new SettingsError(['SALESFORCE_PRIVATE_KEY: set beside SALESFORCE_CLIENT_SECRET; one of them signs in']);
  const found = complete(read, [
    'SALESFORCE_LOGIN_URL',
    'SALESFORCE_CLIENT_ID',
    'SALESFORCE_PRIVATE_KEY',
    'SALESFORCE_USERNAME',
  ]);
  return (
    found && {
      loginUrl: found.SALESFORCE_LOGIN_URL,
      clientId: found.SALESFORCE_CLIENT_ID,
      credential: { privateKey: secretOf(env, 'SALESFORCE_PRIVATE_KEY'), username: found.SALESFORCE_USERNAME },
    }
  );
}

/** Connectors with settings and no mode named get `whenNotNamed`. @throws SettingsError for a mode without settings. */
export function connectorModes(
  connectors: Connectors,
  named: Readonly<Partial<Record<System, Mode | undefined>>>,
  whenNotNamed: Mode,
): Modes {
  const modeOf = (system: System): Mode => {
    if (connectors[system] !== undefined) return named[system] ?? whenNotNamed;
    if (named[system] === undefined || named[system] === 'off') return 'off';
    throw new SettingsError([
      `connectors.${system}: is \`${named[system]}\`, but the system has no settings in the environment`,
    ]);
  };
  return Object.fromEntries(SYSTEMS.map((system) => [system, modeOf(system)])) as Record<System, Mode>;
}

type Complete<N extends keyof Values> = { readonly [K in N]: NonNullable<Values[K]> };

/** All of them, or undefined when there is none. */
function complete<N extends keyof Values>(read: Values, names: readonly [N, N, ...N[]]): Complete<N> | undefined {
  const missing = names.filter((name) => read[name] === undefined);
  if (missing.length === names.length) return undefined;
  const present = names.find((name) => read[name] !== undefined);
  if (missing.length > 0) throw new SettingsError(missing.map((name) => `${name}: missing, while ${present} is set`));
  return read as Complete<N>;
}

function secretOf(env: Environment, name: Name): Secret {
  const file = env[`${name}_FILE`];
  let known = valueOf(env, name) ?? '';
  if (file === undefined || file === '') return () => known;
  let stamp = stampOf(file);
  return () => {
    const now = stampOf(file);
    if (now === stamp) return known;
    try {
      // Empty: being written. What was good goes on until there is something else.
      known = readFileSync(file, 'utf8').trim() || known;
      stamp = now;
    } catch {
      return known;
    }
    return known;
  };
}

function stampOf(file: string): string {
  try {
    const { mtimeMs, ino, size } = statSync(file);
    return `${mtimeMs} ${ino} ${size}`;
  } catch {
    return 'gone';
  }
}
