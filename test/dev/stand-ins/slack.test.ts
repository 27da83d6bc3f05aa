import { people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { pageOf, patch, scim as scimOf, send, setFault, start, stateOf, stopAll, TOKEN } from './running';

let standIns: StandIns;
beforeEach(async () => {
  standIns = await start({ now: () => new Date('2026-11-02T10:00:00Z') });
});
afterEach(stopAll);

type Json = Record<string, unknown>;

async function call(method: string, args: Record<string, string> = {}, token = TOKEN): Promise<Json> {
  const response = await fetch(`${standIns.url}/slack/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(args),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Json;
}

async function callJson(method: string, body: string): Promise<Json> {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return (await (await send(standIns, 'POST', `/slack/api/${method}`, body, headers)).json()) as Json;
}

const scim = async (method: string, path: string, body?: object, token = TOKEN): Promise<Response> =>
  scimOf(standIns, method, path, body, token, '/slack/scim/v2');

const { email } = people.omar;
const byEmail = (address: string) => `/Users?filter=${encodeURIComponent(`email eq "${address}"`)}`;
const activate = (active: boolean) => patch({ op: 'replace', path: 'active', value: active });

async function omarsId(): Promise<string> {
  const { user } = await call('users.lookupByEmail', { email });
  return (user as { id: string }).id;
}

async function channelId(): Promise<string> {
  const { channels } = await call('users.conversations');
  return (channels as { id: string }[])[0]?.id ?? '';
}

const metadata = JSON.stringify({ event_type: 'notification', event_payload: { key: 'k1' } });

describe('the Web API', () => {
  test('knows its token', async () => {
    expect(await call('auth.test')).toMatchObject({ ok: true, team: 'Acme' });
    expect(await call('auth.test', {}, 'wrong')).toEqual({ ok: false, error: 'invalid_auth' });
    const bare = await fetch(`${standIns.url}/slack/api/auth.test`, { method: 'POST' });
    expect(await bare.json()).toEqual({ ok: false, error: 'not_authed' });
  });

  test('has the methods that it has', async () => {
    expect(await call('chat.delete')).toEqual({ ok: false, error: 'unknown_method' });
    expect(await call('toString')).toEqual({ ok: false, error: 'unknown_method' });
  });

  test('finds members by their address, but not who is deactivated', async () => {
    expect(await call('users.lookupByEmail', { email: email.toUpperCase() })).toMatchObject({
      ok: true,
      user: { deleted: false, profile: { email } },
    });
    await scim('PATCH', `/Users/${await omarsId()}`, activate(false));
    expect(await call('users.lookupByEmail', { email })).toEqual({ ok: false, error: 'users_not_found' });
    expect(await call('users.lookupByEmail', { email: 'x@example.com' })).toMatchObject({ error: 'users_not_found' });
  });

  test('accepts JSON where something is written, and a form alone where not', async () => {
    expect(await callJson('users.lookupByEmail', JSON.stringify({ email }))).toMatchObject({
      error: 'users_not_found',
    });
    expect(await callJson('chat.postMessage', JSON.stringify({ channel: '#enablement', text: 'x' }))).toMatchObject({
      ok: true,
    });
    expect(await callJson('chat.postMessage', '{')).toEqual({ ok: false, error: 'invalid_json' });
  });

  test('opens one conversation with a member', async () => {
    const first = await call('conversations.open', { users: await omarsId() });
    expect(first).toEqual({ ok: true, channel: { id: expect.stringMatching(/^D/) as string } });
    expect(await call('conversations.open', { users: await omarsId() })).toEqual({
      ...first,
      no_op: true,
      already_open: true,
    });
    expect(await call('conversations.open', { users: 'U1' })).toMatchObject({ error: 'user_not_found' });
  });

  test('posts to a channel by name or id, and to a person', async () => {
    const id = await channelId();
    const { channel: direct } = await call('conversations.open', { users: await omarsId() });
    for (const channel of ['#enablement', 'enablement', id, await omarsId()])
      expect(await call('chat.postMessage', { channel, text: 'a &lt; b', metadata })).toMatchObject({ ok: true });
    const { slack } = await stateOf(standIns);
    expect(slack.messages.map(({ channel, channelName, to }) => [channel, channelName, to])).toEqual([
      [id, '#enablement', null],
      [id, '#enablement', null],
      [id, '#enablement', null],
      [(direct as { id: string }).id, null, email],
    ]);
    expect(slack.messages[0]).toMatchObject({ text: 'a &lt; b', metadata: { event_payload: { key: 'k1' } } });
    expect(new Set(slack.messages.map(({ ts }) => ts)).size).toBe(4);
  });

  test.each([
    ['channel_not_found', { channel: '#nowhere', text: 'x' }],
    ['channel_not_found', { text: 'x' }],
    ['not_in_channel', { channel: '#leadership', text: 'x' }],
    ['no_text', { channel: '#enablement' }],
    ['msg_too_long', { channel: '#enablement', text: 'x'.repeat(40_001) }],
    ['invalid_metadata_format', { channel: '#enablement', text: 'x', metadata: '{' }],
    ['invalid_metadata_schema', { channel: '#enablement', text: 'x', metadata: '{"event_type":"a b"}' }],
  ])('refuses with %s: %j', async (error, args) => {
    expect(await call('chat.postMessage', args as Record<string, string>)).toEqual({ ok: false, error });
    expect((await stateOf(standIns)).slack.messages).toEqual([]);
  });

  test('gives the history of a channel by pages, newest first, with metadata where asked', async () => {
    const channel = await channelId();
    for (const text of ['one', 'two', 'three']) await call('chat.postMessage', { channel, text, metadata });
    const texts = ({ messages }: Json) => (messages as { text: string }[]).map(({ text }) => text);
    const first = await call('conversations.history', { channel, limit: '2', include_all_metadata: 'true' });
    expect(first).toMatchObject({ has_more: true, messages: [{ metadata: { event_type: 'notification' } }, {}] });
    const { next_cursor: cursor } = first['response_metadata'] as { next_cursor: string };
    const last = await call('conversations.history', { channel, limit: '2', cursor });
    expect([texts(first), texts(last), last['has_more']]).toEqual([['three', 'two'], ['one'], false]);
    expect((last['messages'] as object[])[0]).not.toHaveProperty('metadata');
    const { ts = '' } = (await stateOf(standIns)).slack.messages[1] ?? {};
    expect(texts(await call('conversations.history', { channel, oldest: ts }))).toEqual(['three']);
    expect(texts(await call('conversations.history', { channel, oldest: ts, inclusive: 'true' }))).toEqual([
      'three',
      'two',
    ]);
    expect(texts(await call('conversations.history', { channel, latest: ts }))).toEqual(['one']);
  });

  test.each([
    ['channel_not_found', { channel: '#enablement' }],
    ['invalid_cursor', { cursor: 'x' }],
    ['invalid_limit', { limit: '1000' }],
    ['invalid_ts_oldest', { oldest: 'x' }],
  ])('refuses a history with %s: %j', async (error, args) => {
    const channel = await channelId();
    expect(await call('conversations.history', { channel, ...(args as object) })).toEqual({ ok: false, error });
  });
});

describe('the SCIM API', () => {
  test('finds a member by address, the deactivated too', async () => {
    const id = await omarsId();
    await scim('PATCH', `/Users/${id}`, activate(false));
    const list = await (await scim('GET', byEmail(email))).json();
    expect(list).toMatchObject({ totalResults: 1, Resources: [{ id, active: false, emails: [{ value: email }] }] });
    expect(await (await scim('GET', byEmail('x@example.com'))).json()).toMatchObject({ totalResults: 0 });
  });

  test('deactivates and activates again, and twice is once', async () => {
    const id = await omarsId();
    for (const active of [false, false, true]) {
      const response = await scim('PATCH', `/Users/${id}`, activate(active));
      expect([response.status, await response.json()]).toMatchObject([200, { active }]);
      const { slack } = await stateOf(standIns);
      expect(slack.users.find((user) => user.id === id)).toMatchObject({ email, active });
    }
  });

  test.each<[number, string, string, object | undefined, string]>([
    [401, 'GET', byEmail(email), undefined, 'wrong'],
    [400, 'GET', '/Users?filter=active%20eq%20true', undefined, TOKEN],
    [400, 'GET', '/Users', undefined, TOKEN],
    [404, 'GET', '/Users/U1', undefined, TOKEN],
    [404, 'PATCH', '/Users/U1', activate(false), TOKEN],
    [404, 'GET', '/Groups', undefined, TOKEN],
  ])('%d: %s %s', async (status, method, path, body, token) => {
    const response = await scim(method, path, body, token);
    expect([response.status, await response.json()]).toMatchObject([status, { status: String(status) }]);
  });

  test.each([{}, patch({ op: 'remove', path: 'active', value: false }), patch({ op: 'replace', path: 'userName' })])(
    'refuses the patch %j',
    async (body) => {
      expect((await scim('PATCH', `/Users/${await omarsId()}`, body)).status).toBe(400);
    },
  );
});

describe('its fault switch', () => {
  const ask = async (path: string): Promise<Response> => send(standIns, 'POST', `/slack${path}`);

  test.each([
    [{ mode: 'error' }, 500, 'internal_error'],
    [{ mode: 'rate-limit', retryAfterSeconds: 7 }, 429, 'ratelimited'],
  ])('%j answers in the words of each API', async (fault, status, error) => {
    await setFault(standIns, 'slack', fault);
    const [web, accounts] = [await ask('/api/auth.test'), await ask('/scim/v2/Users')];
    expect([web.status, await web.json()]).toEqual([status, { ok: false, error }]);
    expect(web.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
    expect([accounts.status, await accounts.json()]).toMatchObject([status, { status: String(status) }]);
  });

  test('lost-response: posts, and cuts the connection; posted again it is there twice', async () => {
    await setFault(standIns, 'slack', { mode: 'lost-response', calls: 1 });
    await expect(call('chat.postMessage', { channel: '#enablement', text: 'x' })).rejects.toThrow('fetch failed');
    await call('chat.postMessage', { channel: '#enablement', text: 'x' });
    expect((await stateOf(standIns)).slack.messages).toHaveLength(2);
  });
});

describe('the page', () => {
  test('shows messages and who is deactivated, as text', async () => {
    await call('chat.postMessage', { channel: '#enablement', text: '<script>' });
    await scim('PATCH', `/Users/${await omarsId()}`, activate(false));
    const page = await pageOf(standIns);
    expect(page).toContain('#enablement');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('deactivated');
    expect(page).toContain(`${standIns.url}/slack/api`);
  });
});
