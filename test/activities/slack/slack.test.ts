import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pool } from 'pg';
import type { ConnectorActivities } from '../../../activities';
import type { Notification } from '../../../src/domain';
import { effectsOf } from '../../../src/ledger';
import { people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { patch, setFault, start, stateOf, stopAll } from '../../dev/stand-ins/running';
import {
  at,
  connectTo,
  delayOf,
  emptyLedger,
  failOnce,
  leaves,
  rowsOf,
  runOnce,
  serve,
  TOKEN,
  workflow,
  written,
  type ConnectorOptions,
  type Functions,
} from '../running';

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
type Slack = Functions<ConnectorActivities['slack']>;
let slack: Slack;
const servers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [ledger, standIns] = await Promise.all([openLedger(), start()]);
  pool = ledger.pool;
  slack = connectTo(pool, 'slack', at.slack(standIns.url));
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
});
afterEach(() => Promise.all(servers.splice(0).map((stop) => stop())));

const omar = { userId: people.omar.userId, email: people.omar.email };
const toMona = { email: people.mona.email };
const toChannel = { channel: '#enablement' };
const notification: Notification = {
  kind: 'coach',
  quizName: 'Q&A <!channel> *now*',
  userId: 'mt-quentin',
  percent: 40,
};
const secrets = [TOKEN, people.mona.email, people.omar.email, 'mona', 'omar', 'Q&A'];

async function messages() {
  return (await stateOf(standIns)).slack.messages;
}

/** The calls as Slack saw them. */
async function calls(): Promise<string[]> {
  const all = (await stateOf(standIns)).calls;
  return all.map(
    ({ method, path }) => `${method} ${path.replace(/^\/slack\/(api|scim\/v2)\//, '').replace(/\?.*/, '')}`,
  );
}

async function member({ email }: { readonly email: string }): Promise<boolean | undefined> {
  return (await stateOf(standIns)).slack.users.find((user) => user.email === email)?.active;
}

/** The connector; the first call to `path` gets no answer, although it is done. */
function losingThe(path: string): Slack {
  let isFirst = true;
  return connectTo(pool, 'slack', at.slack(standIns.url), {
    fetch: async (input, init) => {
      if ((input as string).includes(path) && init?.method !== 'GET' && isFirst) {
        isFirst = false;
        await setFault(standIns, 'slack', { mode: 'lost-response', calls: 1 });
      }
      return fetch(input, init);
    },
  });
}

/** The connector, to a server of a few lines that has read the request. */
async function slackOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: ConnectorOptions = {},
): Promise<Slack> {
  const { url, stop } = await serve((request, response) => {
    request.resume().on('end', () => answer(request, response));
  });
  servers.push(stop);
  return connectTo(pool, 'slack', at.slack(url), options);
}

/** An account as Slack's SCIM API shows it: Omar's, but for these fields. */
const account = (fields: object): object => ({ id: 'U7', active: true, emails: [{ value: omar.email }], ...fields });

/** A workspace that answers every question for accounts with these. */
async function listing(accounts: readonly object[], userIdField: string | null = 'externalId'): Promise<Slack> {
  const list = JSON.stringify({ totalResults: accounts.length, Resources: accounts });
  return slackOf((_request, response) => response.end(list), {
    policy: { slack: { directMessages: false, userIdField } },
  });
}

