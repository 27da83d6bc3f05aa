import type { Pool } from 'pg';
import type { ConnectorActivities, Person } from '../../../activities';
import { people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { expired, provisioned, request } from '../../ledger/events';
import { programGroupsOf, recordEvent } from '../../../src/ledger';
import { setFault, start, stateOf, stopAll } from '../../dev/stand-ins/running';
import {
  at,
  connectTo,
  emptyLedger,
  failOnce,
  leaves,
  rowsOf,
  runOnce,
  serve,
  statusOf,
  TOKEN,
  workflow,
  written,
  type ConnectorOptions,
  type Functions,
  type Workflow,
} from '../running';

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
let scimUrl: string;
type Identity = Functions<ConnectorActivities['identity']>;
let identity: Identity;

beforeAll(async () => {
  [ledger, standIns] = await Promise.all([openLedger(), start()]);
  pool = ledger.pool;
  scimUrl = `${standIns.url}/identity/scim/v2`;
  identity = identityUnder();
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
});

const omar: Person = { userId: people.omar.userId, email: people.omar.email };
const nina: Person = { userId: people.nina.userId, email: people.nina.email };
/** SCIM has no call to end sessions. */
const withoutSessions = (change: 'done' | 'unchanged') => ({ change, sessions: 'not supported' });
const nobody: Person = { userId: 'mt-nobody', email: 'nobody@example.com' };

async function user({ userId: externalId }: Person) {
  const { identity: directory } = await stateOf(standIns);
  const found = directory.users.find((one) => one.externalId === externalId);
  return { active: found?.active, groups: found?.groups };
}

/** As an administrator does in the provider itself: another workflow's hand is one that ours does not know. */
async function setActiveByHand(person: Person, active: boolean): Promise<void> {
  const { run, step } = workflow();
  if (!active) {
    await run(identity.freezeUser, step('by hand'), person);
    return;
  }
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/scim+json' };
  const filter = encodeURIComponent(`userName eq "${person.email}"`);
  const found = await fetch(`${scimUrl}/Users?filter=${filter}`, { headers });
  const { Resources } = (await found.json()) as { Resources: readonly { readonly id: string }[] };
  await fetch(`${scimUrl}/Users/${Resources[0]?.id}`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: active }],
    }),
  });
}

/** Requests that change something, as the provider saw them: method and resource type. */
async function writes(): Promise<string[]> {
  const { calls } = await stateOf(standIns);
  return calls
    .filter(({ system, method }) => system === 'identity' && method !== 'GET')
    .map(({ method, path }) => `${method} ${path.includes('/Users/') ? 'user' : 'group'}`);
}

/** The connector, whose first change gets no answer although it is done. */
function losingTheFirstAnswer(): Identity {
  let isFirst = true;
  return identityBy(async (input, init) => {
    if (init?.method === 'PATCH' && isFirst) {
      isFirst = false;
      await setFault(standIns, 'identity', { mode: 'lost-response', calls: 1 });
    }
    return fetch(input, init);
  });
}

function identityBy(send: typeof fetch): Identity {
  return connectTo(pool, 'identity', at.scim(scimUrl), { fetch: send });
}

/** The connector to a provider of a few lines. */
const identityAt = (url: string): Identity => connectTo(pool, 'identity', at.scim(url));

/** The connector with another policy. */
const identityUnder = (policy: ConnectorOptions['policy'] = {}): Identity =>
  connectTo(pool, 'identity', at.scim(scimUrl), { policy });

describe('deactivateUser', () => {
  test('confirms what the freeze did, and does it again where somebody opened the sign-in', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await expect(run(identity.deactivateUser, step('deactivate'), omar)).resolves.toEqual(withoutSessions('unchanged'));
    await expect(writes()).resolves.toEqual(['PATCH user']);
    await run(identity.restoreUser, step('by hand'), omar, 'freeze', null);
    await expect(user(omar)).resolves.toMatchObject({ active: true });
    await expect(run(identity.deactivateUser, step('deactivate (2)'), omar)).resolves.toEqual(withoutSessions('done'));
    await expect(user(omar)).resolves.toMatchObject({ active: false });
  });
});

