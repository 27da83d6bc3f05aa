import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import express, { type Response } from 'express';
import { Refusal, requireAuthorization, type Protocol } from '../protocol';
import { matching, patched, refuseAsScim, sendList, sendScim, type Resource } from '../scim';
import type { Stored } from '../store';
import type { SystemContext } from '../system';
import type { Directory } from './directory';
import { groups, users, type Identified, type ResourceType } from './resource-types';

/** SCIM 2.0 (RFC 7643, 7644) on the directory: users and groups, without discovery, bulk and sorting. */
export function scim(directory: Stored<Directory>, { token, now }: SystemContext): Protocol {
  const routes = express.Router();
  const unauthorized = new Refusal(401, 'unauthorized', 'The bearer token is missing or wrong');
  routes.use(requireAuthorization(`Bearer ${token}`, unauthorized, 'Bearer'));
  routes.use('/Users', resourceRoutes(users, directory, now));
  routes.use('/Groups', resourceRoutes(groups, directory, now));
  return { path: '/scim/v2', routes, refuse: refuseAsScim };
}

function resourceRoutes<T extends Identified>(
  type: ResourceType<T>,
  directory: Stored<Directory>,
  now: () => Date,
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
    const resources = all().map((resource) => shown(response, resource));
    const isFound = query['filter'] === undefined ? () => true : matching(query['filter'], ['id', 'externalid']);
    const found = resources.filter(isFound).map((resource) => selected(response, resource, type.onRequest));
    sendList(response, found);
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
