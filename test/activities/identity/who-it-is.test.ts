import type { Pool } from 'pg';
import type { Person } from '../../../activities';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { at, connectTo, failOnce, runOnce, serve } from '../running';

let ledger: LedgerFixture;
let pool: Pool;
const servers: (() => Promise<void>)[] = [];
beforeAll(async () => {
  ledger = await openLedger();
  pool = ledger.pool;
});
afterEach(() => Promise.all(servers.splice(0).map((stop) => stop())));
afterAll(() => ledger.stop());

interface ScimUser {
  readonly id: string;
  readonly userName: string;
  readonly externalId?: string;
  readonly active?: boolean;
  readonly emails?: readonly { readonly value: string; readonly type?: string }[];
}

/** Answers only to the filters that are allowed; `changed` are the users that were changed. */
async function directory(users: readonly ScimUser[], allowed: readonly RegExp[] = [/./]) {
  const changed: string[] = [];
  const matches: Readonly<Record<string, (user: ScimUser) => readonly (string | undefined)[]>> = {
    externalId: (user) => [user.externalId],
    userName: (user) => [user.userName],
    'emails.value': (user) => (user.emails ?? []).map(({ value }) => value),
    'emails[type eq "work"].value': (user) =>
      (user.emails ?? []).filter(({ type }) => type === 'work').map(({ value }) => value),
  };
  const { url, stop } = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
    const id = /^\/Users\/(.+)$/.exec(pathname)?.[1];
    if (request.method === 'PATCH') {
      changed.push(String(id));
      response.writeHead(204).end();
      return;
    }
    const filter = searchParams.get('filter') ?? '';
    if (!allowed.some((one) => one.test(filter))) {
      response.writeHead(400).end(JSON.stringify({ scimType: 'invalidFilter' }));
      return;
    }
    const [, path = '', value] = /^(.+) eq "(.*)"$/.exec(filter) ?? [];
    const found = users.filter((user) => matches[path]?.(user).includes(value));
    response.writeHead(200).end(JSON.stringify({ totalResults: found.length, Resources: found }));
  });
  servers.push(stop);
  const identity = connectTo(pool, 'identity', at.scim(url));
  return { url, identity, changed };
}

const leaver: Person = { userId: 'u-old', email: 'Jane.Doe@example.com' };
const jane = (more: Partial<ScimUser> = {}): ScimUser => ({ id: 's1', userName: 'jane', active: true, ...more });
const email = 'jane.doe@example.com';

