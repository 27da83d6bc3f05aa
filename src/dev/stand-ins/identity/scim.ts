import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import SCIMMY from 'scimmy';
import {
  ENTERPRISE,
  groupResource,
  userById,
  userResource,
  type Directory,
  type DirectoryGroup,
  type DirectoryUser,
} from './directory';
import type { Held } from '../store';

/** What each request brings to scimmy's handlers. */
export interface ScimContext {
  readonly directory: Held<Directory>;
  readonly now: () => Date;
}

type Resource = SCIMMY.Types.Resource;
type Attributes = Readonly<Record<string, unknown>>;

/**
 * Declares users and groups to scimmy, which keeps one set of resource types a process: so the handlers hold nothing,
 * and find the directory in the request's context. They never wait: a PATCH, which scimmy makes of a read and a
 * write, is one turn of the event loop, and two at the same time cannot undo one another.
 */
export function declareResources(): void {
  SCIMMY.Resources.declare(SCIMMY.Resources.User, {
    extensions: [{ schema: SCIMMY.Schemas.EnterpriseUser, required: false }],
    egress: (resource: Resource, context: ScimContext) => {
      const directory = context.directory.read();
      return found(
        resource,
        directory.users.map((user) => userResource(directory, user)),
      );
    },
    ingress: (resource: Resource, instance: object, context: ScimContext) => writeUser(resource.id, instance, context),
    degress: (resource: Resource, context: ScimContext) => removeUser(resource.id, context),
  });
  SCIMMY.Resources.declare(SCIMMY.Resources.Group, {
    egress: (resource: Resource, context: ScimContext) => {
      const directory = context.directory.read();
      return found(
        resource,
        directory.groups.map((group) => groupResource(directory, group)),
      );
    },
    ingress: (resource: Resource, instance: object, context: ScimContext) => writeGroup(resource.id, instance, context),
    degress: (resource: Resource, context: ScimContext) => removeGroup(resource.id, context),
  });
}

function found(resource: Resource, all: readonly Attributes[]): Attributes | readonly Attributes[] {
  if (resource.id === undefined) return resource.filter === undefined ? all : matching(resource.filter, all);
  return all.find(({ id }) => id === resource.id) ?? notFound(resource.id);
}

const CASELESS = ['username', 'displayname'];

/**
 * scimmy compares every text exactly, but these two names are case-insensitive (RFC 7643 §8.7.1, `caseExact` false).
 * Each alternative is tried alone: scimmy throws at `emails.value eq …` of someone who has no e-mail address.
 */
function matching(filter: SCIMMY.Types.Filter, all: readonly Attributes[]): readonly Attributes[] {
  const alternatives = ([...filter] as readonly Attributes[]).map(
    (expression) => new SCIMMY.Types.Filter([lowerCaseless(expression)]),
  );
  return all.filter((attributes) =>
    alternatives.some((alternative) => matches(alternative, lowerCaseless(attributes))),
  );
}

function matches(filter: SCIMMY.Types.Filter, attributes: Attributes): boolean {
  try {
    return filter.match([attributes]).length > 0;
  } catch {
    return false;
  }
}

/** scimmy throws a TypeError, which becomes a 500, at some texts that are no filter. */
export function isFilter(text: string): boolean {
  try {
    return new SCIMMY.Types.Filter(text).length > 0;
  } catch {
    return false;
  }
}

function lowerCaseless(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      CASELESS.includes(name.toLowerCase()) ? lower(value) : value,
    ]),
  );
}

function lower(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase();
  return Array.isArray(value) ? value.map(lower) : value;
}

function writeUser(id: string | undefined, instance: object, { directory, now }: ScimContext): Attributes {
  const before = directory.read();
  const known = id === undefined ? undefined : (userById(before, id) ?? notFound(id));
  // Of no interest to SCIM, and kept.
  const { status, sessions, tokens } = known ?? {};
  const beside = { ...(status && { status }), ...(sessions !== undefined && { sessions, tokens }) };
  const user = { id: known?.id ?? randomUUID(), ...beside, ...readUser(instance) };
  checkUser(before, user);
  const users = replaced<DirectoryUser>(before.users, known, user, now());
  if (users !== before.users) directory.write({ ...before, users });
  const after = directory.read();
  return userResource(after, userById(after, user.id) ?? notFound(user.id));
}