describe('a step that runs again after it was undone, as in a workflow that was reset', () => {
  test('freezes again, and gives back again', async () => {
    const { run, step } = workflow();
    for (const round of [1, 2]) {
      await expect(run(identity.freezeUser, step('freeze'), omar)).resolves.toMatchObject({ change: 'done' });
      await expect(user(omar)).resolves.toMatchObject({ active: false });
      await expect(run(identity.restoreUser, step('undoFreeze'), omar, 'freeze', null)).resolves.toBe('done');
      await expect(user(omar)).resolves.toMatchObject({ active: true });
      await expect(writes()).resolves.toHaveLength(2 * round);
    }
  });

  test('leaves the groups again, and says which of them now', async () => {
    const { run, step } = workflow();
    const { groups = [] } = await user(omar);
    const [kept = '', ...others] = groups;
    await expect(run(identity.leaveGroups, step('leaveGroups'), omar)).resolves.toEqual({ left: groups });
    await run(identity.restoreUser, step('undoLeaveGroups'), omar, 'leaveGroups', null);
    await expect(user(omar)).resolves.toMatchObject({ groups });
    for (const group of others) await runOnce(identity.leaveGroup, omar, group, null);
    await expect(run(identity.leaveGroups, step('leaveGroups'), omar)).resolves.toEqual({ left: [kept] });
    await run(identity.restoreUser, step('undoLeaveGroups'), omar, 'leaveGroups', null);
    await expect(user(omar)).resolves.toMatchObject({ groups: [kept] });
  });

  test('does again what somebody reversed in the provider', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await setActiveByHand(omar, true);
    await expect(run(identity.freezeUser, step('freeze'), omar)).resolves.toMatchObject({ change: 'done' });
    await expect(user(omar)).resolves.toMatchObject({ active: false });
  });

  test('takes nothing for ours that somebody else did after the undo', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await run(identity.restoreUser, step('undoFreeze'), omar, 'freeze', null);
    await setActiveByHand(omar, false);
    await expect(run(identity.freezeUser, step('freeze'), omar)).resolves.toMatchObject({ change: 'unchanged' });
    await run(identity.restoreUser, step('undoFreeze'), omar, 'freeze', null);
    await expect(user(omar)).resolves.toMatchObject({ active: false });
  });
});

describe('freezeUser', () => {
  test('ends the sign-in, and keeps what stood before', async () => {
    const own = workflow();
    await expect(own.run(identity.freezeUser, own.step('freeze'), omar)).resolves.toEqual(withoutSessions('done'));
    await expect(user(omar)).resolves.toMatchObject({ active: false });
    await expect(rowsOf(pool, own)).resolves.toEqual([
      {
        step: 'freeze',
        naturalKey: 'active',
        status: 'done',
        would: { active: false },
        before: { active: true },
        mode: 'on',
      },
    ]);
  });

  test('a user who is frozen already is left so, and not by us', async () => {
    await workflow().run(identity.freezeUser, workflow().step('freeze'), omar);
    const later = workflow();
    await expect(later.run(identity.freezeUser, later.step('freeze'), omar)).resolves.toEqual(
      withoutSessions('unchanged'),
    );
    await expect(rowsOf(pool, later)).resolves.toEqual([]);
    await expect(later.run(identity.restoreUser, later.step('undo freeze'), omar, 'freeze', null)).resolves.toBe(
      'unchanged',
    );
    await expect(user(omar)).resolves.toMatchObject({ active: false });
  });

  test('someone whom the provider does not know is absent', async () => {
    await expect(runOnce(identity.freezeUser, nobody)).resolves.toBe('absent');
    await expect(writes()).resolves.toEqual([]);
  });

  test('a user is found by MindTickle’s id when the address is unknown or another', async () => {
    const { run, step } = workflow();
    await expect(run(identity.freezeUser, step('one'), { ...omar, email: null })).resolves.toEqual(
      withoutSessions('done'),
    );
    await expect(run(identity.freezeUser, step('two'), { ...nina, email: 'nina@old.example.com' })).resolves.toEqual(
      withoutSessions('done'),
    );
    await expect(user(nina)).resolves.toMatchObject({ active: false });
  });

  test('observed, it writes nothing and leaves a row of what it would do', async () => {
    const own = workflow();
    const context = own.step('freeze', { mode: 'observe', actor: 'ada', reason: 'a trial' });
    await expect(own.run(identity.freezeUser, context, omar)).resolves.toBe('observed');
    await expect(own.run(identity.freezeUser, context, omar)).resolves.toBe('observed');
    await expect(writes()).resolves.toEqual([]);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([
      { status: 'observed', mode: 'observe', would: { active: false } },
    ]);
    await expect(own.run(identity.restoreUser, own.step('undo freeze'), omar, 'freeze', null)).resolves.toBe(
      'unchanged',
    );
  });
});

