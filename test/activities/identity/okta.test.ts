import type { Pool } from 'pg';
import type { Person } from '../../../activities';
import { people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { okta, scim, setFault, start, stateOf, stopAll, userId } from '../../dev/stand-ins/running';
import { at, connectTo, delayOf, emptyLedger, failOnce, rowsOf, runOnce, serve, workflow, written } from '../running';

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
const oktaAt = (url: string) => connectTo(pool, 'identity', at.okta(url));
let identity: ReturnType<typeof oktaAt>;

beforeAll(async () => {
  [ledger, standIns] = await Promise.all([openLedger(), start()]);
  pool = ledger.pool;
  identity = oktaAt(`${standIns.url}/identity/okta`);
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
});

const omar: Person = { userId: people.omar.userId, email: people.omar.email };
const nina: Person = { userId: people.nina.userId, email: people.nina.email };

async function user({ userId: externalId }: Person) {
  const { identity: directory } = await stateOf(standIns);
  const found = directory.users.find((one) => one.externalId === externalId);
  return { status: found?.status, sessions: found?.sessions, tokens: found?.tokens, groups: found?.groups };
}

/** Requests that change something, as Okta saw them. */
async function writes(): Promise<string[]> {
  const { calls } = await stateOf(standIns);
  return calls
    .filter(({ method, path }) => method !== 'GET' && path.startsWith('/identity/okta'))
    .map(({ method, path, status }) => `${method} ${path.replace(/^.*\/(?=[^/]+$)/, '')} ${status}`);
}

async function transit(person: Person, transition: string): Promise<void> {
  const id = await userId(standIns, person.userId);
  expect((await okta(standIns, 'POST', `/users/${id}/lifecycle/${transition}`)).status).toBe(200);
}

describe('freezeUser', () => {
  test('suspends, then ends sessions and tokens', async () => {
    const own = workflow();
    await expect(own.run(identity.readIdentityAccess, omar)).resolves.toMatchObject({ state: 'open' });
    await expect(own.run(identity.freezeUser, own.step('freeze'), omar)).resolves.toBe('done');
    await expect(own.run(identity.readIdentityAccess, omar)).resolves.toMatchObject({ state: 'ended' });
    await expect(user(omar)).resolves.toMatchObject({ status: 'SUSPENDED', sessions: 0, tokens: 0 });
    await expect(rowsOf(pool, own)).resolves.toMatchObject([
      { naturalKey: 'active', status: 'done', would: { active: false }, before: { active: true } },
      { naturalKey: 'sessions', status: 'done', would: { sessions: 'ended' } },
    ]);
  });

  test('ends the sessions too when the answer to the suspension was lost', async () => {
    const own = workflow();
    const { url, stop } = await losingTheAnswerTo('suspend');
    const losing = oktaAt(url);
    await expect(own.failure(losing.freezeUser, own.step('freeze'), omar)).resolves.toMatchObject({
      type: 'identity.unavailable',
    });
    await stop();
    await expect(own.run(identity.freezeUser, own.step('freeze'), omar)).resolves.toBe('done');
    await expect(user(omar)).resolves.toMatchObject({ status: 'SUSPENDED', sessions: 0, tokens: 0 });
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'done' }, { status: 'done' }]);
  });

  test('of one who was suspended already, ends the sessions and gives nothing back', async () => {
    await transit(omar, 'suspend');
    const own = workflow();
    await expect(own.run(identity.freezeUser, own.step('freeze'), omar)).resolves.toBe('unchanged');
    await expect(user(omar)).resolves.toMatchObject({ status: 'SUSPENDED', sessions: 0 });
    await expect(own.run(identity.restoreUser, own.step('undo freeze'), omar, 'freeze', null)).resolves.toBe(
      'unchanged',
    );
    await expect(user(omar)).resolves.toMatchObject({ status: 'SUSPENDED' });
  });

  test('of one who was deactivated already, changes nothing', async () => {
    await transit(omar, 'deactivate');
    const own = workflow();
    await expect(own.run(identity.freezeUser, own.step('freeze'), omar)).resolves.toBe('unchanged');
    await expect(rowsOf(pool, own)).resolves.toEqual([]);
  });

  test('of one whom Okta does not suspend, ends the sessions and asks for a person', async () => {
    await transit(omar, 'expire_password');
    const own = workflow();
    const failure = await own.failure(identity.freezeUser, own.step('freeze'), omar);
    expect(failure).toMatchObject({
      type: 'identity.rejected',
      nonRetryable: true,
      details: [{ status: 400, code: 'E0000001' }],
    });
    expect(failure.message).toContain('retryStep or skipStep');
    await expect(user(omar)).resolves.toMatchObject({ status: 'PASSWORD_EXPIRED', sessions: 0, tokens: 0 });
    await transit(omar, 'deactivate');
    await expect(own.run(identity.freezeUser, own.step('freeze'), omar)).resolves.toBe('done');
  });

  test('someone whom Okta does not know is absent', async () => {
    const nobody = { userId: 'mt-nobody', email: 'nobody@example.com' };
    await expect(runOnce(identity.freezeUser, nobody)).resolves.toBe('absent');
  });

  test('finds a user by the e-mail address where the login is another', async () => {
    const id = await userId(standIns, omar.userId);
    const renamed = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [RENAME] };
    expect((await scim(standIns, 'PATCH', `/Users/${id}`, renamed)).status).toBe(200);
    await expect(runOnce(identity.freezeUser, omar)).resolves.toBe('done');
  });

  test('finds a user by MindTickle’s id where the settings say which attribute holds it', async () => {
    const { run, step } = workflow();
    const unknown = { ...omar, email: null };
    await expect(run(identity.freezeUser, step('freeze'), unknown)).resolves.toBe('absent');
    const settings = { userIdAttribute: 'employeeNumber' };
    const byId = connectTo(pool, 'identity', { ...at.okta(`${standIns.url}/identity/okta`), ...settings });
    await expect(run(byId.freezeUser, step('freeze (2)'), unknown)).resolves.toBe('done');
  });

  test('observed, it writes nothing and leaves a row for each thing that it would do', async () => {
    const own = workflow();
    const context = own.step('freeze', { mode: 'observe' });
    await expect(own.run(identity.freezeUser, context, omar)).resolves.toBe('observed');
    await expect(writes()).resolves.toEqual([]);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'observed' }, { status: 'observed' }]);
  });
});

