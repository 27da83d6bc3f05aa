import type { Person } from '../connector';
import { rejected } from '../failure';
import type { Http } from '../http';
import { quote, scimAttribute, scimList } from '../scim';
import type { IdentityUser } from './driver';
import { folded, LOOK_UP, theOne } from './the-one';

export const USERS = '/Users';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export interface ScimUsers {
  readonly findUser: (person: Person) => Promise<IdentityUser | null>;
  readonly findByAddress: (email: string) => Promise<readonly IdentityUser[] | null>;
  readonly findManagerEmail: (user: IdentityUser) => Promise<string | null>;
}

/** One way to look a person up, and how we see for ourselves that a user is found by it: a server may ignore a filter. */
interface Way {
  readonly filter: string;
  readonly isMatch: (user: unknown) => boolean;
}

/**
 * People by every key that they have. Servers differ in the filters that they take: one that is refused is no answer, and the
 * next is tried. `userIdAttribute`: what holds MindTickle's user id; null where nothing does.
 */
export function createScimUsers(read: Http['read'], userIdAttribute: string | null): ScimUsers {
  async function matching({ filter, isMatch }: Way): Promise<readonly IdentityUser[] | null> {
    const found = await scimList('identity', read, { path: USERS, call: LOOK_UP, filter });
    if (found === null) return null;
    const users = found.map((user) => ({ user: toUser(user, userIdAttribute), isFound: isMatch(user) }));
    return users.filter(({ isFound }) => isFound).map(({ user }) => user);
  }

  async function findUser(person: Person): Promise<IdentityUser | null> {
    const { userId, email } = person;
    const byId = userIdAttribute === null ? null : await matching(byAttribute(userIdAttribute, userId));
    const byAddress = email === null ? null : await findByAddress(email);
    if (byId === null && byAddress === null && (userIdAttribute !== null || email !== null))
      throw rejected('identity', 'takes none of our filters: is its URL right?', { call: LOOK_UP });
    return theOne(person, { byId: byId ?? [], byAddress: byAddress ?? [] });
  }

  async function findByAddress(email: string): Promise<readonly IdentityUser[] | null> {
    const byName = await matching(byUserName(email));
    // Keycloak compares addresses by case, and keeps them in lower case.
    const spellings = [...new Set([email, email.toLowerCase()])];
    const byEmail = await allOf(spellings.map((address) => byAddress(`emails.value eq ${quote(address)}`, email)));
    if (byEmail !== null && byEmail.length > 0) return [...(byName ?? []), ...byEmail];
    const work = spellings.map((address) => byAddress(`emails[type eq "work"].value eq ${quote(address)}`, email));
    const byWork = await allOf(work);
    if (byName === null && byEmail === null && byWork === null) return null;
    return [...(byName ?? []), ...(byWork ?? [])];
  }

  /** Null where none of them is taken. */
  async function allOf(ways: readonly Way[]): Promise<readonly IdentityUser[] | null> {
    const found: IdentityUser[] = [];
    let isTaken = false;
    for (const way of ways) {
      const users = await matching(way);
      isTaken ||= users !== null;
      found.push(...(users ?? []));
    }
    return isTaken ? found : null;
  }

  async function findManagerEmail({ managerId }: IdentityUser): Promise<string | null> {
    if (managerId === null) return null;
    const path = `${USERS}/${encodeURIComponent(managerId)}`;
    const { status, body } = await read({ method: 'GET', path, call: 'look the manager up', accept: [404] });
    return status === 404 ? null : toUser(body, userIdAttribute).email;
  }

  return { findUser, findByAddress, findManagerEmail };
}

function byAttribute(attribute: string, userId: string): Way {
  return { filter: `${attribute} eq ${quote(userId)}`, isMatch: (user) => isSame(valueAt(user, attribute), userId) };
}

function byUserName(email: string): Way {
  return { filter: `userName eq ${quote(email)}`, isMatch: (user) => isSame(scimAttribute(user, 'userName'), email) };
}

function byAddress(filter: string, email: string): Way {
  return { filter, isMatch: (user) => addressesOf(user).some(({ value }) => isSame(value, email)) };
}

function isSame(found: unknown, key: string): boolean {
  return typeof found === 'string' && folded(found) === folded(key);
}

function addressesOf(user: unknown): readonly { readonly value: unknown; readonly primary: unknown }[] {
  const emails = scimAttribute(user, 'emails');
  if (!Array.isArray(emails)) return [];
  return emails.map((email) => ({ value: scimAttribute(email, 'value'), primary: scimAttribute(email, 'primary') }));
}

/** By an attribute's name, its path, or the name of one of an extension (`urn:…:User:employeeNumber`). */
function valueAt(user: unknown, attribute: string): string | null {
  const [, schema, path = attribute] = /^(urn:.*):([^:]+)$/.exec(attribute) ?? [];
  const from = schema === undefined ? user : scimAttribute(user, schema);
  const value = path.split('.').reduce<unknown>((at, name) => scimAttribute(at, name), from);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function toUser(user: unknown, userIdAttribute: string | null): IdentityUser {
  const id = scimAttribute(user, 'id');
  if (typeof id !== 'string') throw rejected('identity', 'answered with a user without id', { call: LOOK_UP });
  return {
    id,
    userId: userIdAttribute === null ? null : valueAt(user, userIdAttribute),
    // A boolean (RFC 7643 §4.1.1); some send it as text.
    active: String(scimAttribute(user, 'active')).toLowerCase() !== 'false',
    email: mainAddressOf(user),
    managerId: valueAt(user, `${ENTERPRISE}:manager.value`),
  };
}

function mainAddressOf(user: unknown): string | null {
  const addresses = addressesOf(user);
  const main = addresses.find(({ primary }) => primary === true) ?? addresses[0];
  const address = main?.value ?? scimAttribute(user, 'userName');
  return typeof address === 'string' && address.includes('@') ? address : null;
}