describe('joinGroup', () => {
  test('joins, and twice is once', async () => {
    const { run, step } = workflow();
    await expect(run(identity.joinGroup, step('join'), nina, 'Sales')).resolves.toBe('done');
    await expect(run(identity.joinGroup, step('join'), nina, 'Sales')).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: ['Sales'] });
    await expect(writes()).resolves.toEqual(['PATCH group']);
  });

  test('is done once when its answer is lost', async () => {
    const own = workflow();
    const losing = losingTheFirstAnswer();
    await own.failure(losing.joinGroup, own.step('join'), nina, 'Sales');
    await expect(own.run(losing.joinGroup, own.step('join'), nina, 'Sales')).resolves.toBe('done');
    await expect(writes()).resolves.toEqual(['PATCH group']);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([
      { would: { group: 'Sales', member: true }, status: 'done', before: { member: false } },
    ]);
  });

  test('a membership that is there already is not ours', async () => {
    const own = workflow();
    await expect(own.run(identity.joinGroup, own.step('join'), omar, 'Sales')).resolves.toBe('unchanged');
    await expect(rowsOf(pool, own)).resolves.toEqual([]);
  });

  test('keeps the others in the group', async () => {
    await runOnce(identity.joinGroup, nina, 'Sales');
    await expect(user(omar)).resolves.toMatchObject({ groups: ['Certified', 'Sales'] });
  });

  test('grants nothing to a learner who has left', async () => {
    await leaves(pool, nina.userId);
    const own = workflow();
    await expect(own.run(identity.joinGroup, own.step('join'), nina, 'Sales')).resolves.toBe('not active');
    await expect(user(nina)).resolves.toMatchObject({ groups: [] });
    await expect(rowsOf(pool, own)).resolves.toEqual([]);
  });

  test('a group that is not there is rejected by its name', async () => {
    await expect(failOnce(identity.joinGroup, nina, 'Astronauts')).resolves.toMatchObject({
      type: 'identity.rejected',
      message: 'identity has no group named "Astronauts"',
      nonRetryable: true,
    });
  });

  test('a name with quotes is a name', async () => {
    await expect(failOnce(identity.joinGroup, nina, 'x" or displayName sw "S')).resolves.toMatchObject({
      type: 'identity.rejected',
    });
    await expect(writes()).resolves.toEqual([]);
  });

  test('observed, it writes nothing', async () => {
    const own = workflow();
    await expect(own.run(identity.joinGroup, own.step('join', { mode: 'observe' }), nina, 'Sales')).resolves.toBe(
      'observed',
    );
    await expect(writes()).resolves.toEqual([]);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'observed', would: { group: 'Sales' } }]);
  });
});

describe('leaveGroup', () => {
  test('leaves, and twice is once', async () => {
    const { run, step } = workflow();
    await expect(run(identity.leaveGroup, step('leave'), omar, 'Certified', null)).resolves.toBe('done');
    await expect(run(identity.leaveGroup, step('leave'), omar, 'Certified', null)).resolves.toBe('done');
    await expect(user(omar)).resolves.toMatchObject({ groups: ['Sales'] });
    await expect(writes()).resolves.toEqual(['PATCH group']);
  });

  test('stays while another open workflow of its kind needs the membership', async () => {
    await recordEvent(pool, request('another case', expired(omar.userId)));
    const leave = (kind: string | null) => runOnce(identity.leaveGroup, omar, 'Certified', kind);
    await expect(leave('recertification')).resolves.toBe('unchanged');
    await expect(user(omar)).resolves.toMatchObject({ groups: ['Certified', 'Sales'] });
    await expect(leave('onboarding')).resolves.toBe('done');
  });

  test('its own case does not keep it', async () => {
    const own = workflow();
    await recordEvent(pool, request(own.workflowId, expired(omar.userId)));
    await expect(own.run(identity.leaveGroup, own.step('leave'), omar, 'Certified', 'recertification')).resolves.toBe(
      'done',
    );
  });
});

