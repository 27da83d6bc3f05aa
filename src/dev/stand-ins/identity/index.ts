import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { SCIMMYRouters } from 'scimmy-routers';
import { directorySchema, seedDirectory, summary, type Directory, type DirectorySummary } from './directory';
import { html, type Html } from '../html';
import { httpCalls } from '../http-calls';
import { declareResources, isFilter, type ScimContext } from './scim';
import { cut } from '../page-parts';
import { okta, OKTA_PATH, refuseAsOkta } from './okta';
import type { StandIn, World } from '../stand-in';

/**
 * An identity provider: SCIM 2.0 (RFC 7643, 7644) by scimmy, at `/identity/scim/v2`, behind a bearer token.
 * Its stricter habits are those seen at real ones: a group's `members` come only when `attributes` names them, as
 * Keycloak 26 has it; names are unique whatever their case; members and managers must exist. A PATCH answers 200 with
 * the resource when it changed something, else 204. The same people and groups by Okta's management API: `okta.ts`.
 */
export function identity(world: World): StandIn<DirectorySummary> {
  const directory = world.store.hold('identity', directorySchema, () => seedDirectory(world.now()));
  const context: ScimContext = { directory, now: world.now };
  declareResources();

  const scim = new SCIMMYRouters({
    type: 'bearer',
    handler: (request) => authenticate(request, world.token),
    context: () => context,
    baseUri: (request) => `http://${request.headers.host ?? ''}`,
  });
  const router = express.Router();
  const contentTypes = ['application/scim+json', 'application/json'];
  const refuse = (response: Response, status: number, detail: string): void => {
    if (response.req.originalUrl.startsWith(`/identity${OKTA_PATH}`)) refuseAsOkta(response, status, world.now());
    else sendScimError(response, status, detail);
  };
  router.use(httpCalls({ system: 'identity', contentTypes, refuse }, world));
  router.use(OKTA_PATH, okta(directory, world));
  router.use('/scim/v2', checkFilter, readQuery, membersOnRequest, scim);
  router.use((_request, response) =>
    sendScimError(response, 404, 'SCIM is at /identity/scim/v2, Okta at /identity/okta'),
  );
  router.use(scimErrors(world));

  return { state: () => summary(directory.read()), show: () => show(directory.read()), router };
}

/** @throws what scimmy-routers answers with 401. */
function authenticate(request: Request, token: string): string {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`))) return 'client';
  request.res?.set('WWW-Authenticate', 'Bearer');
  throw new Error('The bearer token is missing or wrong');
}

const checkFilter: RequestHandler = (request, response, next) => {
  const { filter } = request.query;
  if (filter === undefined || (typeof filter === 'string' && isFilter(filter))) next();
  else sendScimError(response, 400, 'The filter cannot be read', 'invalidFilter');
};

/**
 * Express 5 parses the query anew at each look, so that the numbers scimmy-routers makes of `startIndex` and `count`
 * are lost. And a PATCH whose answer was to be trimmed (`attributes`) would lose what scimmy trimmed before patching.
 */
const readQuery: RequestHandler = (request, _response, next) => {
  const query = { ...request.query };
  if (request.method === 'PATCH') {
    delete query['attributes'];
    delete query['excludedAttributes'];
  }
  Object.defineProperty(request, 'query', { value: query });
  next();
};

const membersOnRequest: RequestHandler = (request, response, next) => {
  if (request.path.startsWith('/Groups') && !asksForMembers(request)) {
    const json = response.json.bind(response);
    response.json = (body) => json(withoutMembers(body));
  }
  next();
};

function asksForMembers(request: Request): boolean {
  const { attributes } = request.query;
  return typeof attributes === 'string' && attributes.split(',').some((name) => /^\s*members\b/i.test(name));
}

function withoutMembers(body: unknown): unknown {
  const { Resources, ...others } = body as { Resources?: readonly unknown[]; members?: unknown };
  delete others.members;
  return Resources === undefined ? others : { ...others, Resources: Resources.map(withoutMembers) };
}

function sendScimError(response: Response, status: number, detail: string, scimType?: 'invalidFilter'): void {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:Error'];
  const body = { schemas, status: String(status), scimType, detail };
  response.status(status).type('application/scim+json').send(JSON.stringify(body));
}

/** What scimmy's own handler passes on, or fails at: a body that cannot be read, a fault of ours. */
function scimErrors({ log }: World): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error.status ?? 500;
    if (status >= 500) log.error({ err: error }, 'the identity stand-in failed');
    sendScimError(response, status, error.message);
  };
}

function show(directory: Directory): Html {
  const { users, groups } = summary(directory);
  return html`<table>
      <caption>
        Users
      </caption>
      <thead>
        <tr>
          <th scope="col">User</th>
          <th scope="col">Active</th>
          <th scope="col">Groups</th>
        </tr>
      </thead>
      <tbody>
        ${users.map(
          (user) =>
            html`<tr>
              <td>
                ${user.displayName ?? user.userName}<small>${cut(user.userName)}${cut(user.externalId ?? '')}</small>
              </td>
              <td class="${user.active ? 'yes' : 'no'}">
                ${user.active ? 'active' : 'inactive'}<small>${user.status}, sessions: ${user.sessions}</small>
              </td>
              <td>${user.groups.map((name) => html`<span class="tag">${name}</span> `)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <table>
      <caption>
        Groups
      </caption>
      <tbody>
        ${groups.map(
          (group) =>
            html`<tr>
              <th scope="row">${group.displayName}</th>
              <td>${group.members.map((member) => html`<small>${cut(member)}</small>`)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}
