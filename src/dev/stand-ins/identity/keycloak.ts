import { randomUUID } from 'node:crypto';
import express from 'express';
import { CLIENT_ID } from '../../people';
import { isSecret, Refusal, type Protocol } from '../protocol';
import type { Stored } from '../store';
import type { SystemContext } from '../system';
import { groupAtPath, userById, type Directory } from './directory';
import { requireToken, type IssuedTokens } from './tokens';

/**
 * Of Keycloak what its SCIM lacks: tokens by OAuth 2.0 client credentials, and of the admin API the end of sessions and groups
 * in groups. The client's secret is the token of the settings.
 */
export function keycloak(directory: Stored<Directory>, context: SystemContext, tokens: IssuedTokens): Protocol {
  const routes = express.Router();
  routes.post('/realms/acme/protocol/openid-connect/token', ({ body, headers }, response) => {
    const { grant_type: grant, client_id: id, client_secret: secret } = (body ?? {}) as Record<string, unknown>;
    const basic = Buffer.from(`${CLIENT_ID}:${context.token}`).toString('base64');
    const isClient =
      (id === CLIENT_ID && isSecret(secret, context.token)) || headers.authorization === `Basic ${basic}`;
    if (grant !== 'client_credentials') throw new Refusal(400, 'unsupported_grant_type', 'Not by this grant');
    if (!isClient) throw new Refusal(401, 'unauthorized_client', 'Invalid client or Invalid client credentials');
    const { token, seconds } = tokens.issue();
    response.json({ access_token: token, expires_in: seconds, token_type: 'Bearer' });
  });
  routes.use('/admin/realms/acme', requireToken(context, tokens), admin(directory, context));
  return {
    path: '/keycloak',
    parsers: [express.json(), express.urlencoded({ extended: false })],
    routes,
    refuse: (response, { status, code, message }) => {
      response.status(status).json({ error: code, error_description: message });
    },
  };
}

function admin(directory: Stored<Directory>, { now }: SystemContext): express.Router {
  const router = express.Router();
  router.get('/users', (_request, response) => {
    response.json(directory.read().users.map(({ id, userName: username }) => ({ id, username })));
  });
  router.post('/users/:id/logout', ({ params: { id } }, response) => {
    const before = directory.read();
    if (userById(before, id) === undefined) throw new Refusal(404, 'User not found', 'There is no such user');
    const users = before.users.map((user) => (user.id === id ? { ...user, sessions: 0, tokens: 0 } : user));
    directory.write({ ...before, users });
    response.sendStatus(204);
  });
  router.get('/group-by-path/*path', ({ params: { path } }, response) => {
    const names = [path].flat().filter((name) => name !== '');
    const group = groupAtPath(directory.read(), names);
    if (group === undefined) throw new Refusal(404, 'Group path does not exist', 'There is no such group');
    response.json({ id: group.id, name: group.displayName, path: `/${names.join('/')}` });
  });
  router.post('/groups/:id/children', ({ params: { id: parent }, body }, response) => {
    const before = directory.read();
    const { name } = (body ?? {}) as { readonly name?: unknown };
    if (!before.groups.some(({ id }) => id === parent)) throw new Refusal(404, 'not-found', 'There is no such group');
    if (typeof name !== 'string' || name === '') throw new Refusal(400, 'invalid', 'A group has a name');
    const at = now().toISOString();
    const group = { id: randomUUID(), displayName: name, members: [], created: at, lastModified: at, parent };
    directory.write({ ...before, groups: [...before.groups, group] });
    response.status(201).json({ id: group.id, name });
  });
  return router;
}