describe('leaveGroups', () => {
  test('leaves all, and twice is once', async () => {
    const { run, step } = workflow();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const result = await run(identity.leaveGroups, step('leaveGroups'), omar);
      expect(result).toEqual({ left: ['Certified', 'Sales'] });
    }
    await expect(user(omar)).resolves.toMatchObject({ groups: [] });
    await expect(writes()).resolves.toEqual(['PATCH group', 'PATCH group']);
  });

  test('names what an earlier attempt left too', async () => {
    const { run, failure, step } = workflow();
    const losing = losingTheFirstAnswer();
    await failure(losing.leaveGroups, step('leaveGroups'), omar);
    await expect(run(losing.leaveGroups, step('leaveGroups'), omar)).resolves.toEqual({ left: ['Certified', 'Sales'] });
  });

  test('in no group it leaves none', async () => {
    await expect(runOnce(identity.leaveGroups, nina)).resolves.toEqual({ left: [] });
  });

  test.each(['Sales', 'sales'])('stays in a group that the policy protects as %s', async (name) => {
    const protecting = identityUnder({ protected: { users: [], groups: [name] } });
    const { run, failure, step } = workflow();
    await expect(run(protecting.leaveGroups, step('leaveGroups'), omar)).resolves.toEqual({ left: ['Certified'] });
    await expect(user(omar)).resolves.toMatchObject({ groups: ['Sales'] });
    await expect(failure(protecting.joinGroup, step('join'), nina, 'Sales')).resolves.toMatchObject({
      type: 'identity.rejected',
      message: 'identity must not change the protected group "Sales"',
    });
  });

  test('observed, it leaves a row a group', async () => {
    const own = workflow();
    const result = await own.run(identity.leaveGroups, own.step('leaveGroups', { mode: 'observe' }), omar);
    expect(result).toBe('observed');
    await expect(writes()).resolves.toEqual([]);
    const rows = await rowsOf(pool, own);
    expect(rows.map(({ would, status }) => `${String(would?.['group'])} ${String(status)}`).sort()).toEqual([
      'Certified observed',
      'Sales observed',
    ]);
  });
});

describe('restore', () => {
  test('gives the sign-in and every group back, and twice is once', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await run(identity.leaveGroups, step('leaveGroups'), omar);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(run(identity.restoreUser, step('undo leaveGroups'), omar, 'leaveGroups', null)).resolves.toBe(
        'done',
      );
      await expect(run(identity.restoreUser, step('undo freeze'), omar, 'freeze', null)).resolves.toBe('done');
    }
    await expect(user(omar)).resolves.toEqual({ active: true, groups: ['Certified', 'Sales'] });
    await expect(writes()).resolves.toHaveLength(6);
  });

  test('gives back only what the step had taken', async () => {
    const { run, step } = workflow();
    await run(identity.leaveGroup, step('by hand'), omar, 'Certified', null);
    await run(identity.leaveGroups, step('leaveGroups'), omar);
    await run(identity.restoreUser, step('undo leaveGroups'), omar, 'leaveGroups', null);
    await expect(user(omar)).resolves.toMatchObject({ groups: ['Sales'] });
  });

  test('takes a membership away again', async () => {
    const { run, step } = workflow();
    await run(identity.joinGroup, step('join'), nina, 'Sales');
    await expect(run(identity.restoreUser, step('undo join'), nina, 'join', null)).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: [] });
  });

  test('keeps a membership that another open case needs', async () => {
    const { run, step } = workflow();
    await run(identity.joinGroup, step('join'), nina, 'Sales');
    await recordEvent(pool, request('another case', expired(nina.userId)));
    const kept = run(identity.restoreUser, step('undo join'), nina, 'join', 'recertification');
    await expect(kept).resolves.toBe('unchanged');
    await expect(user(nina)).resolves.toMatchObject({ groups: ['Sales'] });
  });

  test('what never happened needs no undoing', async () => {
    await expect(runOnce(identity.restoreUser, omar, 'freeze', null)).resolves.toBe('unchanged');
    await expect(stateOf(standIns)).resolves.toMatchObject({ calls: [] });
  });

  test('undoes a write whose answer was lost', async () => {
    const { run, failure, step } = workflow();
    await failure(losingTheFirstAnswer().freezeUser, step('freeze'), omar);
    await expect(run(identity.restoreUser, step('undo freeze'), omar, 'freeze', null)).resolves.toBe('done');
    await expect(user(omar)).resolves.toMatchObject({ active: true });
  });

  test('a write that never got through is not ours to undo', async () => {
    const { run, failure, step } = workflow();
    const cut = identityBy((input, init) =>
      init?.method === 'PATCH' ? Promise.reject(new Error('cut')) : fetch(input, init),
    );
    await failure(cut.freezeUser, step('freeze'), omar);
    await expect(run(identity.restoreUser, step('undo freeze'), omar, 'freeze', null)).resolves.toBe('unchanged');
    await expect(writes()).resolves.toEqual([]);
  });

  test('gives a leaver nothing back', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    await run(identity.leaveGroups, step('leaveGroups'), omar);
    await leaves(pool, omar.userId);
    await expect(run(identity.restoreUser, step('undo leaveGroups'), omar, 'leaveGroups', null)).resolves.toBe(
      'not active',
    );
    await expect(run(identity.restoreUser, step('undo freeze'), omar, 'freeze', null)).resolves.toBe('not active');
    await expect(user(omar)).resolves.toEqual({ active: false, groups: [] });
  });

  test('takes from a leaver what the step had granted', async () => {
    const { run, step } = workflow();
    await run(identity.joinGroup, step('join'), nina, 'Sales');
    await leaves(pool, nina.userId);
    await expect(run(identity.restoreUser, step('undo join'), nina, 'join', null)).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: [] });
  });
});

