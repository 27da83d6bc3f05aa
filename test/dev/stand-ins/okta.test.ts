import type { StandIns } from '../../../src/dev/stand-ins';
import { people } from '../../../src/dev/people';
import { groupId, okta, patch, scim, setFault, start, stateOf, stopAll, userId } from './running';

let standIns: StandIns;
beforeEach(async () => {
  standIns = await start();
});
afterEach(stopAll);

type Json = Record<string, unknown>;

async function refusal(method: string, path: string, body?: unknown, token?: string): Promise<[number, unknown]> {
  const response = await okta(standIns, method, path, body, token);
  return [response.status, ((await response.json()) as Json)['errorCode']];
}

async function statusOf(externalId: string): Promise<unknown> {
  const { identity } = await stateOf(standIns);
  const found = identity.users.find((user) => user.externalId === externalId);
  return [found?.status, found?.active, found?.sessions, found?.tokens];
}

describe('users', () => {
  test.each(['login', 'id'])('are found by %s', async (by) => {
    const path = by === 'login' ? people.omar.email : await userId(standIns, 'mt-omar');
    const user = (await (await okta(standIns, 'GET', `/users/${path}`)).json()) as Json;
    expect(user).toMatchObject({ status: 'ACTIVE', profile: { login: people.omar.email, employeeNumber: 'mt-omar' } });
    expect(user['profile']).toMatchObject({ managerId: people.mona.email, manager: people.mona.name });
  });

  test('are those that SCIM has', async () => {
    const id = await userId(standIns, 'mt-omar');
    expect((await okta(standIns, 'POST', `/users/${id}/lifecycle/suspend`)).status).toBe(200);
    expect(await statusOf('mt-omar')).toEqual(['SUSPENDED', false, 1, 1]);
    const open = patch({ op: 'replace', path: 'active', value: true });
    expect((await scim(standIns, 'PATCH', `/Users/${id}`, open)).status).toBe(200);
    expect(await statusOf('mt-omar')).toEqual(['ACTIVE', true, 1, 1]);
  });

  test('lose sessions, and tokens where that is asked for', async () => {
    const path = `/users/${await userId(standIns, 'mt-omar')}/sessions`;
    expect((await okta(standIns, 'DELETE', path)).status).toBe(204);
    expect(await statusOf('mt-omar')).toEqual(['ACTIVE', true, 0, 1]);
    expect((await okta(standIns, 'DELETE', `${path}?oauthTokens=true`)).status).toBe(204);
    expect(await statusOf('mt-omar')).toEqual(['ACTIVE', true, 0, 0]);
  });

  test.each([
    [[], 'unsuspend'],
    [['suspend'], 'suspend'],
    [['expire_password'], 'suspend'],
    [['deactivate'], 'deactivate'],
    [['deactivate'], 'unsuspend'],
  ])('after %j refuse to %s', async (before, transition) => {
    const path = `/users/${await userId(standIns, 'mt-omar')}/lifecycle`;
    for (const earlier of before) expect((await okta(standIns, 'POST', `${path}/${earlier}`)).status).toBe(200);
    await expect(refusal('POST', `${path}/${transition}`)).resolves.toEqual([400, 'E0000001']);
  });
});

describe('groups', () => {
  test('come in pages that name the next', async () => {
    for (let index = 0; index < 20; index += 1)
      expect((await okta(standIns, 'POST', '/groups', { profile: { name: `G ${index}` } })).status).toBe(200);
    const first = await okta(standIns, 'GET', '/groups?limit=200');
    expect((await first.json()) as Json[]).toHaveLength(20);
    const [, next = ''] = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
    const rest = await okta(standIns, 'GET', next.slice(next.indexOf('/groups')));
    expect((await rest.json()) as Json[]).toHaveLength(5);
    expect(rest.headers.get('link')).not.toContain('next');
  });

  test.each([
    ['search=profile.name eq "sales"', ['Sales']],
    ['search=profile.name eq "Sales" and type eq "OKTA_GROUP"', ['Sales']],
    ['search=type eq "BUILT_IN"', ['Everyone']],
    ['q=sales', ['Sales', 'Sales onboarding']],
  ])('are found by %s', async (query, names) => {
    const [name = '', value = ''] = query.split(/=(.*)/);
    const response = await okta(standIns, 'GET', `/groups?${name}=${encodeURIComponent(value)}`);
    const found = (await response.json()) as { profile: { name: string } }[];
    expect(found.map(({ profile }) => profile.name)).toEqual(names);
  });

  test('accept a member twice, and remove it twice', async () => {
    const path = `/groups/${await groupId(standIns, 'Sales')}/users/${await userId(standIns, 'mt-nina')}`;
    for (const method of ['PUT', 'PUT', 'DELETE', 'DELETE'])
      expect((await okta(standIns, method, path)).status).toBe(204);
  });
});

describe('refusals', () => {
  test.each([
    ['a user who is not there', 'GET', '/users/nobody@example.com', 404, 'E0000007'],
    ['a path that is not there', 'GET', '/apps', 404, 'E0000007'],
    ['a transition that is not there', 'POST', `/users/${people.omar.email}/lifecycle/vanish`, 404, 'E0000007'],
    ['an attribute that is not there', 'GET', '/users?search=profile.shoe%20eq%20%221%22', 400, 'E0000031'],
    ['a search that cannot be read', 'GET', '/groups?search=name', 400, 'E0000031'],
    ['a member of Everyone', 'PUT', `/groups/00g-everyone/users/${people.omar.email}`, 400, 'E0000001'],
    ['a group without a name', 'POST', '/groups', 400, 'E0000001'],
  ])('%s', async (_name, method, path, status, code) => {
    await expect(refusal(method, path, method === 'POST' ? {} : undefined)).resolves.toEqual([status, code]);
  });

  test('another token', async () => {
    await expect(refusal('GET', '/users/x', undefined, 'wrong')).resolves.toEqual([401, 'E0000011']);
  });

  test('a name that is taken', async () => {
    await expect(refusal('POST', '/groups', { profile: { name: 'sales' } })).resolves.toEqual([400, 'E0000001']);
  });

  test('too many requests say when to come back, in Okta’s way', async () => {
    await setFault(standIns, 'identity', { mode: 'rate-limit', retryAfterSeconds: 30, calls: 1 });
    const response = await okta(standIns, 'GET', '/users/x');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBeNull();
    const reset = Number(response.headers.get('x-rate-limit-reset')) * 1000;
    const answeredAt = Date.parse(response.headers.get('date') ?? '');
    expect(reset - answeredAt).toBeGreaterThanOrEqual(30_000);
    expect(reset - answeredAt).toBeLessThanOrEqual(31_000);
    expect(((await response.json()) as Json)['errorCode']).toBe('E0000047');
  });

  test('an error of the fault switch has Okta’s form', async () => {
    await setFault(standIns, 'identity', { mode: 'error', status: 503, calls: 1 });
    await expect(refusal('GET', '/users/x')).resolves.toEqual([503, 'E0000009']);
  });
});