describe('postSlackMessage', () => {
  test('posts to a channel, as plain text', async () => {
    await expect(runOnce(slack.postSlackMessage, toChannel, notification)).resolves.toBe('sent');
    const [message] = await messages();
    expect(message).toMatchObject({ channelName: '#enablement', metadata: { event_type: 'mindtickle_notification' } });
    expect(message?.text).toBe(
      'Coaching needed: Q&amp;A &lt;!channel&gt; *now*\n\n' +
        'mt-quentin reached 40 % in the quiz "Q&amp;A &lt;!channel&gt; *now*".\nPlease coach them, or have them retake the quiz.\n',
    );
    await expect(calls()).resolves.toEqual(['POST chat.postMessage']);
  });

  test('asks Slack to format, link and unfurl nothing', async () => {
    const bodies: string[] = [];
    const listening = connectTo(pool, 'slack', at.slack(standIns.url), {
      fetch: (input, init) => {
        bodies.push(init?.body as string);
        return fetch(input, init);
      },
    });
    await runOnce(listening.postSlackMessage, toChannel, notification);
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toMatchObject({
      mrkdwn: 'false',
      unfurl_links: 'false',
      unfurl_media: 'false',
    });
  });

  test('posts to a person, whose address is in no URL', async () => {
    await expect(runOnce(slack.postSlackMessage, toMona, notification)).resolves.toBe('sent');
    await expect(messages()).resolves.toMatchObject([{ channelName: null, to: people.mona.email }]);
    await expect(calls()).resolves.toEqual([
      'POST users.lookupByEmail',
      'POST conversations.open',
      'POST chat.postMessage',
    ]);
    expect(JSON.stringify((await stateOf(standIns)).calls)).not.toContain('@');
  });

  test('a text that is too long is cut', async () => {
    const report = Array.from({ length: 500 }, () => '<'.repeat(100));
    await runOnce(slack.postSlackMessage, toChannel, { kind: 'offboarded', userId: 'mt-omar', report });
    const [message] = await messages();
    expect(message?.text.length).toBeGreaterThan(10_000);
    expect(message?.text.length).toBeLessThanOrEqual(40_000);
  });

  test('twice is once in one step, and another step is another message', async () => {
    const { run, step } = workflow();
    await run(slack.postSlackMessage, step('tell'), toChannel, notification);
    await run(slack.postSlackMessage, step('tell'), toChannel, notification);
    await expect(messages()).resolves.toHaveLength(1);
    await run(slack.postSlackMessage, step('tell (2)'), toChannel, notification);
    await expect(messages()).resolves.toHaveLength(2);
  });

  test('is posted once when its answer is lost', async () => {
    const own = workflow();
    const losing = losingThe('chat.postMessage');
    await own.failure(losing.postSlackMessage, own.step('tell'), toChannel, notification);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'pending' }]);
    await expect(own.run(losing.postSlackMessage, own.step('tell'), toChannel, notification)).resolves.toBe('sent');
    await expect(messages()).resolves.toHaveLength(1);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'done' }]);
  });

  test('is posted once by the channel’s id, and found behind what others posted since', async () => {
    await workflow().run(slack.postSlackMessage, workflow().step('x'), toChannel, notification);
    const channel = (await messages())[0]?.channel ?? '';
    const own = workflow();
    const losing = losingThe('chat.postMessage');
    await own.failure(losing.postSlackMessage, own.step('tell'), { channel }, notification);
    const post = () =>
      fetch(`${standIns.url}/slack/api/chat.postMessage`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: new URLSearchParams({ channel, text: 'of somebody else' }),
      });
    await Promise.all(Array.from({ length: 210 }, post));
    const before = (await calls()).length;
    await expect(own.run(losing.postSlackMessage, own.step('tell'), { channel }, notification)).resolves.toBe('sent');
    await expect(messages()).resolves.toHaveLength(212);
    expect((await calls()).slice(before)).toEqual(['POST conversations.history', 'POST conversations.history']);
  });

  test('is posted by the retry when the first attempt did not get through', async () => {
    const own = workflow();
    await setFault(standIns, 'slack', { mode: 'down', calls: 1 });
    await own.failure(slack.postSlackMessage, own.step('tell'), toChannel, notification);
    await expect(own.run(slack.postSlackMessage, own.step('tell'), toChannel, notification)).resolves.toBe('sent');
    await expect(messages()).resolves.toHaveLength(1);
  });

  test('looks no further back than a clock may differ, and at five pages', async () => {
    const asked: URLSearchParams[] = [];
    const busy = await slackOf(
      (request, response) => {
        if (request.url?.endsWith('history') !== true) {
          response.writeHead(500).end();
          return;
        }
        response.end('{"ok":true,"messages":[{}],"response_metadata":{"next_cursor":"more"}}');
      },
      {
        fetch: (input, init) => {
          asked.push(new URLSearchParams(init?.body as string));
          return fetch(input, init);
        },
      },
    );
    const own = workflow();
    const channel = 'C0123456789';
    const since = Date.now();
    await own.failure(busy.postSlackMessage, own.step('tell'), { channel }, notification);
    asked.splice(0);
    await own.failure(busy.postSlackMessage, own.step('tell'), { channel }, notification);
    expect(asked.map((args) => args.get('cursor'))).toEqual([null, 'more', 'more', 'more', 'more', null]);
    const oldest = Number(asked[0]?.get('oldest')) * 1000;
    expect(Math.abs(oldest - since + 300_000)).toBeLessThan(60_000);
  });

  test('observed, it looks the person up and writes nothing', async () => {
    const own = workflow();
    const observing = own.step('tell', { mode: 'observe' });
    await expect(own.run(slack.postSlackMessage, observing, toMona, notification)).resolves.toBe('observed');
    await expect(own.run(slack.postSlackMessage, observing, toMona, notification)).resolves.toBe('observed');
    await expect(own.run(slack.postSlackMessage, observing, toChannel, notification)).resolves.toBe('observed');
    await expect(calls()).resolves.toEqual(['POST users.lookupByEmail', 'POST users.lookupByEmail']);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([
      { status: 'observed', would: { notification: 'coach', to: 'person' } },
      { status: 'observed', would: { notification: 'coach', to: '#enablement' } },
    ]);
  });

  test('its row names no one', async () => {
    const own = workflow();
    await own.run(slack.postSlackMessage, own.step('tell'), toMona, notification);
    const rows = await effectsOf(pool, own.workflowId);
    expect(rows).toMatchObject([
      {
        naturalKey: expect.stringMatching(/^coach:[0-9a-f]{32}$/) as string,
        would: { notification: 'coach', to: 'person' },
      },
    ]);
    for (const secret of secrets.filter((one) => one !== 'omar')) expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test.each<[string, { channel: string } | { email: string }, string, string?]>([
    ['channel_not_found', { channel: '#nowhere' }, 'is there such a channel, and may our app see it?'],
    ['not_in_channel', { channel: '#leadership' }, 'invite our app to the channel'],
    [
      'users_not_found',
      { email: 'omar@old.example.com' },
      'no active member of the workspace has this address',
      'users.lookupByEmail',
    ],
  ])('%s is rejected, with the call and what to do', async (code, target, advice, call = 'chat.postMessage') => {
    const refusal = await failOnce(slack.postSlackMessage, target, notification);
    expect(refusal).toMatchObject({
      type: 'slack.rejected',
      message: `slack: ${call}: answered ${code}: ${advice}`,
      details: [{ status: 200, code }],
      nonRetryable: true,
    });
    for (const secret of secrets) expect(written(refusal)).not.toContain(secret);
  });
});