describe('findContact', () => {
  test('knows the addresses of a person and of who leads', async () => {
    await expect(workflow().run(identity.findContact, omar)).resolves.toEqual({
      email: people.omar.email,
      managerEmail: people.mona.email,
    });
  });

  test('nobody leads the one at the top', async () => {
    const mona = { userId: people.mona.userId, email: null };
    await expect(workflow().run(identity.findContact, mona)).resolves.toEqual({
      email: people.mona.email,
      managerEmail: null,
    });
  });

  test('is null for someone whom the provider does not know', async () => {
    await expect(workflow().run(identity.findContact, nobody)).resolves.toBeNull();
  });
});

describe('findInactive', () => {
  test('names the addresses at which nobody is active any more', async () => {
    const { run, step } = workflow();
    await run(identity.freezeUser, step('freeze'), omar);
    const addresses = [people.omar.email.toUpperCase(), people.mona.email, 'nobody@example.com'];
    await expect(run(identity.findInactive, addresses)).resolves.toEqual([people.omar.email]);
  });
});

describe('a user whom the policy protects', () => {
  const protecting = (name: string) => identityUnder({ protected: { users: [name], groups: [] } });

  test.each([
    ['the user id', people.omar.userId, omar],
    ['the address', people.omar.email, omar],
    ['the address in other case', people.omar.email.toUpperCase(), omar],
    ['the provider’s address, where the event has none', people.omar.email, { ...omar, email: null }],
    ['the provider’s address, where the event has another', people.omar.email, { ...omar, email: 'o@old.example.com' }],
  ])('is not changed: by %s', async (_by, name, person) => {
    const { failure, step } = workflow();
    const guarded = protecting(name);
    const refusals = [
      await failure(guarded.freezeUser, step('freeze'), person),
      await failure(guarded.joinGroup, step('join'), person, 'Sales onboarding'),
      await failure(guarded.leaveGroup, step('leave'), person, 'Sales', null),
      await failure(guarded.leaveGroups, step('leaveGroups'), person),
    ];
    for (const refusal of refusals)
      expect(refusal).toMatchObject({
        type: 'identity.rejected',
        message: 'identity must not change this user: protected by the policy',
      });
    await expect(writes()).resolves.toEqual([]);
  });
});

