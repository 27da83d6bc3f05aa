import type { Pool } from 'pg';
import { connect } from '../../../activities';
import type { Person } from '../../../activities';
import { CLIENT_ID, people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { readConfigFile, type SystemSettings } from '../../../src/settings';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { scim, start, stateOf, stopAll, userId } from '../../dev/stand-ins/running';
import { at, connectTo, emptyLedger, failOnce, runOnce, serve, TOKEN, workflow } from '../running';

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
let now = new Date('2026-11-01T10:00:00Z');
beforeAll(async () => {
  [ledger, standIns] = await Promise.all([openLedger(), start({ now: () => now })]);
  pool = ledger.pool;
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
});

const nina: Person = { userId: people.nina.userId, email: people.nina.email };
const omar: Person = { userId: people.omar.userId, email: people.omar.email };

const keycloakAt = (more: Partial<SystemSettings['identity']> = {}): SystemSettings['identity'] => ({
  ...at.scim(`${standIns.url}/identity/scim/v2`),
  keycloakUrl: `${standIns.url}/identity/keycloak/admin/realms/acme`,
  ...more,
});

async function groupsOf({ userId: externalId }: Person): Promise<readonly string[]> {
  const { identity } = await stateOf(standIns);
  return identity.users.find((user) => user.externalId === externalId)?.groups ?? [];
}

/** The seed's ids are the same after each reset. */
const ids = new Map<string, Promise<string>>();

function idOf({ userId: externalId }: Person): Promise<string> {
  const known = ids.get(externalId) ?? userId(standIns, externalId);
  ids.set(externalId, known);
  return known;
}

async function newGroup(displayName: string, members: readonly Person[] = []): Promise<string> {
  const ids = await Promise.all(members.map(idOf));
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
  const body = { schemas, displayName, members: ids.map((value) => ({ value })) };
  return ((await (await scim(standIns, 'POST', '/Groups', body)).json()) as { id: string }).id;
}

async function newGroups(count: number, member: Person): Promise<void> {
  for (let index = 0; index < count; index += 1) await newGroup(`Group ${index}`, [member]);
}

async function newSubgroup(parent: string, name: string, member?: Person): Promise<string> {
  const url = `${keycloakAt().keycloakUrl ?? ''}/groups/${parent}/children`;
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const { id } = (await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name }) })).json()) as {
    id: string;
  };
  if (member !== undefined) {
    const value = [{ value: await idOf(member) }];
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    await scim(standIns, 'PATCH', `/Groups/${id}`, { schemas, Operations: [{ op: 'add', path: 'members', value }] });
  }
  return id;
}

