import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { connectTo, workflow } from '../activities/running';
import { freePort } from '../free-port';
import { run } from './processes';
import { askScim, tryScim, type ScimPeer } from './scim';
import type { Proxy } from './toxiproxy';
import type { Outcome } from './trial';

const ADMIN = 'admin';
const CLIENT = 'mindtickle';
const SECRET = 'a-secret-of-the-peers';
const ROLES = ['manage-users', 'view-users', 'query-users', 'query-groups'];

export interface Keycloak extends ScimPeer {
  readonly port: number;
  readonly adminUrl: string;
  readonly admin: (method: string, path: string, body?: unknown) => Promise<unknown>;
}

/** With a realm that has what docs/connectors.md asks for; its tokens live for a minute. */
export async function startKeycloak(program: string): Promise<Keycloak> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = [
    ...['start-dev', '--features=scim-api', '--db=dev-mem', '--log-level=error', `--hostname=${origin}`],
    ...['--http-host=127.0.0.1', `--http-port=${port}`],
  ];
  const env = { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN, KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN };
  await run(program, args, port, { env: { ...env, JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx768m' }, limitMs: 600_000 });
  const tokenUrl = (realm: string): string => `${origin}/realms/${realm}/protocol/openid-connect/token`;
  const tokenOf = async (realm: string, form: Record<string, string>): Promise<string> => {
    const response = await fetch(tokenUrl(realm), { method: 'POST', body: new URLSearchParams(form) });
    if (!response.ok) throw new Error(`Keycloak answered ${response.status} to a sign-in`);
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const asAdmin = { grant_type: 'password', client_id: 'admin-cli', username: ADMIN, password: ADMIN };
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${await tokenOf('master', asAdmin)}`, 'content-type': 'application/json' };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${origin}/admin/realms${path}`, init);
    if (!response.ok) throw new Error(`Keycloak answered ${response.status} to ${method} ${path}`);
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  await untilReady(origin);
  const url = `${origin}/realms/acme/scim/v2`;
  await makeRealm(admin, url);
  const signIn = { url: tokenUrl('acme'), clientId: CLIENT };
  const asClient = { grant_type: 'client_credentials', client_id: CLIENT, client_secret: SECRET };
  const adminUrl = `${origin}/admin/realms/acme`;
  return {
    port,
    url,
    adminUrl,
    admin,
    token: () => tokenOf('acme', asClient),
    settings: (at) => ({ driver: 'scim', url: at, token: () => SECRET, signIn, keycloakUrl: adminUrl }),
    patience: 5,
  };
}

async function untilReady(origin: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const isReady = await fetch(`${origin}/realms/master`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(200);
  }
  throw new Error('Keycloak is never ready');
}

async function makeRealm(admin: Keycloak['admin'], audience: string): Promise<void> {
  await admin('POST', '', { realm: 'acme', enabled: true, scimApiEnabled: true, accessTokenLifespan: 60 });
  const config = { 'included.custom.audience': audience, 'access.token.claim': 'true' };
  await admin('POST', '/acme/clients', {
    clientId: CLIENT,
    secret: SECRET,
    enabled: true,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    protocolMappers: [{ name: 'audience', protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper', config }],
  });
  const [account] = (await admin('GET', `/acme/users?username=service-account-${CLIENT}`)) as [{ id: string }];
  const [manager] = (await admin('GET', '/acme/clients?clientId=realm-management')) as [{ id: string }];
  const roles = await Promise.all(ROLES.map((role) => admin('GET', `/acme/clients/${manager.id}/roles/${role}`)));
  await admin('POST', `/acme/users/${account.id}/role-mappings/clients/${manager.id}`, roles);
}

/** What every SCIM server is tried with, and what Keycloak is known for. */
export async function tryKeycloak(pool: Pool, keycloak: Keycloak, proxy: Proxy | undefined): Promise<Outcome> {
  const outcome = await tryScim(pool, keycloak, keycloak.port, proxy);
  const email = `${randomUUID()}@example.com`;
  const person = { userId: 'u1', email: email.toUpperCase() };
  const { id } = (await askScim(keycloak, 'POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: `jdoe-${randomUUID()}`,
    name: { givenName: 'Jane', familyName: 'Doe' },
    emails: [{ value: email, type: 'work', primary: true }],
    active: true,
  })) as { id: string };
  const groupsOf = async (): Promise<readonly { path: string }[]> =>
    (await keycloak.admin('GET', `/acme/users/${id}/groups?max=1000`)) as { path: string }[];
  const identity = connectTo(pool, 'identity', keycloak.settings(keycloak.url), { timeoutMs: 20_000 });
  const { run: perform, step } = workflow({ workflowId: `keycloak-${randomUUID()}` });

  const parent = await newGroup(keycloak, '/groups', 'Parent');
  const child = await newGroup(keycloak, `/groups/${parent}/children`, 'Child');
  const path = '/Parent/Child';
  assert.equal(await perform(identity.joinGroup, step('join'), person, path), 'done');
  assert.deepEqual(
    (await groupsOf()).map((group) => group.path),
    [path],
  );
  assert.equal(
    await perform(identity.joinGroup, step('joinAgain'), person, path),
    'unchanged',
    'a join that is not ours',
  );
  assert.equal(await perform(identity.restoreUser, step('undoAgain'), person, 'joinAgain', null), 'unchanged');
  assert.equal(await perform(identity.restoreUser, step('undoJoin'), person, 'join', null), 'done');
  assert.deepEqual(await groupsOf(), [], 'an undo that left the user in the group');
  await keycloak.admin('PUT', `/acme/users/${id}/groups/${child}`);
  assert.equal(await perform(identity.leaveGroup, step('leave'), person, path, null), 'done');
  assert.deepEqual(await groupsOf(), [], 'a subgroup that was not left');

  for (const group of [parent, child]) await keycloak.admin('PUT', `/acme/users/${id}/groups/${group}`);
  for (let index = 0; index < MANY_GROUPS; index += 1) {
    const group = await newGroup(keycloak, '/groups', `Group ${index}`);
    await keycloak.admin('PUT', `/acme/users/${id}/groups/${group}`);
  }
  await perform(identity.leaveGroups, step('leaveGroups'), person);
  assert.deepEqual(await groupsOf(), [], 'groups that were not left');
  assert.equal(await perform(identity.freezeUser, step('freeze'), person), 'done', 'sessions that were not ended');
  return outcome;
}

/** More than a page of Keycloak's. */
const MANY_GROUPS = 130;

async function newGroup({ admin }: Keycloak, path: string, name: string): Promise<string> {
  await admin('POST', `/acme${path}`, { name });
  const found = (await admin('GET', `/acme${path}?search=${encodeURIComponent(name)}&exact=true&max=1000`)) as {
    id: string;
    name: string;
  }[];
  const group = found.find((one) => one.name === name);
  assert.ok(group !== undefined, `the group ${name} is there`);
  return group.id;
}
