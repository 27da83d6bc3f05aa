import type { StandIns } from '../../../src/dev/stand-ins';
import { ENTERPRISE } from '../../../src/dev/stand-ins/identity/directory';
import { people } from '../../../src/dev/people';
import { groupId, patch, scim, start, stateOf, stopAll, userId } from './running';

type Json = Record<string, unknown>;

let standIns: StandIns;
beforeEach(async () => {
  standIns = await start();
});
afterEach(stopAll);

async function find(path: string, filter: string, more = ''): Promise<Json[]> {
  const response = await scim(standIns, 'GET', `${path}?filter=${encodeURIComponent(filter)}${more}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { Resources: Json[] }).Resources;
}

async function statusOf(method: string, path: string, body?: unknown): Promise<number> {
  return (await scim(standIns, method, path, body)).status;
}

async function groupsOf(externalId: string): Promise<readonly string[] | undefined> {
  const { identity } = await stateOf(standIns);
  return identity.users.find((user) => user.externalId === externalId)?.groups;
}

describe('the seed', () => {
  test('puts each person into their groups', async () => {
    for (const { userId: externalId, groups } of Object.values(people))
      expect(await groupsOf(externalId)).toEqual([...groups].sort());
  });
});

describe('looking up a user', () => {
  test.each([
    ['userName', `userName eq "${people.omar.email}"`],
    ['userName in another case', `username eq "${people.omar.email.toUpperCase()}"`],
    ['externalId', 'externalId eq "mt-omar"'],
    ['userName and active', `userName eq "${people.omar.email}" and active eq true`],
  ])('finds one by %s', async (_name, filter) => {
    const found = await find('/Users', filter);
    expect(found).toMatchObject([{ userName: people.omar.email, externalId: 'mt-omar', active: true }]);
  });

  test('finds one by an alternative, though another asks for what nobody has', async () => {
    expect(await find('/Users', 'photos.value eq "x" or externalId eq "mt-nina"')).toHaveLength(1);
  });

  test.each(['userName eq "nobody@example.com"', 'externalId eq "MT-OMAR"'])('finds nobody by %s', async (filter) => {
    expect(await find('/Users', filter)).toEqual([]);
  });

  test('names the manager by SCIM id and display name', async () => {
    const [omar] = await find('/Users', 'externalId eq "mt-omar"');
    expect(omar?.[ENTERPRISE]).toMatchObject({
      manager: { value: await userId(standIns, 'mt-mona'), displayName: 'Mona Lindqvist' },
    });
  });

  test('answers one by id, with when it was made', async () => {
    const response = await scim(standIns, 'GET', `/Users/${await userId(standIns, 'mt-omar')}`);
    expect(response.headers.get('content-type')).toContain('application/scim+json');
    const { meta } = (await response.json()) as { meta: Json };
    expect(meta).toMatchObject({ resourceType: 'User', location: response.url });
    expect(Date.parse(String(meta['created']))).not.toBeNaN();
  });

  test('answers with the attributes that are asked for', async () => {
    const path = `/Users/${await userId(standIns, 'mt-omar')}?attributes=groups,name.givenName`;
    const found = (await (await scim(standIns, 'GET', path)).json()) as Json;
    expect(Object.keys(found).sort()).toEqual(['groups', 'id', 'meta', 'name', 'schemas']);
  });

  test('pages by startIndex and count', async () => {
    const response = await scim(standIns, 'GET', '/Users?startIndex=2&count=3');
    const list = (await response.json()) as { totalResults: number; Resources: Json[] };
    expect(list.totalResults).toBe(7);
    expect(list.Resources.map(({ externalId }) => externalId)).toEqual(['mt-omar', 'mt-nina', 'mt-quentin']);
  });
});

describe('PATCH of a user', () => {
  test.each([
    ['a path', { op: 'replace', path: 'active', value: false }, { active: false }],
    ['a path in another case, as Entra sends it', { op: 'Replace', path: 'Active', value: false }, { active: false }],
    ['no path', { op: 'add', value: { active: false, title: 'Lead' } }, { active: false, title: 'Lead' }],
    ['a removal', { op: 'remove', path: 'title' }, { active: true }],
  ])('with %s answers 200 with the user, and 204 when it changes nothing', async (_name, operation, expected) => {
    const path = `/Users/${await userId(standIns, 'mt-omar')}`;
    const first = await scim(standIns, 'PATCH', path, patch(operation));
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({ externalId: 'mt-omar', ...expected });
    expect(await statusOf('PATCH', path, patch(operation))).toBe(204);
    const { identity } = await stateOf(standIns);
    const { active } = expected;
    const kept = { active, groups: ['Certified', 'Sales'], manager: people.mona.email, sessions: 1 };
    expect(identity.users.find(({ externalId }) => externalId === 'mt-omar')).toMatchObject(kept);
  });
});

test('PUT of a user replaces what the client may write, and no more', async () => {
  const id = await userId(standIns, 'mt-omar');
  const body = { userName: 'omar@example.com', externalId: 'mt-omar' };
  expect(await (await scim(standIns, 'PUT', `/Users/${id}`, body)).json()).toMatchObject({ id, ...body });
  const { identity } = await stateOf(standIns);
  const expected = { ...body, displayName: null, manager: null, groups: ['Certified', 'Sales'], sessions: 1 };
  expect(identity.users.find((user) => user.id === id)).toMatchObject(expected);
});

describe('group members', () => {
  test('are added once, however often they are added', async () => {
    const path = `/Groups/${await groupId(standIns, 'Sales onboarding')}`;
    const join = patch({ op: 'add', path: 'members', value: [{ value: await userId(standIns, 'mt-nina') }] });
    expect([await statusOf('PATCH', path, join), await statusOf('PATCH', path, join)]).toEqual([200, 204]);
    const { identity } = await stateOf(standIns);
    expect(identity.groups.find(({ displayName }) => displayName === 'Sales onboarding')?.members).toEqual([
      people.nina.email,
    ]);
    expect(await groupsOf('mt-nina')).toEqual(['Sales onboarding']);
  });

  test.each([
    ['a filter', (value: string) => ({ op: 'remove', path: `members[value eq "${value}"]` })],
    ['a value, as Entra sends it', (value: string) => ({ op: 'Remove', path: 'members', value: [{ value }] })],
  ])('leave once by %s, however often they are removed, and the others stay', async (_name, operation) => {
    const path = `/Groups/${await groupId(standIns, 'Certified')}`;
    const leave = patch(operation(await userId(standIns, 'mt-omar')));
    expect([await statusOf('PATCH', path, leave), await statusOf('PATCH', path, leave)]).toEqual([200, 204]);
    expect(await groupsOf('mt-omar')).toEqual(['Sales']);
    expect(await groupsOf('mt-rita')).toEqual(['Certified']);
  });

  test('all stay when many join at the same time', async () => {
    const path = `/Groups/${await groupId(standIns, 'Recertification required')}`;
    const { identity } = await stateOf(standIns);
    const joins = identity.users.map(async ({ id }) =>
      statusOf('PATCH', path, patch({ op: 'add', path: 'members', value: [{ value: id }] })),
    );
    expect(await Promise.all(joins)).toEqual(Array(7).fill(200));
    const after = await stateOf(standIns);
    expect(after.identity.groups.find(({ displayName }) => displayName.startsWith('Recert'))?.members).toHaveLength(7);
  });

  test.each([
    ['not returned unless asked for', '', undefined],
    ['returned when attributes name them', '&attributes=id,members', 2],
  ])('are %s', async (_name, more, members) => {
    const [certified] = await find('/Groups', 'displayName eq "Certified"', more);
    expect((certified?.['members'] as unknown[] | undefined)?.length).toBe(members);
  });

  test('are not lost by a PATCH whose answer is to be trimmed', async () => {
    const path = `/Groups/${await groupId(standIns, 'Certified')}?attributes=displayName`;
    const join = patch({ op: 'add', path: 'members', value: [{ value: await userId(standIns, 'mt-nina') }] });
    expect(await statusOf('PATCH', path, join)).toBe(200);
    expect(await groupsOf('mt-rita')).toEqual(['Certified']);
    expect(await groupsOf('mt-nina')).toEqual(['Certified']);
  });

  test('go when their user is deleted, and a second delete is 404', async () => {
    const path = `/Users/${await userId(standIns, 'mt-rita')}`;
    expect([await statusOf('DELETE', path), await statusOf('DELETE', path)]).toEqual([204, 404]);
    const { identity } = await stateOf(standIns);
    expect(identity.groups.map(({ members }) => members).flat()).not.toContain(people.rita.email);
  });
});

describe('creating', () => {
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];

  test('a user answers 201 and can be found', async () => {
    const manager = { value: await userId(standIns, 'mt-mona') };
    const body = { schemas: [...schemas, ENTERPRISE], userName: 'zoe@example.com', [ENTERPRISE]: { manager } };
    expect(await statusOf('POST', '/Users', body)).toBe(201);
    expect(await find('/Users', 'userName eq "zoe@example.com"')).toHaveLength(1);
  });

  test('a user whose name is taken, in whatever case, answers 409 uniqueness', async () => {
    const response = await scim(standIns, 'POST', '/Users', { schemas, userName: people.omar.email.toUpperCase() });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ scimType: 'uniqueness', status: '409' });
  });

  test('a group whose name is taken answers 409', async () => {
    expect(await statusOf('POST', '/Groups', { displayName: 'certified' })).toBe(409);
  });
});

describe('what it refuses', () => {
  test.each(['wrong', ''])('is 401 with the token "%s"', async (token) => {
    const response = await scim(standIns, 'GET', '/Users', undefined, token);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ status: '401' });
  });

  test.each([
    ['an unknown user', 'GET', '/Users/nobody', undefined, 404],
    ['an unknown endpoint', 'GET', '/Nothing', undefined, 404],
    ['a filter that is none', 'GET', '/Users?filter=userName', undefined, 400],
    ['a filter without a value', 'GET', '/Users?filter=userName%20eq', undefined, 400],
    ['a filter that goes on', 'GET', '/Users?filter=id%20eq%20%22x%22%20and', undefined, 400],
    ['a filter whose text is none', 'GET', '/Users?filter=id%20eq%20%22%5Cq%22', undefined, 400],
    ['a user without a name', 'POST', '/Users', { displayName: 'Zoe' }, 400],
    ['a manager who is nobody', 'POST', '/Users', { userName: 'z', [ENTERPRISE]: { manager: { value: 'x' } } }, 400],
    ['a group of nobody', 'POST', '/Groups', { displayName: 'Z', members: [{ value: 'x' }] }, 400],
  ])('is a SCIM error for %s', async (_name, method, path, body, status) => {
    const response = await scim(standIns, method, path, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
    });
  });

  test.each([
    ['an unknown path', patch({ op: 'replace', path: 'nonsense', value: true }), 'invalidPath'],
    ['a text for a boolean', patch({ op: 'replace', path: 'active', value: 'False' }), 'invalidValue'],
    ['an unknown operation', patch({ op: 'toggle', path: 'active' }), 'invalidSyntax'],
    ['no PatchOp', { active: false }, 'invalidSyntax'],
    ['nothing to remove', patch({ op: 'remove' }), 'noTarget'],
    ['a change inside a list', patch({ op: 'replace', path: 'emails[type eq "work"]', value: {} }), 'invalidPath'],
    ['a filter that is none', patch({ op: 'remove', path: 'emails[work]' }), 'invalidFilter'],
  ])('is 400 for a PATCH with %s', async (_name, body, scimType) => {
    const response = await scim(standIns, 'PATCH', `/Users/${await userId(standIns, 'mt-omar')}`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ scimType });
  });

  test('is 400 for a body that is not JSON, and 415 for a charset that it cannot read', async () => {
    const post = async (contentType: string): Promise<number> => {
      const headers = { authorization: 'Bearer any', 'content-type': contentType };
      return (await fetch(`${standIns.url}/identity/scim/v2/Users`, { method: 'POST', headers, body: '{oops' })).status;
    };
    expect(await post('application/scim+json')).toBe(400);
    expect(await post('application/scim+json; charset=klingon')).toBe(415);
  });
});