describe('a server that finds nothing by id, and lists a hundred at most, as Keycloak', () => {
  test('a leaver leaves all groups of several pages, the subgroups and those around them', async () => {
    await newGroups(105, nina);
    const parent = await newGroup('Parent', [nina]);
    await newSubgroup(await newSubgroup(parent, 'Child', nina), 'Grandchild', nina);
    const { leaveGroups } = connectTo(pool, 'identity', keycloakAt());
    const { run, step } = workflow();
    // An attempt has its time, and the next goes on where it ended: so does Temporal.
    const attempt = (): Promise<unknown> => run(leaveGroups, step('leave'), nina).catch(attemptAgain);
    let more = 9;
    const attemptAgain = (error: unknown): Promise<unknown> => {
      if (more === 0) throw error;
      more -= 1;
      return attempt();
    };
    const left = (await attempt()) as { readonly left: readonly string[] };
    expect(left.left).toHaveLength(108);
    expect(left.left).toEqual(expect.arrayContaining(['Parent', 'Child', 'Grandchild']));
    await expect(groupsOf(nina)).resolves.toEqual([]);
  });

  test('two groups of one name are two groups', async () => {
    for (const name of ['North', 'South']) await newSubgroup(await newGroup(name), 'Team', nina);
    const { leaveGroups, restoreUser } = connectTo(pool, 'identity', keycloakAt());
    const { run, step } = workflow();
    await expect(run(leaveGroups, step('leave'), nina)).resolves.toEqual({ left: ['Team', 'Team'] });
    await expect(groupsOf(nina)).resolves.toEqual([]);
    await run(restoreUser, step('undo'), nina, 'leave', null);
    await expect(groupsOf(nina)).resolves.toEqual(['Team', 'Team']);
  });

  test('a membership is seen, so that a join over it is not ours and an undo of a join leaves', async () => {
    const { joinGroup, leaveGroup, restoreUser } = connectTo(pool, 'identity', keycloakAt());
    const { run, step } = workflow();
    await expect(run(joinGroup, step('join'), omar, 'Sales')).resolves.toBe('unchanged');
    await expect(run(restoreUser, step('undo'), omar, 'join', null)).resolves.toBe('unchanged');
    await expect(run(joinGroup, step('join2'), nina, 'Certified')).resolves.toBe('done');
    await expect(run(restoreUser, step('undo2'), nina, 'join2', null)).resolves.toBe('done');
    await expect(run(leaveGroup, step('leave'), omar, 'Certified', null)).resolves.toBe('done');
    await expect(Promise.all([groupsOf(omar), groupsOf(nina)])).resolves.toEqual([['Sales'], []]);
  });

  test('the policy names a subgroup by its path, and protects one', async () => {
    const child = await newSubgroup(await newGroup('Training'), 'Certified', omar);
    expect(child).not.toBe('');
    const { joinGroup } = connectTo(pool, 'identity', keycloakAt());
    await expect(runOnce(joinGroup, nina, '/Training/Certified')).resolves.toBe('done');
    await expect(groupsOf(nina)).resolves.toEqual(['Certified']);
    const policy = { protected: { users: [], groups: ['/Training/Certified', 'Sales'] } };
    const { leaveGroups } = connectTo(pool, 'identity', keycloakAt(), { policy });
    await runOnce(leaveGroups, nina);
    await expect(groupsOf(nina)).resolves.toEqual(['Certified']);
  });

  test('sessions end with the freeze', async () => {
    const { freezeUser } = connectTo(pool, 'identity', keycloakAt());
    await expect(runOnce(freezeUser, omar)).resolves.toBe('done');
    const { identity } = await stateOf(standIns);
    expect(identity.users.find(({ externalId }) => externalId === omar.userId)).toMatchObject({
      active: false,
      sessions: 0,
    });
  });
});

describe('a server with cursors, no totals and no filter on addresses, as Entra', () => {
  test('a leaver is found, frozen, and leaves every group', async () => {
    await newGroups(45, nina);
    const { freezeUser, leaveGroups } = connectTo(pool, 'identity', at.scim(`${standIns.url}/identity/entra/scim`));
    await expect(runOnce(freezeUser, nina)).resolves.toMatchObject({ change: 'done' });
    await runOnce(leaveGroups, nina);
    await expect(groupsOf(nina)).resolves.toEqual([]);
  });
});

describe('tokens that expire', () => {
  const signIn = (): NonNullable<SystemSettings['identity']['signIn']> => ({
    url: `${standIns.url}/identity/keycloak/realms/acme/protocol/openid-connect/token`,
    clientId: CLIENT_ID,
  });
  const signIns = async (): Promise<number> =>
    (await stateOf(standIns)).calls.filter(({ path }) => path.endsWith('/token')).length;

  test('one is asked for once, and again when it is refused before its time, for the end of sessions too', async () => {
    const { freezeUser, findContact } = connectTo(pool, 'identity', keycloakAt({ signIn: signIn() }));
    await workflow().run(findContact, omar);
    await workflow().run(findContact, nina);
    await expect(signIns()).resolves.toBe(1);
    now = new Date(now.getTime() + 61_000);
    await expect(runOnce(freezeUser, omar)).resolves.toBe('done');
    await expect(signIns()).resolves.toBe(2);
  });

  test('refused credentials name what to look at, and nothing of them', async () => {
    const settings = keycloakAt({ signIn: signIn(), token: () => 'a-wrong-secret' });
    const { freezeUser } = connectTo(pool, 'identity', settings);
    const refusal = await failOnce(freezeUser, omar);
    expect(refusal).toMatchObject({ type: 'identity.rejected', nonRetryable: true, details: [{ status: 401 }] });
    expect(refusal.message).toMatch(/sign in.*credentials were refused.*SCIM_CLIENT_SECRET/);
    expect(refusal.message).not.toContain('a-wrong-secret');
  });

  test('a client whose secret goes into a header is taken too', async () => {
    const { url, stop } = await serve((request, response) => {
      const isBasic = request.headers.authorization === `Basic ${Buffer.from('a%3Ab:s+1').toString('base64')}`;
      if (request.url === '/token') {
        response.writeHead(isBasic ? 200 : 401);
        response.end(JSON.stringify(isBasic ? { access_token: 't', expires_in: 60 } : { error: 'invalid_client' }));
      } else response.end('{"totalResults": 0}');
    });
    const settings = { ...at.scim(url), signIn: { url: `${url}/token`, clientId: 'a:b' }, token: () => 's 1' };
    await expect(runOnce(connectTo(pool, 'identity', settings).freezeUser, omar)).resolves.toBe('absent');
    await stop();
  });
});

