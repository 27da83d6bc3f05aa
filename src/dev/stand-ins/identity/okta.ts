import { randomUUID } from 'node:crypto';
import express, { type Request, type Response } from 'express';
import { Refusal, requireAuthorization, type Protocol } from '../protocol';
import { matching, type Resource } from '../scim';
import type { Stored } from '../store';
import type { SystemContext } from '../system';
import { groupsOf, oktaStatus, userById, type Directory, type DirectoryUser } from './directory';
import {
  EVERYONE,
  GROUP_SEARCH,
  groupResource,
  TRANSITIONS,
  typeOf,
  USER_SEARCH,
  userResource,
} from './okta-resources';

/** A page may hold fewer than were asked for: this shows who relies on more. */
const PAGE = 20;

/** By error code: status and summary (developer.okta.com/docs/reference/error-codes). */
const ERRORS = {
  E0000001: [400, 'Api validation failed'],
  E0000007: [404, 'Not found: Resource not found'],
  E0000009: [500, 'Internal Server Error'],
  E0000011: [401, 'Invalid token provided'],
  E0000031: [400, 'Invalid search criteria.'],
  E0000047: [429, 'API call exceeded rate limit due to too many requests.'],
} as const;

function oktaError(code: keyof typeof ERRORS, cause = ''): Refusal {
  return new Refusal(ERRORS[code][0], code, cause);
}

/**
 * Okta's management API, as far as a leaver and a group member need it, on the directory that SCIM shows too. Strict
 * where Okta is: lifecycle operations require the right status, only groups of Okta's own can be changed, lists are paged.
 */
export function okta(directory: Stored<Directory>, { token, now }: SystemContext): Protocol {
  const routes = express.Router();
  routes.use(requireAuthorization(`SSWS ${token}`, oktaError('E0000011')));
  addUsers(routes, directory, now);
  addGroups(routes, directory, now);
  return { path: '/okta/api/v1', routes, refuse: refuseAsOkta(now) };
}

function addUsers(routes: express.Router, directory: Stored<Directory>, now: () => Date): void {
  function change(id: string, changed: Partial<DirectoryUser>): void {
    const before = directory.read();
    const lastModified = now().toISOString();
    const users = before.users.map((user) => (user.id === id ? { ...user, ...changed, lastModified } : user));
    directory.write({ ...before, users });
  }

  routes.get('/users', ({ query }, response) => {
    const { users } = directory.read();
    const found = users.map((user) => userResource(directory.read(), user));
    const { search } = query;
    sendPage(response, search === undefined ? found : found.filter(matching(search, [], USER_SEARCH)));
  });
  routes.get('/users/:user', ({ params }, response) => {
    response.json(userResource(directory.read(), findUser(directory.read(), params.user)));
  });
  routes.get('/users/:user/groups', ({ params }, response) => {
    const { id } = findUser(directory.read(), params.user);
    sendPage(response, [EVERYONE, ...groupsOf(directory.read(), id).map(groupResource)]);
  });
  routes.delete('/users/:user/sessions', ({ params, query }, response) => {
    const { id } = findUser(directory.read(), params.user);
    change(id, { sessions: 0, ...(query['oauthTokens'] === 'true' && { tokens: 0 }) });
    response.sendStatus(204);
  });
  routes.post('/users/:user/lifecycle/:transition', ({ params }, response) => {
    const user = findUser(directory.read(), params.user);
    const transition = TRANSITIONS[params.transition];
    if (transition === undefined) throw oktaError('E0000007');
    if (!transition.from.includes(oktaStatus(user)))
      throw oktaError('E0000001', 'Cannot do this to a user of this status');
    const active = transition.to === 'ACTIVE' || transition.to === 'PASSWORD_EXPIRED';
    change(user.id, { status: transition.to, active });
    response.json({});
  });
}

