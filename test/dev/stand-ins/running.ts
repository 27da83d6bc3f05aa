import { createTransport } from 'nodemailer';
import { startStandIns, type StandIns, type StandInsOptions, type StandInsState } from '../../../src/dev/stand-ins';
import { createLogger } from '../../../src/telemetry';

export const TOKEN = 'a-token-of-the-tests';

const running: StandIns[] = [];

/** Started on free ports, to be ended by `stopAll`. */
export async function start(options: Partial<StandInsOptions> = {}): Promise<StandIns> {
  const log = createLogger('stand-ins', 'silent');
  const standIns = await startStandIns({ port: 0, token: TOKEN, log, ...options });
  running.push(standIns);
  return standIns;
}

export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map(async ({ stop }) => stop()));
}

export async function stateOf({ url }: StandIns): Promise<StandInsState> {
  const response = await fetch(`${url}/_state`);
  return (await response.json()) as StandInsState;
}

export async function setFault(standIns: StandIns, system: string, fault: unknown): Promise<Response> {
  return send(standIns, 'PUT', `/_faults/${system}`, JSON.stringify(fault));
}

export async function pageOf({ url }: StandIns): Promise<string> {
  return (await fetch(url)).text();
}

/** One request, as JSON when `body` is no string. */
export async function send(
  { url }: StandIns,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** One SCIM request; `path` is under the base URL. */
export async function scim(
  standIns: StandIns,
  method: string,
  path: string,
  body?: unknown,
  token = TOKEN,
  base = '/identity/scim/v2',
): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
  return send(standIns, method, `${base}${path}`, body, headers);
}

/** One request to Okta's management API. */
export async function okta(
  standIns: StandIns,
  method: string,
  path: string,
  body?: unknown,
  token = TOKEN,
): Promise<Response> {
  return send(standIns, method, `/identity/okta/api/v1${path}`, body, { authorization: `SSWS ${token}` });
}

export function patch(...operations: readonly object[]): object {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
}

export async function userId(standIns: StandIns, externalId: string): Promise<string> {
  const { identity } = await stateOf(standIns);
  return known(identity.users.find((user) => user.externalId === externalId)?.id);
}

export async function groupId(standIns: StandIns, displayName: string): Promise<string> {
  const { identity } = await stateOf(standIns);
  return known(identity.groups.find((group) => group.displayName === displayName)?.id);
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such person or group');
  return value;
}

export const mailToOmar = {
  from: 'Enablement <enablement@example.com>',
  to: 'Omar Haddad <omar.haddad@example.com>',
  subject: 'Welcome',
  text: 'Hello Omar',
  messageId: '<welcome-1@example.com>',
};

/** Send one mail over a connection of its own. Rejects as nodemailer does, with `responseCode` when there was a reply. */
export async function sendMail({ smtpUrl }: StandIns, message: object = mailToOmar): Promise<void> {
  const transport = createTransport(smtpUrl);
  try {
    await transport.sendMail(message);
  } finally {
    transport.close();
  }
}