const RENAME = { op: 'replace', path: 'userName', value: 'ohaddad' };

/** Okta behind a wire that is cut after one request was done. */
async function losingTheAnswerTo(what: string): ReturnType<typeof serve> {
  const { url, stop } = await serve((request, response) => {
    const address = `${standIns.url}${request.url ?? ''}`;
    const { authorization = '' } = request.headers;
    void fetch(address, { method: request.method ?? 'GET', headers: { authorization } }).then(async (answer) => {
      if (request.url?.endsWith(what)) request.socket.destroy();
      else response.writeHead(answer.status).end(await answer.text());
    });
  });
  return { url: `${url}/identity/okta`, stop };
}

describe('restore', () => {
  test('gives the sign-in and every group back', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await run(identity.leaveGroups, step('leaveGroups'), omar);
    await expect(run(identity.restoreUser, step('undo leaveGroups'), omar, 'leaveGroups', null)).resolves.toBe('done');
    await expect(run(identity.restoreUser, step('undo freeze'), omar, 'freeze', null)).resolves.toBe('done');
    await expect(user(omar)).resolves.toMatchObject({ status: 'ACTIVE', groups: ['Certified', 'Sales'] });
  });

  test('of one who was deactivated meanwhile, asks for a person', async () => {
    const { run, failure, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await transit(omar, 'deactivate');
    await expect(failure(identity.restoreUser, step('undo freeze'), omar, 'freeze', null)).resolves.toMatchObject({
      type: 'identity.rejected',
    });
  });
});

describe('deactivateUser', () => {
  test('deactivates for good, and twice is once', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    for (let attempt = 0; attempt < 2; attempt += 1)
      await expect(run(identity.deactivateUser, step('deactivate'), omar)).resolves.toBe('done');
    await expect(user(omar)).resolves.toMatchObject({ status: 'DEPROVISIONED' });
    await expect(writes()).resolves.toEqual([
      'POST suspend 200',
      'DELETE sessions?oauthTokens=true 204',
      'POST deactivate 200',
    ]);
  });

  test('of one who was deactivated already is unchanged', async () => {
    await transit(omar, 'deactivate');
    await expect(runOnce(identity.deactivateUser, omar)).resolves.toBe('unchanged');
  });
});