function checkUser(
  directory: Directory,
  { id, userName, managerId }: Pick<DirectoryUser, 'id' | 'userName' | 'managerId'>,
): void {
  if (directory.users.some((other) => other.id !== id && same(other.userName, userName))) {
    throw new SCIMMY.Types.Error(409, 'uniqueness', 'userName is taken');
  }
  if (managerId !== undefined && userById(directory, managerId) === undefined) {
    throw new SCIMMY.Types.Error(400, 'invalidValue', 'manager.value is not the id of a user');
  }
}

function readUser(instance: object): Pick<DirectoryUser, 'userName' | 'managerId' | 'attributes'> {
  const { userName, [ENTERPRISE]: enterprise, ...others } = plain(instance);
  for (const workedOut of ['schemas', 'meta', 'id', 'groups']) Reflect.deleteProperty(others, workedOut);
  const { manager, ...extension } = (enterprise ?? {}) as { manager?: { value?: string } };
  return {
    userName: userName as string,
    ...(manager?.value !== undefined && { managerId: manager.value }),
    attributes: { ...others, ...(Object.keys(extension).length > 0 && { [ENTERPRISE]: extension }) },
  };
}

function writeGroup(id: string | undefined, instance: object, { directory, now }: ScimContext): Attributes {
  const before = directory.read();
  const known = id === undefined ? undefined : (before.groups.find((group) => group.id === id) ?? notFound(id));
  const group = { id: known?.id ?? randomUUID(), ...readGroup(instance) };
  const taken = before.groups.some((other) => other.id !== id && same(other.displayName, group.displayName));
  if (taken) throw new SCIMMY.Types.Error(409, 'uniqueness', 'displayName is taken');
  if (group.members.some((member) => userById(before, member) === undefined)) {
    throw new SCIMMY.Types.Error(400, 'invalidValue', 'members holds a value that is not the id of a user');
  }
  const groups = replaced<DirectoryGroup>(before.groups, known, group, now());
  if (groups !== before.groups) directory.write({ ...before, groups });
  const after = directory.read();
  return groupResource(after, after.groups.find((other) => other.id === group.id) ?? notFound(group.id));
}

function readGroup(instance: object): Pick<DirectoryGroup, 'displayName' | 'externalId' | 'members'> {
  const { displayName, externalId, members = [] } = plain(instance);
  const ids = (members as readonly { value: string }[]).map(({ value }) => value);
  return {
    displayName: displayName as string,
    ...(typeof externalId === 'string' && { externalId }),
    // Adding a member again appends it to what scimmy hands in.
    members: [...new Set(ids)],
  };
}

/** `all` with one written: the same array when it says nothing new. */
function replaced<T extends { id: string; created: string; lastModified: string }>(
  all: T[],
  known: T | undefined,
  written: Omit<T, 'created' | 'lastModified'>,
  now: Date,
): T[] {
  const at = now.toISOString();
  if (known === undefined) return [...all, { ...written, created: at, lastModified: at } as T];
  const unchanged = { ...written, created: known.created, lastModified: known.lastModified } as T;
  if (isDeepStrictEqual(unchanged, known)) return all;
  return all.map((one) => (one === known ? { ...unchanged, lastModified: at } : one));
}

function removeUser(id: string | undefined, { directory }: ScimContext): void {
  const { users, groups } = directory.read();
  if (!users.some((user) => user.id === id)) notFound(id);
  directory.write({
    users: users.filter((user) => user.id !== id),
    groups: groups.map((group) => ({ ...group, members: group.members.filter((member) => member !== id) })),
  });
}

function removeGroup(id: string | undefined, { directory }: ScimContext): void {
  const { users, groups } = directory.read();
  if (!groups.some((group) => group.id === id)) notFound(id);
  directory.write({ users, groups: groups.filter((group) => group.id !== id) });
}

function notFound(id: string | undefined): never {
  throw new SCIMMY.Types.Error(404, null as unknown as string, `Resource ${id ?? ''} not found`);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** scimmy hands in objects full of accessors; their JSON is what the client sent. */
function plain(instance: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(instance)) as Record<string, unknown>;
}
