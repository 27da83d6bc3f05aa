import { keysDisagree, shownId, type Person } from '../connector';
import { rejected } from '../failure';
import { literal, type SalesforceApi } from './api';

export interface User {
  readonly Id: string;
  readonly Username: string;
  readonly Email: string | null;
  readonly IsActive: boolean;
}

interface Found extends User {
  /** What the field of MindTickle's user id holds: the id, or the address where it serves single sign-on. */
  readonly key: string | null;
}

/**
 * The user that a person is. MindTickle's user id is surer than a username, which is one user's in all of Salesforce, and that
 * is surer than an e-mail address, which several may have.
 * @throws `salesforce.rejected` where the keys lead to different users, or one to several: the wrong person must not be frozen.
 */
export async function findUser(
  api: SalesforceApi,
  { userId, email }: Person,
  userIdField: string | null,
): Promise<User | null> {
  const names = email === null ? [userId] : [userId, email];
  const found = await usersNamed(api, names, userIdField);
  const by: ByKey = {
    id: found.filter(({ key }) => isSame(key, userId)),
    name: found.filter(({ key, Username }) => isSame(Username, email) || isSame(key, email)),
    address: found.filter(({ Email }) => isSame(Email, email)),
  };
  const user = onlyOne([by.id, by.name, activeFirst(by.address)].find(({ length }) => length > 0) ?? []);
  if (user === null) return null;
  const whom = `user ${user.Id} by ${by.id.includes(user) ? "MindTickle's user id" : 'the address'}`;
  const rival = rivalOf(user, by);
  if (rival !== undefined) throw keysDisagree('salesforce', whom, `user ${rival.Id} by the address`);
  const otherKey = names.some((name) => isSame(user.key, name)) ? null : user.key;
  if (otherKey === null) return user;
  throw keysDisagree('salesforce', whom, `its ${userIdField} is ${shownId(otherKey)}, not ${shownId(userId)}`);
}

interface ByKey {
  readonly id: readonly Found[];
  /** A key of one user alone that is the address. */
  readonly name: readonly Found[];
  readonly address: readonly Found[];
}

/** Another active user, whom the address leads to: as surely, or because this one does not have it or is gone. */
function rivalOf(user: Found, { id, name, address }: ByKey): Found | undefined {
  const isById = id.includes(user);
  const isOfAddress = isById ? [...name, ...address].includes(user) : user.IsActive;
  const others = [...(isById ? name : []), ...(isOfAddress ? [] : address)];
  return others.find((one) => one !== user && one.IsActive);
}

/** @throws `salesforce.rejected` */
function onlyOne([user, ...others]: readonly Found[]): Found | null {
  if (others.length === 0) return user ?? null;
  throw rejected('salesforce', 'has several users of this address: none is changed', { count: others.length + 1 });
}

async function usersNamed(
  api: SalesforceApi,
  names: readonly string[],
  userIdField: string | null,
): Promise<readonly Found[]> {
  const [, email] = names;
  const where = [
    ...(email === undefined ? [] : [`Username = ${literal(email)}`, `Email = ${literal(email)}`]),
    ...(userIdField === null ? [] : names.map((name) => `${userIdField} = ${literal(name)}`)),
  ];
  if (where.length === 0) return [];
  const fields = ['Id', 'Username', 'Email', 'IsActive', ...(userIdField === null ? [] : [userIdField])];
  const rows = await api.query(`SELECT ${fields.join(', ')} FROM User WHERE ${where.join(' OR ')}`);
  return rows.map((row) => ({
    ...(row as unknown as User),
    key: textOf(userIdField === null ? null : row[userIdField]),
  }));
}

/** Of users who are gone the address may have gone to another. */
function activeFirst(users: readonly Found[]): readonly Found[] {
  const active = users.filter(({ IsActive }) => IsActive);
  return active.length > 0 ? active : users;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isSame(one: string | null, other: string | null): boolean {
  return one !== null && one.toLowerCase() === other?.toLowerCase();
}