describe('a user is found', () => {
  test.each<[string, ScimUser, RegExp[]]>([
    ['by externalId', jane({ externalId: 'u-old' }), [/./]],
    ['by userName', jane({ userName: 'Jane.Doe@example.com' }), [/./]],
    ['by an address, where userName is no address', jane({ emails: [{ value: email }] }), [/./]],
    ['by an address of work alone', jane({ emails: [{ value: email, type: 'work' }] }), [/^emails\[/]],
    ['where every other filter is refused', jane({ emails: [{ value: email }] }), [/^emails\.value/]],
    ['where no filter on addresses is taken', jane({ externalId: 'u-old' }), [/^(externalId|userName)/]],
  ])('%s', async (_how, user, allowed) => {
    const { identity, changed } = await directory([user], allowed);
    await expect(runOnce(identity.freezeUser, leaver)).resolves.toMatchObject({ change: 'done' });
    expect(changed).toEqual(['s1']);
  });

  test('by the attribute that the settings name', async () => {
    const user = { ...jane(), 'urn:x:User': { employeeNumber: 'u-old' } };
    const { url, stop } = await serve((request, response) => {
      const filter = new URL(request.url ?? '', 'http://provider').searchParams.get('filter');
      const found = filter === 'urn:x:User:employeeNumber eq "u-old"' ? [user] : [];
      response.end(JSON.stringify({ totalResults: found.length, Resources: found }));
    });
    servers.push(stop);
    const settings = { ...at.scim(url), userIdAttribute: 'urn:x:User:employeeNumber' };
    const { findContact } = connectTo(pool, 'identity', settings);
    await expect(runOnce((_context, person: Person) => findContact(person), leaver)).resolves.not.toBeNull();
  });

  test('not by a server that ignores the filter and answers with somebody else', async () => {
    const { url, stop } = await serve((_request, response) => {
      response.end(JSON.stringify({ totalResults: 1, Resources: [jane({ userName: 'mallory' })] }));
    });
    servers.push(stop);
    const { freezeUser } = connectTo(pool, 'identity', at.scim(url));
    await expect(runOnce(freezeUser, leaver)).resolves.toBe('absent');
  });
});

describe('nobody is changed', () => {
  const isRefused = async (users: readonly ScimUser[], person = leaver) => {
    const { identity, changed } = await directory(users);
    const refusal = await failOnce(identity.freezeUser, person);
    expect(changed).toEqual([]);
    expect(refusal).toMatchObject({ type: 'identity.rejected', nonRetryable: true });
    expect(refusal.message).toContain('identify');
    expect(refusal.message).not.toContain('@');
    return refusal.message;
  };

  test('where the address belongs to the user of another id, and both are named', async () => {
    const message = await isRefused([jane({ externalId: 'u-new', userName: 'jane.doe@example.com' })], {
      ...leaver,
      email,
    });
    expect(message).toContain('u-old');
    expect(message).toContain('u-new');
  });

  test('where the id leads to one user and the address to another', async () => {
    const message = await isRefused([
      jane({ externalId: 'u-old' }),
      jane({ id: 's2', emails: [{ value: email }], externalId: 'u-new' }),
    ]);
    expect(message).toContain('u-new');
  });

  test('where several have the address', async () => {
    const emails = [{ value: email }];
    await expect(isRefused([jane({ emails }), jane({ id: 's2', emails })])).resolves.toContain('several users');
  });

  test('where the server takes none of the filters', async () => {
    const { identity, changed } = await directory([jane()], []);
    await expect(failOnce(identity.freezeUser, leaver)).resolves.toMatchObject({ type: 'identity.rejected' });
    expect(changed).toEqual([]);
  });

  test('the wrong one is not joined to a group, nor is their address taken', async () => {
    const { identity } = await directory([jane({ externalId: 'u-new', userName: email })]);
    await expect(failOnce(identity.joinGroup, { ...leaver, email }, 'Certified')).resolves.toMatchObject({
      type: 'identity.rejected',
    });
  });
});

test('an id at the provider that is not MindTickle’s decides nothing where the settings say so', async () => {
  const { url, changed } = await directory([jane({ externalId: 'hr-17', userName: email })]);
  const { freezeUser } = connectTo(pool, 'identity', { ...at.scim(url), userIdAttribute: 'none' });
  await expect(runOnce(freezeUser, { ...leaver, email })).resolves.toMatchObject({ change: 'done' });
  expect(changed).toEqual(['s1']);
});

test('at Okta, too, one key does not decide against the other', async () => {
  const user = { id: '00u1', status: 'ACTIVE', profile: { login: email, email, employeeNumber: 'u-new' } };
  const changed: string[] = [];
  const { url, stop } = await serve((request, response) => {
    if (request.method !== 'GET') changed.push(request.url ?? '');
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://okta');
    const isFound = searchParams.get('search')?.includes('profile.email') === true;
    response.end(JSON.stringify(pathname.endsWith('/users') ? (isFound ? [user] : []) : user));
  });
  servers.push(stop);
  const { freezeUser } = connectTo(pool, 'identity', { ...at.okta(url), userIdAttribute: 'employeeNumber' });
  const refusal = await failOnce(freezeUser, { ...leaver, email });
  expect(refusal.message).toMatch(/u-new.*u-old/);
  expect(changed).toEqual([]);
});
