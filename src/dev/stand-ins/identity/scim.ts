import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import express, { type Response } from 'express';
import { Refusal, type Protocol } from '../protocol';
import { matching, patched, refuseAsScim, sendCursorPage, sendList, sendScim, type Resource } from '../scim';
import type { Stored } from '../store';
import type { SystemContext } from '../system';
import type { Directory } from './directory';
import { groups, users, type Identified, type ResourceType } from './resource-types';
import { requireToken, type IssuedTokens } from './tokens';

/** What RFC 7644 leaves open, as one make of server has it. */
interface Habits {
  readonly path: string;
  /** Filters that it answers with 400. */
  readonly refused?: RegExp;
  /** Filters that it answers with an empty list, whoever is there. */
  readonly blindTo?: RegExp;
  readonly send: (response: Response, all: readonly Resource[]) => void;
}

/** Seen at Keycloak 26.7. */
const KEYCLOAK: Habits = { path: '/scim/v2', blindTo: /(^|[\s(])id eq /i, send: sendList };
/** Read in Entra's documents. */
const ENTRA: Habits = { path: '/entra/scim', refused: /emails/i, send: sendCursorPage };

/** SCIM 2.0 (RFC 7643, 7644) on the directory: users and groups, without discovery, bulk and sorting; by two makes. */
export function scim(directory: Stored<Directory>, context: SystemContext, tokens: IssuedTokens): readonly Protocol[] {
  return [KEYCLOAK, ENTRA].map((habits) => {
    const routes = express.Router();
    routes.use(requireToken(context, tokens));
    routes.use('/Users', resourceRoutes(users, directory, context.now, habits));
    routes.use('/Groups', resourceRoutes(groups, directory, context.now, habits));
    return { path: habits.path, routes, refuse: refuseAsScim };
  });
}

function resourceRoutes<T extends Identified>(
  type: ResourceType<T>,
  directory: Stored<Directory>,
  now: () => Date,
  habits: Habits,
): express.Router {
  const all = (): readonly T[] => type.read(directory.read());
  const find = (id: string): T => {
    const found = all().find((resource) => resource.id === id);
    if (found === undefined) throw new Refusal(404, 'not-found', `Resource ${id} not found`);
    return found;
  };
  const shown = (response: Response, resource: T): Resource => ({
    schemas: [`urn:ietf:params:scim:schemas:core:2.0:${type.name}`],
    id: resource.id,
    ...attributesOf(type, resource),
    ...type.derived(directory.read(), resource),
    meta: metaOf(response, type.name, resource),
  });
  const send = (response: Response, resource: T, status?: number): void =>
    sendScim(response, selected(response, shown(response, resource), type.onRequest), status);

  /** Returns `known` itself when the body says nothing new. */
  const write = (known: T | undefined, body: unknown): T => {
    const at = now().toISOString();
    const own = known === undefined ? { id: randomUUID(), created: at, lastModified: at } : ownOf(type, known);
    const parsed = type.attributes.safeParse(body);
    if (!parsed.success) throw new Refusal(400, 'invalidValue', parsed.error.message);
    const written = { ...own, ...parsed.data } as unknown as T;
    if (known !== undefined && isDeepStrictEqual(written, known)) return known;
    type.check(directory.read(), written);
    const stamped = { ...written, lastModified: at };
    const others = all().map((one) => (one === known ? stamped : one));
    directory.write(type.write(directory.read(), known === undefined ? [...others, stamped] : others));
    return stamped;
  };

  const router = express.Router();
  router.get('/', ({ query }, response) => {
    const listed = all().filter((resource) => type.isListed?.(resource) ?? true);
    const found = filtered(habits, query['filter'], () => listed.map((resource) => shown(response, resource)));
    habits.send(
      response,
      found.map((resource) => selected(response, resource, type.onRequest)),
    );
  });
  router.post('/', ({ body }, response) => send(response, write(undefined, body), 201));
  router.get('/:id', ({ params }, response) => send(response, find(params.id)));
  router.put('/:id', ({ params, body }, response) => send(response, write(find(params.id), body)));
  router.patch('/:id', ({ params, body }, response) => {
    const known = find(params.id);
    const written = write(known, patched(attributesOf(type, known), body, Object.keys(type.attributes.shape)));
    if (written === known) response.sendStatus(204);
    else send(response, written);
  });
  router.delete('/:id', ({ params }, response) => {
    const known = find(params.id);
    const others = all().filter((resource) => resource !== known);
    directory.write(type.write(directory.read(), others));
    response.sendStatus(204);
  });
  return router;
}

function filtered(
  { refused, blindTo }: Habits,
  filter: unknown,
  resources: () => readonly Resource[],
): readonly Resource[] {
  if (typeof filter !== 'string') return resources();
  if (refused?.test(filter) === true) throw new Refusal(400, 'invalidFilter', 'There is no filter on this attribute');
  const isFound = matching(filter, ['id', 'externalid']);
  return blindTo?.test(filter) === true ? [] : resources().filter(isFound);
}

/** What the client wrote. */
function attributesOf<T extends Identified>({ attributes }: ResourceType<T>, resource: T): Resource {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => Object.hasOwn(attributes.shape, name)));
}

/** What the directory keeps beside it. */
function ownOf<T extends Identified>({ attributes }: ResourceType<T>, resource: T): Resource {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !Object.hasOwn(attributes.shape, name)));
}

function metaOf({ req }: Response, resourceType: string, { id, created, lastModified }: Identified): Resource {
  const location = `http://${req.headers.host ?? ''}${req.baseUrl}/${id}`;
  return { resourceType, created, lastModified, location };
}

/** What `attributes` names, and what is always returned (RFC 7644 §3.9). */
function selected({ req }: Response, resource: Resource, onRequest: readonly string[]): Resource {
  const { attributes } = req.query;
  const names = typeof attributes === 'string' ? attributes.split(',').map((name) => name.trim().toLowerCase()) : [];
  const isNamed = (name: string): boolean => names.some((one) => one === name || one.startsWith(`${name}.`));
  const isReturned = (name: string): boolean =>
    names.length === 0 ? !onRequest.includes(name) : ['schemas', 'id', 'meta'].includes(name) || isNamed(name);
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isReturned(name.toLowerCase())));
}