describe('what Slack answers with status 200', () => {
  const refusing = (body: object, headers = {}) =>
    slackOf((_request, response) => response.writeHead(200, headers).end(JSON.stringify({ ok: false, ...body })));

  test.each([
    ['invalid_auth', 'its credentials were refused (set another bot token)'],
    ['not_authed', 'its credentials were refused (set another bot token)'],
    ['token_revoked', 'its credentials were refused (set another bot token)'],
    ['account_inactive', 'its credentials were refused (set another bot token)'],
    ['is_archived', 'the channel is archived; name another'],
  ])('%s is rejected, with what to do', async (error, advice) => {
    const refusal = await failOnce((await refusing({ error })).postSlackMessage, toChannel, notification);
    expect(refusal).toMatchObject({
      type: 'slack.rejected',
      message: `slack: chat.postMessage: answered ${error}: ${advice}`,
    });
    expect(refusal.nonRetryable).toBe(true);
  });

  test('a missing scope is named', async () => {
    const other = await refusing({ error: 'missing_scope', needed: 'chat:write,im:write', provided: 'users:read' });
    await expect(failOnce(other.postSlackMessage, toChannel, notification)).resolves.toMatchObject({
      type: 'slack.rejected',
      message: 'slack: chat.postMessage: answered missing_scope: grant our app the scope chat:write,im:write',
    });
  });

  test.each(['ratelimited', 'rate_limited', 'service_unavailable', 'internal_error', 'fatal_error', 'request_timeout'])(
    '%s is unavailable',
    async (error) => {
      const other = await refusing({ error }, { 'retry-after': '9' });
      const refusal = await failOnce(other.postSlackMessage, toChannel, notification);
      expect(refusal).toMatchObject({
        type: 'slack.unavailable',
        message: `slack: chat.postMessage: answered ${error}`,
      });
      expect(delayOf(refusal)).toBe(9000);
    },
  );

  test.each([
    ['a code that we do not know', { error: 'some_new_error' }, 'slack: chat.postMessage: answered some_new_error'],
    [
      'a text for a code',
      { error: 'omar.haddad@example.com is no channel' },
      'slack: chat.postMessage: answered unknown_error',
    ],
    ['no code', {}, 'slack: chat.postMessage: answered unknown_error'],
  ])('%s is rejected', async (_what, body, message) => {
    const refusal = await failOnce((await refusing(body)).postSlackMessage, toChannel, notification);
    expect(refusal).toMatchObject({ type: 'slack.rejected', message });
    expect(written(refusal)).not.toContain('omar');
  });

  test.each([
    ['an empty body', ''],
    ['another JSON', '{"message":"omar"}'],
    ['a list', '[]'],
    ['null', 'null'],
  ])('%s is rejected, never read as posted', async (_what, body) => {
    const { failure, step } = workflow();
    const other = await slackOf((_request, response) => response.writeHead(200).end(body));
    for (const refusal of [
      await failure(other.postSlackMessage, step('one'), toChannel, notification),
      await failure(other.postSlackMessage, step('two'), toMona, notification),
      await failure(other.deactivateSlackUser, step('three'), omar),
    ]) {
      expect(refusal.type).toBe('slack.rejected');
      expect(written(refusal).toLowerCase()).not.toContain('omar');
    }
  });
});