describe('an identity provider of another make', () => {
  const servers: (() => Promise<void>)[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((stop) => stop())));

  async function provider(...[listener]: Parameters<typeof serve>): Promise<string> {
    const { url, stop } = await serve(listener);
    servers.push(stop);
    return url;
  }
  const list = (...Resources: object[]) => JSON.stringify({ totalResults: Resources.length, Resources });
  const oskar = { id: '7', userName: 'omar.haddad@example.com', active: true };

  test.each<[string, string]>([
    ['an empty body', ''],
    ['another JSON', '{"error": "omar.haddad@example.com"}'],
    ['a JSON that is no object', '"ok"'],
    ['null', 'null'],
  ])('%s is rejected, never read as an absent user', async (_what, body) => {
    const url = await provider((_request, response) => response.writeHead(200).end(body));
    const { failure, step } = workflow();
    const other = identityAt(url);
    for (const refusal of [
      await failure(other.freezeUser, step('freeze'), omar),
      await failure(other.findContact, omar),
    ]) {
      expect(refusal.type).toBe('identity.rejected');
      expect(written(refusal)).not.toContain('omar');
    }
  });

  test('an empty list without Resources is an absent user', async () => {
    const url = await provider((_request, response) => response.writeHead(200).end('{"totalResults": 0}'));
    const other = identityAt(url);
    await expect(runOnce(other.freezeUser, omar)).resolves.toBe('absent');
  });

  test.each(['" or userName sw "', 'x" or externalId pr', '\\', 'a%22%20or'])(
    'the id %j is one text of the filter',
    async (id) => {
      const filters: (string | null)[] = [];
      const url = await provider((request, response) => {
        filters.push(new URL(request.url ?? '', 'http://provider').searchParams.get('filter'));
        response.writeHead(200).end(list());
      });
      await workflow().run(identityAt(url).findContact, { userId: id, email: id });
      expect(new Set(filters)).toEqual(
        new Set(
          [id, id.toLowerCase()].flatMap((text) => [
            ...(text === id ? [`externalId eq ${JSON.stringify(text)}`, `userName eq ${JSON.stringify(text)}`] : []),
            `emails.value eq ${JSON.stringify(text)}`,
            `emails[type eq "work"].value eq ${JSON.stringify(text)}`,
          ]),
        ),
      );
    },
  );

  test('several users of one address are rejected', async () => {
    const url = await provider((_request, response) => response.writeHead(200).end(list(oskar, { ...oskar, id: '8' })));
    const refusal = await failOnce(identityAt(url).freezeUser, omar);
    expect(refusal).toMatchObject({ type: 'identity.rejected', details: [{ count: 2 }] });
  });

  test('a user without an id is rejected', async () => {
    const url = await provider((_request, response) => response.writeHead(200).end(list({ userName: 'omar' })));
    const refusal = await workflow().failure(identityAt(url).findContact, omar);
    expect(refusal.type).toBe('identity.rejected');
  });

  test('a PATCH answered 204 without a body is done', async () => {
    const patches: string[] = [];
    const url = await provider((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200).end(list(oskar));
        return;
      }
      patches.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''}`);
      response.writeHead(204).end();
    });
    const other = identityAt(`${url}/scim/v2/`);
    await expect(runOnce(other.freezeUser, omar)).resolves.toEqual(withoutSessions('done'));
    expect(patches).toEqual(['PATCH /scim/v2/Users/7 application/scim+json']);
  });

  test('a 409 keeps the provider’s code and nothing of its words', async () => {
    const url = await provider((_request, response) => {
      response.writeHead(409).end(JSON.stringify({ scimType: 'uniqueness', detail: 'omar.haddad@example.com' }));
    });
    const refusal = await workflow().failure(identityAt(url).findContact, omar);
    expect(refusal).toMatchObject({ type: 'identity.rejected', details: [{ status: 409, code: 'uniqueness' }] });
    expect(written(refusal)).not.toContain('omar');
  });
});

describe('the group of two cases of one learner', () => {
  const certified = 'Certified';
  const kind = 'recertification';

  /** Two workflows whose certificates expired; the first joined the group, so the second found it joined. */
  async function twoCases() {
    const cases = [workflow(), workflow()] as const;
    for (const [index, { workflowId, run, step }] of cases.entries()) {
      await recordEvent(pool, request(workflowId, expired(nina.userId, { certificate: `certificate ${index}` })));
      await run(identity.joinGroup, step('join'), nina, certified);
    }
    await expect(user(nina)).resolves.toMatchObject({ groups: [certified] });
    return cases;
  }

  const ends = {
    renewed: ({ run, step }: Workflow, by: Identity = identity) =>
      run(by.leaveGroup, step('leave'), nina, certified, kind),
    cancelled: ({ run, step }: Workflow, by: Identity = identity) =>
      run(by.restoreUser, step('undo join'), nina, 'join', kind),
  };
  type End = keyof typeof ends;
  const pairs: readonly (readonly [End, End])[] = [
    ['renewed', 'renewed'],
    ['cancelled', 'cancelled'],
    ['renewed', 'cancelled'],
    ['cancelled', 'renewed'],
  ];

  test.each(pairs)('is left when the one is %s and the other %s at once, both open still', async (one, other) => {
    const [first, second] = await twoCases();
    const changes = await Promise.all([ends[one](first), ends[other](second)]);
    expect(changes.toSorted()).toEqual(['done', 'unchanged']);
    await expect(user(nina)).resolves.toMatchObject({ groups: [] });
  });

  test.each(pairs)('is left by whoever ends last: the one is %s, then the other %s', async (one, other) => {
    for (const [at, then] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const cases = await twoCases();
      await expect(ends[one](cases[at])).resolves.toBe('unchanged');
      await expect(user(nina)).resolves.toMatchObject({ groups: [certified] });
      await expect(ends[other](cases[then])).resolves.toBe('done');
      await expect(user(nina)).resolves.toMatchObject({ groups: [] });
    }
  });

  test.each(['renewed', 'cancelled'] as const)(
    'is left though a kill came between, when the last is %s',
    async (end) => {
      const [first, second] = await twoCases();
      const cut = identityBy((input, init) =>
        init?.method === 'PATCH' ? Promise.reject(new Error('killed')) : fetch(input, init),
      );
      await ends.renewed(first);
      await expect(ends[end](second, cut)).rejects.toThrow();
      await ends.renewed(first);
      await ends[end](second);
      await expect(user(nina)).resolves.toMatchObject({ groups: [] });
    },
  );

  test('is kept when neither of them had joined it', async () => {
    await workflow().run(identity.joinGroup, workflow().step('by hand'), nina, certified);
    const [first, second] = await twoCases();
    await Promise.all([ends.cancelled(first), ends.cancelled(second)]);
    await expect(user(nina)).resolves.toMatchObject({ groups: [certified] });
  });
});

describe('what other providers do', () => {
  /** A provider of a few lines with one user; `asked` holds the requests that change something. */
  async function provider(user: object, answers: Readonly<Record<string, readonly [number, string]>> = {}) {
    const asked: string[] = [];
    let now = user;
    const { url, stop } = await serve((request, response) => {
      const { method = '', url: path = '' } = request;
      if (method !== 'GET') asked.push(`${method} ${path}`);
      if (method === 'PATCH' && path.includes('/Users/')) now = { ...now, active: false };
      const shown = path.includes('/Users/') ? now : listOf(...(path.includes('/Users') ? [now] : []));
      const [status, text] = answers[`${method} ${path.split('?')[0]}`] ?? [200, JSON.stringify(shown)];
      response.writeHead(status).end(text);
    });
    return { url, stop, asked };
  }
  const listOf = (...Resources: object[]): object => ({ totalResults: Resources.length, Resources });
  const omarThere = { id: 'u/1', userName: people.omar.email };

  test.each(['False', 'false', false])('a user whose active is %j is inactive', async (active) => {
    const { url, stop, asked } = await provider({ ...omarThere, active });
    await expect(runOnce(identityAt(url).freezeUser, omar)).resolves.toEqual(withoutSessions('unchanged'));
    expect(asked).toEqual([]);
    await stop();
  });

  test('a group that a user is in by way of another is not left', async () => {
    const groups = [
      { value: 'g1', display: 'Staff', type: 'indirect' },
      { value: 'g2', display: 'Sales', type: 'direct' },
    ];
    const { url, stop, asked } = await provider({ ...omarThere, groups });
    const left = await runOnce(identityAt(url).leaveGroups, omar);
    expect(left).toEqual({ left: ['Sales'] });
    expect(asked).toEqual(['PATCH /Groups/g2']);
    await stop();
  });

  test('Keycloak is told to end the sessions, with the same token', async () => {
    const { url, stop, asked } = await provider(omarThere, {
      'PATCH /scim/Users/u%2F1': [200, '{}'],
      'POST /admin/realms/acme/users/u%2F1/logout': [204, ''],
    });
    const settings = { keycloakUrl: `${url}/admin/realms/acme` };
    const keycloak = connectTo(pool, 'identity', { ...at.scim(`${url}/scim`), ...settings });
    const own = workflow();
    await expect(own.run(keycloak.freezeUser, own.step('freeze'), omar)).resolves.toBe('done');
    expect(asked).toEqual(['PATCH /scim/Users/u%2F1', 'POST /admin/realms/acme/users/u%2F1/logout']);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ naturalKey: 'active' }, { naturalKey: 'sessions' }]);
    await stop();
  });
});

describe('a group that is not there', () => {
  const groups = { certified: 'Certified', recertificationRequired: 'Due', createMissing: true };

  test('is made where the policy says so, once, and need not be left', async () => {
    const making = identityUnder({ groups });
    const { run, step } = workflow();
    await expect(run(making.leaveGroup, step('leave'), nina, 'Due', null)).resolves.toBe('unchanged');
    await expect(run(making.joinGroup, step('join'), nina, 'Due')).resolves.toBe('done');
    await expect(run(making.joinGroup, step('join (2)'), omar, 'Due')).resolves.toBe('done');
    await expect(user(nina)).resolves.toMatchObject({ groups: ['Due'] });
    await expect(writes()).resolves.toEqual(['POST group', 'PATCH group', 'PATCH group']);
  });

  test('is taken where another makes it at the same time', async () => {
    const making = identityUnder({ groups });
    const own = [workflow(), workflow(), workflow()];
    const joined = own.map(({ run, step }) => run(making.joinGroup, step('join'), nina, 'Due'));
    await expect(Promise.all(joined)).resolves.toContain('done');
    const { identity: directory } = await stateOf(standIns);
    expect(directory.groups.filter(({ displayName }) => displayName === 'Due')).toHaveLength(1);
  });

  test('is not made where it is protected', async () => {
    const isProtected = { users: [], groups: ['due'] };
    const making = identityUnder({ groups, protected: isProtected });
    await expect(failOnce(making.joinGroup, nina, 'Due')).resolves.toMatchObject({
      message: 'identity must not change the protected group "Due"',
    });
    await expect(writes()).resolves.toEqual([]);
  });
});

describe('a membership that several cases share', () => {
  test('is not held by a case that was terminated', async () => {
    for (const certificate of ['A', 'B'])
      await recordEvent(pool, request(`case ${certificate}`, expired(omar.userId, { certificate })));
    const own = workflow({ workflowId: 'case A' });
    await own.run(identity.joinGroup, own.step('join'), omar, 'Recertification required');
    await expect(
      own.run(identity.leaveGroup, own.step('leave'), omar, 'Recertification required', 'recertification'),
    ).resolves.toBe('unchanged');
    const later = connectTo(pool, 'identity', at.scim(scimUrl), { status: statusOf(['case B']) });
    await expect(
      own.run(later.leaveGroup, own.step('leave'), omar, 'Recertification required', 'recertification'),
    ).resolves.toBe('done');
  });
});

describe('programGroupsOf', () => {
  test('lists what the onboardings have joined, and neither what was there before nor what was left since', async () => {
    await recordEvent(pool, request('hire', provisioned(omar.userId)));
    const before = (await user(omar)).groups ?? [];
    const own = workflow({ workflowId: 'hire' });
    const join = (step: string, group: string) => own.run(identity.joinGroup, own.step(step), omar, group);
    await join('joinProgram', before[0] ?? '');
    await join('joinProgram2', 'Recertification required');
    await join('joinCertified', 'Certified');
    await expect(programGroupsOf(pool, omar.userId)).resolves.toEqual(['Recertification required']);
    await own.run(identity.leaveGroup, own.step('leaveProgram'), omar, 'Recertification required', null);
    await expect(programGroupsOf(pool, omar.userId)).resolves.toEqual([]);
  });
});