function addGroups(routes: express.Router, directory: Stored<Directory>, now: () => Date): void {
  routes.get('/groups', ({ query }, response) => {
    const { search, q } = query;
    const prefix = typeof q === 'string' ? q.toLowerCase() : '';
    const all = [EVERYONE, ...directory.read().groups.map(groupResource)];
    const isFound =
      search === undefined
        ? ({ profile }: (typeof all)[number]) => profile.name.toLowerCase().startsWith(prefix)
        : matching(search, [], GROUP_SEARCH);
    sendPage(response, all.filter(isFound));
  });
  routes.post('/groups', (request, response) => {
    const { profile } = (request.body ?? {}) as { profile?: { name?: unknown } };
    const name = profile?.name;
    const before = directory.read();
    const isTaken = (text: string): boolean =>
      before.groups.some(({ displayName }) => displayName.toLowerCase() === text.toLowerCase());
    if (typeof name !== 'string' || name === '' || isTaken(name))
      throw oktaError('E0000001', 'name: missing, or taken in this organization');
    const at = now().toISOString();
    const group = { id: randomUUID(), displayName: name, members: [], created: at, lastModified: at };
    directory.write({ ...before, groups: [...before.groups, group] });
    response.json(groupResource(group));
  });

  const setMember = ({ method, params }: Request<{ group: string; user: string }>, response: Response): void => {
    const before = directory.read();
    const { id: value } = findUser(before, params.user);
    const group = before.groups.find(({ id }) => id === params.group);
    if (group === undefined && params.group !== EVERYONE.id) throw oktaError('E0000007');
    if (group === undefined || typeOf(group) !== 'OKTA_GROUP')
      throw oktaError('E0000001', 'Only groups of type OKTA_GROUP can be changed');
    const isMember = group.members.some((member) => member.value === value);
    if (isMember !== (method === 'PUT')) {
      const others = group.members.filter((member) => member.value !== value);
      const members = isMember ? others : [...others, { value }];
      const changed = { ...group, members, lastModified: now().toISOString() };
      directory.write({ ...before, groups: before.groups.map((one) => (one === group ? changed : one)) });
    }
    response.sendStatus(204);
  };
  routes.route('/groups/:group/users/:user').put(setMember).delete(setMember);
}

/** By id or login. @throws Refusal */
function findUser(directory: Directory, idOrLogin: string): DirectoryUser {
  const byLogin = directory.users.find(({ userName }) => userName.toLowerCase() === idOrLogin.toLowerCase());
  const user = userById(directory, idOrLogin) ?? byLogin;
  if (user === undefined) throw oktaError('E0000007');
  return user;
}

/** A page, and the next one's address as a link (RFC 8288); the cursor is opaque to the client. */
function sendPage(response: Response, all: readonly Resource[]): void {
  const { query, originalUrl, headers } = response.req;
  const limit = Math.min(Math.max(Number(query['limit'] ?? PAGE) || PAGE, 1), PAGE);
  const after = query['after'];
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const page = all.slice(start, start + limit);
  const self = new URL(originalUrl, `http://${headers.host ?? 'localhost'}`);
  const links = [`<${self.href}>; rel="self"`];
  if (start + limit < all.length) {
    self.searchParams.set('after', String(page.at(-1)?.['id']));
    links.push(`<${self.href}>; rel="next"`);
  }
  // As Okta does: a header each.
  response.set('Link', links);
  response.json(page);
}

function refuseAsOkta(now: () => Date): Protocol['refuse'] {
  return (response, refusal) => {
    const { status, message } = refusal;
    if (status === 429) {
      // Okta says when to come back in a header of its own, in epoch seconds.
      const reset = Math.ceil(now().getTime() / 1000) + Number(response.get('Retry-After') ?? 0);
      response.removeHeader('Retry-After');
      response.set({ 'X-Rate-Limit-Limit': '600', 'X-Rate-Limit-Remaining': '0', 'X-Rate-Limit-Reset': String(reset) });
      response.set('Date', now().toUTCString());
    }
    const errorCode = codeOf(refusal);
    const said = { errorCode, errorSummary: ERRORS[errorCode][1], errorLink: errorCode, errorId: randomUUID() };
    response.status(status).json({ ...said, errorCauses: [{ errorSummary: message }] });
  };
}

function codeOf({ status, code }: Refusal): keyof typeof ERRORS {
  if (Object.hasOwn(ERRORS, code)) return code as keyof typeof ERRORS;
  if (status === 429) return 'E0000047';
  if (code === 'invalidFilter') return 'E0000031';
  if (code === 'unknown-path') return 'E0000007';
  return code === 'unreadable' ? 'E0000001' : 'E0000009';
}