describe('deactivateSlackUser', () => {
  test('ends the sign-in, and keeps what stood before', async () => {
    const own = workflow();
    await expect(own.run(slack.deactivateSlackUser, own.step('chat'), omar)).resolves.toBe('done');
    await expect(member(omar)).resolves.toBe(false);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([
      { naturalKey: 'active', status: 'done', would: { active: false }, before: { active: true } },
    ]);
    expect(JSON.stringify(await effectsOf(pool, own.workflowId))).not.toContain('@');
  });

  test('who was activated again meanwhile is deactivated by the same step', async () => {
    const { run, step } = workflow();
    await run(slack.deactivateSlackUser, step('chat'), omar);
    await run(slack.restoreSlackUser, step('undo chat'), omar, 'chat');
    await expect(run(slack.readSlackAccess, omar)).resolves.toEqual({ state: 'open' });
    await expect(run(slack.deactivateSlackUser, step('chat'), omar)).resolves.toBe('done');
    await expect(run(slack.readSlackAccess, omar)).resolves.toEqual({ state: 'ended' });
    await expect(member(omar)).resolves.toBe(false);
    await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('done');
    await expect(member(omar)).resolves.toBe(true);
  });

  test('who is deactivated already is left so, and not by us', async () => {
    await workflow().run(slack.deactivateSlackUser, workflow().step('chat'), omar);
    const later = workflow();
    await expect(later.run(slack.deactivateSlackUser, later.step('chat'), omar)).resolves.toBe('unchanged');
    await expect(rowsOf(pool, later)).resolves.toEqual([]);
    await expect(later.run(slack.restoreSlackUser, later.step('undo chat'), omar, 'chat')).resolves.toBe('unchanged');
    await expect(member(omar)).resolves.toBe(false);
  });

  test('someone whom the workspace does not know is absent', async () => {
    const nobody = { userId: 'mt-nobody', email: 'x" or active eq "true' };
    await expect(runOnce(slack.deactivateSlackUser, nobody)).resolves.toBe('absent');
  });

  test('someone who goes between look and write is absent', async () => {
    const going = await slackOf((request, response) => {
      const found = JSON.stringify({ totalResults: 1, Resources: [account({})] });
      response.writeHead(request.method === 'GET' ? 200 : 404).end(request.method === 'GET' ? found : '');
    });
    await expect(runOnce(going.deactivateSlackUser, omar)).resolves.toBe('absent');
  });

  test('without an address it is rejected: Slack could not be asked', async () => {
    await expect(failOnce(slack.deactivateSlackUser, { ...omar, email: null })).resolves.toMatchObject({
      type: 'slack.rejected',
      message: 'slack knows people by their address, and this one has none',
    });
    await expect(calls()).resolves.toEqual([]);
  });

  test.each([404, 501])(
    'a workspace without a SCIM API (%d): not supported, and no account is changed',
    async (status) => {
      const without = await slackOf((_request, response) => response.writeHead(status).end('Not found'));
      const own = workflow();
      await expect(own.run(without.deactivateSlackUser, own.step('chat'), omar)).resolves.toBe('not supported');
      await expect(rowsOf(pool, own)).resolves.toEqual([]);
    },
  );

  test('without a SCIM token nothing is asked', async () => {
    const without = connectTo(pool, 'slack', { ...at.slack(standIns.url), scimToken: undefined });
    const own = workflow();
    await expect(own.run(without.deactivateSlackUser, own.step('chat'), omar)).resolves.toBe('not configured');
    await expect(own.run(without.restoreSlackUser, own.step('undo chat'), omar, 'chat')).resolves.toBe(
      'not configured',
    );
    await expect(calls()).resolves.toEqual([]);
    await expect(rowsOf(pool, own)).resolves.toEqual([]);
  });

  test('observed, it writes nothing and leaves a row', async () => {
    const own = workflow();
    const observing = own.step('chat', { mode: 'observe' });
    await expect(own.run(slack.deactivateSlackUser, observing, omar)).resolves.toBe('observed');
    await expect(member(omar)).resolves.toBe(true);
    await expect(calls()).resolves.toEqual(['GET Users']);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'observed', would: { active: false } }]);
    await expect(own.run(slack.restoreSlackUser, own.step('undo chat'), omar, 'chat')).resolves.toBe('unchanged');
  });

  test.each([
    ['the user id', omar.userId, omar],
    ['the address', omar.email.toUpperCase(), omar],
    ['another address of theirs', 'o@new.example.com', omar],
  ])('does not change whom the policy protects: by %s', async (_by, name, person) => {
    const knowing = await slackOf(
      (_request, response) => {
        const emails = [{ value: omar.email }, { value: 'o@new.example.com' }];
        response.end(JSON.stringify({ totalResults: 1, Resources: [{ id: 'U7', active: true, emails }] }));
      },
      { policy: { protected: { users: [name], groups: [] } } },
    );
    const own = workflow();
    await expect(own.failure(knowing.deactivateSlackUser, own.step('chat'), person)).resolves.toMatchObject({
      type: 'slack.rejected',
      message: 'slack must not change this user: protected by the policy',
    });
    await expect(rowsOf(pool, own)).resolves.toEqual([]);
  });

  test('several users of one address are rejected', async () => {
    const two = await listing([account({ id: 'U1' }), account({ id: 'U2' })]);
    await expect(failOnce(two.deactivateSlackUser, omar)).resolves.toMatchObject({
      type: 'slack.rejected',
      details: [{ count: 2 }],
    });
  });
});

