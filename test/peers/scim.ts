import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Pool } from 'pg';
import type { SystemSettings } from '../../src/settings';
import { at, connectTo } from '../activities/running';
import { freePort } from '../free-port';
import { onEnd, run } from './processes';
import type { Proxy } from './toxiproxy';
import { tryPeer, type Outcome, type PeerTrial } from './trial';

const TOKEN = 'a-token-of-the-peers';

export async function startScim(program: string): Promise<number> {
  const port = await freePort();
  await run(program, ['--port', String(port), '--bearer-token', TOKEN], port);
  return port;
}

/**
 * The same server with what others are known for (Keycloak 26.7): `externalId` is not kept, `members` and a user's
 * `groups` are not returned, PATCH answers 200 with a body, and errors are plain JSON.
 */
export async function startWithHabits(upstream: number): Promise<number> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const answer = await fetch(`http://127.0.0.1:${upstream}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers: {
          authorization: request.headers.authorization ?? '',
          'content-type': request.headers['content-type'] ?? 'application/scim+json',
        },
        ...(body.length > 0 && { body: new Uint8Array(body) }),
      });
      const text = await answer.text();
      const status = request.method === 'PATCH' && answer.status === 204 ? 200 : answer.status;
      response.writeHead(status, { 'content-type': 'application/json' }).end(text === '' ? '{}' : forget(text));
    })().catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

const FORGOTTEN = ['externalId', 'members', 'groups'];

function forget(text: string): string {
  const drop = (key: string, value: unknown): unknown => (FORGOTTEN.includes(key) ? undefined : value);
  return JSON.stringify(JSON.parse(text, drop));
}

/** A SCIM server, as it is asked what it holds. */
export interface ScimPeer {
  /** Not through the proxy. */
  readonly url: string;
  readonly token: () => Promise<string>;
  /** Of the connector, at the URL that it is given. */
  readonly settings: (url: string) => SystemSettings['identity'];
  /** How much longer than others it may take. */
  readonly patience?: number;
}

export const withToken = (port: number): ScimPeer => ({
  url: `http://127.0.0.1:${port}/v2`,
  token: () => Promise.resolve(TOKEN),
  settings: (url) => at.scim(url, TOKEN),
});

export async function askScim(
  { url, token }: ScimPeer,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'application/scim+json' };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(`${url}${path}`, init);
  if (!response.ok) throw new Error(`SCIM answered ${response.status} to ${method} ${path}`);
  return (await response.json()) as Record<string, unknown>;
}

/** Freezes a user and joins a group, each with every fault. `port`: where the connector goes, but for the proxy. */
export async function tryScim(pool: Pool, peer: ScimPeer, port: number, proxy: Proxy | undefined): Promise<Outcome> {
  const url = peer.url.replace(/:\d+/, `:${proxy?.port ?? port}`);
  const ask = (method: string, path: string, body?: object) => askScim(peer, method, path, body);
  const group = `Certified ${randomUUID()}`;
  const { id: groupId } = await ask('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: group,
  });

  async function newUser(): Promise<{ id: string; email: string }> {
    const email = `${randomUUID()}@example.com`;
    const { id } = await ask('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: email,
      name: { givenName: 'Rita', familyName: 'Alvarez' },
      emails: [{ value: email, type: 'work', primary: true }],
      active: true,
    });
    return { id: String(id), email };
  }

  const members = async (id: string): Promise<number> => {
    const found = await ask('GET', `/Groups/${String(groupId)}?attributes=members`);
    return ((found['members'] ?? []) as { value: string }[]).filter(({ value }) => value === id).length;
  };
  const freeze = await tryPeer({
    pool,
    proxy,
    fresh: async (options) => {
      const { id, email } = await newUser();
      const { freezeUser } = connector(pool, peer, url, options);
      return {
        step: (context) => freezeUser(context, { userId: 'nobody', email }),
        effects: async () => Number((await ask('GET', `/Users/${id}`))['active'] === false),
      };
    },
  });
  const join = await tryPeer({
    pool,
    proxy,
    fresh: async (options) => {
      const { id, email } = await newUser();
      const { joinGroup } = connector(pool, peer, url, options);
      return { step: (context) => joinGroup(context, { userId: 'nobody', email }, group), effects: () => members(id) };
    },
  });
  return { calls: freeze.calls + join.calls, faults: freeze.faults };
}

function connector(
  pool: Pool,
  { settings, patience = 1 }: ScimPeer,
  url: string,
  { onWrite, timeoutMs = 5000 }: Parameters<PeerTrial['fresh']>[0],
) {
  let isFirst = true;
  const send: typeof fetch = async (input, init) => {
    const isSignIn = typeof input === 'string' && input.endsWith('/token');
    if (init?.method !== 'GET' && !isSignIn && isFirst) {
      isFirst = false;
      await onWrite?.();
    }
    return fetch(input, init);
  };
  return connectTo(pool, 'identity', settings(url), { timeoutMs: timeoutMs * patience, fetch: send });
}
