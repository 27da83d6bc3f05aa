import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { managementOf, type OktaManagement } from './okta-directory';
import { readSearch, UnreadableSearch } from './okta-search';
import type { Directory } from './directory';
import type { World } from '../stand-in';
import type { Held } from '../store';

/** Where Okta's management API is, under `/identity`. */
export const OKTA_PATH = '/okta/api/v1';

/** A page may hold fewer than were asked for: this shows who relies on more. */
const PAGE = 20;

/** By error code: status and summary (developer.okta.com/docs/reference/error-codes). */
const ERRORS = {
  E0000001: [400, 'Api validation failed'],
  E0000007: [404, 'Not found: Resource not found'],
  E0000009: [500, 'Internal Server Error'],
  E0000011: [401, 'Invalid token provided'],
  E0000022: [405, 'The endpoint does not support the provided HTTP method'],
  E0000031: [400, 'Invalid search criteria.'],
  E0000047: [429, 'API call exceeded rate limit due to too many requests.'],
} as const;

type ErrorCode = keyof typeof ERRORS;

/**
 * Okta's management API, as far as a leaver and a group member need it, on the directory that SCIM shows too. Strict
 * where Okta is: lifecycle operations want the right status, only groups of Okta's own can be changed, lists are paged.
 */
export function okta(directory: Held<Directory>, world: World): express.Router {
  const management = managementOf(directory, world.now);
  const router = express.Router();
  router.use(authenticated(world.token));
  userRoutes(router, management);
  groupRoutes(router, management);
  router.use((_request, response) => sendOktaError(response, 'E0000007'));
  router.use(oktaErrors(world));
  return router;
}

function userRoutes(router: express.Router, management: OktaManagement): void {
  router.get('/users', (request, response) => {
    const matches = readSearch(textOf(request.query['search']), 'user');
    sendPage(request, response, management.users().filter(matches));
  });
  router.get(
    '/users/:user',
    withUser(management, (id, _request, response) => {
      response.json(management.users().find((user) => user['id'] === id));
    }),
  );
  router.get(
    '/users/:user/groups',
    withUser(management, (id, request, response) => {
      sendPage(request, response, management.groupsOf(id));
    }),
  );
  router.delete(
    '/users/:user/sessions',
    withUser(management, (id, request, response) => {
      management.endSessions(id, request.query['oauthTokens'] === 'true');
      response.sendStatus(204);
    }),
  );
  router.post(
    '/users/:user/lifecycle/:transition',
    withUser(management, (id, request, response) => {
      const done = management.transit(id, textOf(request.params['transition']));
      if (done === 'unknown') sendOktaError(response, 'E0000007');
      else if (done === 'refused') sendOktaError(response, 'E0000001', 'Cannot do this to a user of this status');
      else response.json({});
    }),
  );
}

function groupRoutes(router: express.Router, management: OktaManagement): void {
  router.get('/groups', (request, response) => {
    const { search, q } = request.query;
    const matches = search === undefined ? startsWith(textOf(q)) : readSearch(textOf(search), 'group');
    sendPage(request, response, management.groups().filter(matches));
  });
  router.post('/groups', (request, response) => {
    const { profile } = (request.body ?? {}) as { profile?: { name?: unknown } };
    const name = profile?.name;
    const made = typeof name === 'string' && name !== '' ? management.makeGroup(name) : 'refused';
    if (made === 'refused') sendOktaError(response, 'E0000001', 'name: missing, or taken in this organization');
    else response.json(made);
  });
  const setMember = (member: boolean): RequestHandler =>
    withUser(management, (id, request, response) => {
      const done = management.setMember(textOf(request.params['group']), id, member);
      if (done === 'unknown') sendOktaError(response, 'E0000007');
      else if (done === 'refused') sendOktaError(response, 'E0000001', 'Only groups of type OKTA_GROUP can be changed');
      else response.sendStatus(204);
    });
  router.put('/groups/:group/users/:user', setMember(true));
  router.delete('/groups/:group/users/:user', setMember(false));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function startsWith(prefix: string): (group: Readonly<Record<string, unknown>>) => boolean {
  return ({ profile }) => (profile as { name: string }).name.toLowerCase().startsWith(prefix.toLowerCase());
}

type UserHandler = (id: string, request: Request, response: Response) => void;

/** A user by id, or by login. */
function withUser(management: OktaManagement, handle: UserHandler): RequestHandler {
  return (request, response) => {
    const id = management.idOf(textOf(request.params['user']));
    if (id === undefined) sendOktaError(response, 'E0000007');
    else handle(id, request, response);
  };
}

/** A page, and the next one's address as a link (RFC 8288); the cursor is opaque to the client. */
function sendPage(request: Request, response: Response, all: readonly Readonly<Record<string, unknown>>[]): void {
  const limit = Math.min(Math.max(Number(request.query['limit'] ?? PAGE) || PAGE, 1), PAGE);
  const after = request.query['after'];
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const page = all.slice(start, start + limit);
  const self = new URL(request.originalUrl, `http://${request.headers.host ?? 'localhost'}`);
  const links = [`<${self.href}>; rel="self"`];
  if (start + limit < all.length) {
    self.searchParams.set('after', String(page.at(-1)?.['id']));
    links.push(`<${self.href}>; rel="next"`);
  }
  // As Okta does: a header each.
  response.set('Link', links);
  response.json(page);
}

function authenticated(token: string): RequestHandler {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(`SSWS ${token}`);
  return (request, response, next) => {
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) next();
    else sendOktaError(response, 'E0000011');
  };
}

/** What the fault switch makes of a call: Okta says when to come back in a header of its own, in epoch seconds. */
export function refuseAsOkta(response: Response, status: number, now: Date): void {
  const seconds = Number(response.get('Retry-After') ?? 0);
  response.removeHeader('Retry-After');
  if (status === 429) {
    const reset = Math.ceil(now.getTime() / 1000) + seconds;
    response.set({ 'X-Rate-Limit-Limit': '600', 'X-Rate-Limit-Remaining': '0', 'X-Rate-Limit-Reset': String(reset) });
    response.set('Date', now.toUTCString());
    sendOktaError(response, 'E0000047');
  } else sendOktaError(response, 'E0000009', 'The fault switch is on.', status);
}

function sendOktaError(response: Response, errorCode: ErrorCode, cause?: string, status?: number): void {
  const [usual, errorSummary] = ERRORS[errorCode];
  const errorCauses = cause === undefined ? [] : [{ errorSummary: cause }];
  response
    .status(status ?? usual)
    .json({ errorCode, errorSummary, errorLink: errorCode, errorId: randomUUID(), errorCauses });
}

function oktaErrors({ log }: World): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, _request, response, next) => {
    if (response.headersSent) next(error);
    else if (error instanceof UnreadableSearch) sendOktaError(response, 'E0000031');
    else if ((error.status ?? 500) < 500) sendOktaError(response, 'E0000001', 'The request body was not well-formed');
    else {
      log.error({ err: error }, 'the Okta stand-in failed');
      sendOktaError(response, 'E0000009');
    }
  };
}