describe('an account whose keys disagree', () => {
  test('is not changed, and both are named: the address has gone to another learner', async () => {
    const other = await listing([account({ externalId: 'u-new' })]);
    const refusal = await failOnce(other.deactivateSlackUser, omar);
    expect(refusal).toMatchObject({
      type: 'slack.rejected',
      nonRetryable: true,
      message:
        'slack has account U7 by the address, but its externalId is "u-new", not "mt-omar": nothing is changed ' +
        '(correct the wrong one, then retryStep, or identify or skipStep)',
    });
  });

  test('an address in the place of the id is not written down', async () => {
    const other = await listing([account({ externalId: 'jane.doe@example.com' })]);
    const refusal = await failOnce(other.deactivateSlackUser, omar);
    expect(refusal.type).toBe('slack.rejected');
    expect(written(refusal)).not.toContain('jane');
  });

  test.each([
    ['the same id in other letters', { externalId: 'MT-OMAR' }, 'externalId'],
    ['no id', { externalId: '' }, 'externalId'],
    ['the id of another system, which the policy says', { externalId: '00u1' }, null],
    ['the id in another attribute', { externalId: '00u1', nickName: 'mt-omar' }, 'nickName'],
  ])('%s is no other key', async (_what, fields, userIdField) => {
    const going = await listing([account({ ...fields, active: false })], userIdField);
    await expect(runOnce(going.deactivateSlackUser, omar)).resolves.toBe('unchanged');
  });

  test('a server that ignores the filter deactivates nobody', async () => {
    const all = [account({ emails: [{ value: 'other@example.com' }] })];
    const refusal = await failOnce((await listing(all)).deactivateSlackUser, omar);
    expect(refusal).toMatchObject({
      type: 'slack.rejected',
      message: 'slack: find the account: answered with users of other addresses than was asked for',
    });
  });

  test('the one of the address is found among others', async () => {
    const all = [account({ id: 'U1', emails: [{ value: 'other@example.com' }] }), account({ active: false })];
    await expect(runOnce((await listing(all)).deactivateSlackUser, omar)).resolves.toBe('unchanged');
  });

  test('a message goes to no member of another address', async () => {
    const wrong = await slackOf((_request, response) =>
      response.end(JSON.stringify({ ok: true, user: { id: 'U7', profile: { email: 'other@example.com' } } })),
    );
    await expect(failOnce(wrong.postSlackMessage, toMona, notification)).resolves.toMatchObject({
      type: 'slack.rejected',
      message: 'slack: users.lookupByEmail: answered with a member of another address than was asked for',
    });
  });
});