describe('a list', () => {
  const user = { id: 'u1', userName: omar.email };
  const group = (index: number) => ({ id: `g${index}`, displayName: `Group ${index}` });

  test.each<[string, (startIndex: number) => object, string]>([
    ['whose pages never end', (from) => ({ totalResults: 1e9, Resources: [group(from)] }), 'pages'],
    ['whose pages repeat', () => ({ totalResults: 50, Resources: [group(1)] }), 'before its total'],
    ['that ends before its total', (from) => ({ totalResults: 5, Resources: from > 1 ? [] : [group(1)] }), 'total'],
    ['whose cursor never ends', (from) => ({ nextCursor: 'x', Resources: [group(from)] }), 'pages'],
  ])('%s is given up with a failure that names the call', async (_what, page, why) => {
    const { url, stop } = await serve((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
      const groups = page(Number(searchParams.get('startIndex') ?? 1));
      const found = pathname === '/Users' ? { totalResults: 1, Resources: [user] } : groups;
      response.end(JSON.stringify(pathname.startsWith('/Users/') ? user : found));
    });
    const refusal = await failOnce(connectTo(pool, 'identity', at.scim(url)).leaveGroups, omar);
    expect(refusal).toMatchObject({ type: 'identity.rejected', nonRetryable: true });
    expect(refusal.message).toContain(why);
    expect(refusal.message).toMatch(/^identity: list groups: /);
    await stop();
  });

  test('where only the groups know their members, is read group by group', async () => {
    const left: string[] = [];
    const { url, stop } = await serve((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
      if (request.method === 'PATCH') left.push(pathname);
      const groups = [1, 2, 3].map((index) => ({ ...group(index), members: [{ value: index === 2 ? 'u1' : 'u9' }] }));
      const all = searchParams.get('filter') === null && left.length === 0 ? groups : [];
      const list = pathname === '/Users' ? [user] : all;
      response.end(JSON.stringify(pathname.includes('s/') ? user : { totalResults: list.length, Resources: list }));
    });
    await expect(runOnce(connectTo(pool, 'identity', at.scim(url)).leaveGroups, omar)).resolves.toEqual({
      left: ['Group 2'],
    });
    expect(left).toEqual(['/Groups/g2']);
    await stop();
  });
});

describe('what a provider lacks, or a setting has wrong', () => {
  test('a provider that ends no sessions says so, and freezes all the same', async () => {
    const { url, stop } = await serve((request, response) => {
      const isMissing = request.method === 'DELETE';
      const shown = { id: '00u1', status: 'ACTIVE', profile: { login: omar.email } };
      response.writeHead(isMissing ? 404 : 200);
      response.end(JSON.stringify(request.url?.includes('search=') === true ? [] : shown));
    });
    await expect(runOnce(connectTo(pool, 'identity', at.okta(url)).freezeUser, omar)).resolves.toEqual({
      change: 'done',
      sessions: 'not supported',
    });
    await stop();
  });

  test('a wrong KEYCLOAK_ADMIN_URL is named by the check, and by the call', async () => {
    const keycloakUrl = `${standIns.url}/identity/keycloak/admin/realms/acmee`;
    const settings = keycloakAt({ keycloakUrl });
    const { checks } = connect('identity', settings, { pool, policy: readConfigFile(undefined).policy });
    const faults = await Promise.allSettled(checks.map((check) => check()));
    expect(JSON.stringify(faults.map((fault) => 'reason' in fault && String(fault.reason)))).toMatch(
      /404.*KEYCLOAK_ADMIN_URL/,
    );
    const refusal = await failOnce(connectTo(pool, 'identity', settings).freezeUser, omar);
    expect(refusal.message).toMatch(/^identity: end sessions: answered 404: .*KEYCLOAK_ADMIN_URL/);
  });
});