describe('groups', () => {
  test('leaves all that Okta lets it leave, page by page', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `Group ${String(index).padStart(2, '0')}`);
    const id = await userId(standIns, nina.userId);
    for (const name of names) {
      const { id: group } = (await (await okta(standIns, 'POST', '/groups', { profile: { name } })).json()) as Id;
      expect((await okta(standIns, 'PUT', `/groups/${group}/users/${id}`)).status).toBe(204);
    }
    const group = { displayName: 'From the directory', externalId: 'ad-1', members: [{ value: id }] };
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
    expect((await scim(standIns, 'POST', '/Groups', { schemas, ...group })).status).toBe(201);
    const result = await runOnce(identity.leaveGroups, nina);
    expect(result).toEqual({ left: names });
    await expect(user(nina)).resolves.toMatchObject({ groups: ['From the directory'] });
  });

  test('joins by the exact name, and twice is once', async () => {
    const { run, step } = workflow();
    for (let attempt = 0; attempt < 2; attempt += 1)
      await expect(run(identity.joinGroup, step('join'), nina, 'Sales')).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: ['Sales'] });
    await expect(writes()).resolves.toHaveLength(1);
  });

  test.each([
    ['Sale', 'has no group named "Sale"'],
    ['x" or profile.name eq "Sales', 'has no group named'],
    ['Everyone', 'cannot change the group "Everyone"'],
  ])('rejects %s by its name', async (name, why) => {
    const thrown = await failOnce(identity.joinGroup, nina, name);
    expect(thrown).toMatchObject({ type: 'identity.rejected', nonRetryable: true });
    expect(thrown.message).toContain(why);
  });

  test('a group to join that is not there is made where the policy says so', async () => {
    const groups = { certified: 'Certified', recertificationRequired: 'Due', createMissing: true };
    const making = connectTo(pool, 'identity', at.okta(`${standIns.url}/identity/okta`), { policy: { groups } });
    const own = workflow();
    await expect(own.run(making.leaveGroup, own.step('leave'), nina, 'Due', null)).resolves.toBe('unchanged');
    const observed = own.step('look', { mode: 'observe' });
    await expect(own.run(making.joinGroup, observed, nina, 'Due')).resolves.toBe('observed');
    await expect(own.run(making.joinGroup, own.step('join'), nina, 'Due')).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: ['Due'] });
    await expect(own.run(making.restoreUser, own.step('undo join'), nina, 'join', null)).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: [] });
  });
});

interface Id {
  readonly id: string;
}

describe('findContact', () => {
  test('names the manager by what the profile holds', async () => {
    const { run } = workflow();
    const contact = { email: people.omar.email, managerEmail: people.mona.email };
    await expect(run(identity.findContact, omar)).resolves.toEqual(contact);
  });

  test.each(['me', 'Mona Lindqvist', ''])('does not look up a manager called %j', async (managerId) => {
    const asked: string[] = [];
    const { url, stop } = await serve((request, response) => {
      asked.push(request.url ?? '');
      const user = { id: '00u1', status: 'ACTIVE', profile: { email: 'a@example.com', managerId } };
      response.end(JSON.stringify(request.url?.includes('search=') === true ? [] : user));
    });
    const { run } = workflow();
    const contact = await run(oktaAt(url).findContact, omar);
    expect(contact).toEqual({ email: 'a@example.com', managerEmail: null });
    expect(asked.filter((path) => !path.includes('search='))).toHaveLength(1);
    await stop();
  });
});

describe('what Okta refuses', () => {
  test('a wrong token is rejected by its code, and nothing of it is written', async () => {
    const wrong = connectTo(pool, 'identity', at.okta(`${standIns.url}/identity/okta`, 'not-the-token'));
    const thrown = await failOnce(wrong.freezeUser, omar);
    expect(thrown).toMatchObject({ type: 'identity.rejected', details: [{ status: 401, code: 'E0000011' }] });
    expect(written(thrown)).not.toMatch(/not-the-token|omar|Invalid token/);
  });

  test('too many requests wait until the limit is reset', async () => {
    await setFault(standIns, 'identity', { mode: 'rate-limit', retryAfterSeconds: 40, calls: 1 });
    const thrown = await failOnce(identity.freezeUser, omar);
    expect(thrown).toMatchObject({ type: 'identity.unavailable', details: [{ status: 429, code: 'E0000047' }] });
    expect(delayOf(thrown)).toBeGreaterThan(39_000);
    expect(delayOf(thrown)).toBeLessThanOrEqual(41_000);
  });

  test.each([
    ['a page of another system', '{"not":"a list"}', {}],
    ['a list without end', '[]', { link: '<https://elsewhere.example.com/x?after=1>; rel="next"' }],
  ])('%s is rejected, and the token goes nowhere else', async (_name, text, headers) => {
    let asked = 0;
    const { url, stop } = await serve((request, response) => {
      asked += 1;
      const isUser = request.url?.startsWith('/api/v1/users/') === true && !request.url.includes('groups');
      if (isUser) response.end(JSON.stringify({ id: '00u1', status: 'ACTIVE' }));
      else response.writeHead(200, headers).end(text);
    });
    const thrown = await failOnce(oktaAt(url).leaveGroups, omar);
    expect(thrown).toMatchObject({ type: 'identity.rejected' });
    expect(asked).toBeLessThan(60);
    await stop();
  });
});