describe('restoreSlackUser', () => {
  test('what was undone is done again, and undone again, by the same steps', async () => {
    const { run, step } = workflow();
    for (let round = 0; round < 2; round += 1) {
      await expect(run(slack.deactivateSlackUser, step('chat'), omar)).resolves.toBe('done');
      await expect(member(omar)).resolves.toBe(false);
      await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('done');
      await expect(member(omar)).resolves.toBe(true);
    }
  });

  test('activates again, and twice is once', async () => {
    const { run, step } = workflow();
    await run(slack.deactivateSlackUser, step('chat'), omar);
    await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('done');
    await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('done');
    await expect(member(omar)).resolves.toBe(true);
    expect((await calls()).filter((call) => call.startsWith('PATCH'))).toHaveLength(2);
  });

  test('undoes what may have been done', async () => {
    const { run, failure, step } = workflow();
    const losing = losingThe('/scim/v2/Users');
    await failure(losing.deactivateSlackUser, step('chat'), omar);
    await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('done');
    await expect(member(omar)).resolves.toBe(true);
  });

  test('what never happened needs no undoing', async () => {
    await expect(runOnce(slack.restoreSlackUser, omar, 'chat')).resolves.toBe('unchanged');
    await expect(calls()).resolves.toEqual([]);
  });

  test('gives a leaver nothing back', async () => {
    const { run, step } = workflow();
    await run(slack.deactivateSlackUser, step('chat'), omar);
    await leaves(pool, omar.userId);
    await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('not active');
    await expect(member(omar)).resolves.toBe(false);
  });

  test('somebody else’s deactivation stays', async () => {
    const id = await idOfOmar();
    await fetch(`${standIns.url}/slack/scim/v2/Users/${id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(patch({ op: 'replace', path: 'active', value: false })),
    });
    const { run, step } = workflow();
    await run(slack.deactivateSlackUser, step('chat'), omar);
    await expect(run(slack.restoreSlackUser, step('undo chat'), omar, 'chat')).resolves.toBe('unchanged');
    await expect(member(omar)).resolves.toBe(false);
  });
});

async function idOfOmar(): Promise<string> {
  return (await stateOf(standIns)).slack.users.find(({ email }) => email === omar.email)?.id ?? '';
}
