import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { request } from 'undici';
import type { StandIns } from '../../../src/dev/stand-ins';
import { mailToOmar, pageOf, patch, scim, sendMail, setFault, start, stateOf, stopAll, userId } from './running';

afterEach(stopAll);

async function deactivateOmar(standIns: StandIns): Promise<void> {
  const body = patch({ op: 'replace', path: 'active', value: false });
  await scim(standIns, 'PATCH', `/Users/${await userId(standIns, 'mt-omar')}`, body);
}

describe('GET /_state', () => {
  test('has every system', async () => {
    const state = await stateOf(await start());
    expect(Object.keys(state)).toEqual(['mindtickle', 'identity', 'mail', 'salesforce', 'slack', 'xapi', 'calls']);
    expect(state).toMatchObject({
      mail: { messages: [] },
      slack: { messages: [] },
      xapi: { statements: [] },
      calls: [],
    });
    expect(state.salesforce.records.map(({ type }) => type)).toContain('Contact');
    expect(state.identity.users.find(({ externalId }) => externalId === 'mt-omar')).toEqual({
      id: expect.any(String) as string,
      externalId: 'mt-omar',
      userName: 'omar.haddad@example.com',
      displayName: 'Omar Haddad',
      active: true,
      status: 'ACTIVE',
      sessions: 1,
      tokens: 1,
      groups: ['Certified', 'Sales'],
      manager: 'mona.lindqvist@example.com',
    });
    expect(state.identity.groups[0]).toEqual({
      id: expect.any(String) as string,
      displayName: 'Certified',
      members: ['rita.alvarez@example.com', 'omar.haddad@example.com'],
    });
  });

  test('lists calls in order, refused ones too, and looks at the stand-ins are none', async () => {
    const standIns = await start({ now: () => new Date('2026-11-02T10:00:00Z') });
    await scim(standIns, 'GET', '/Users?count=1');
    await scim(standIns, 'GET', '/Users', undefined, 'wrong');
    const at = '2026-11-02T10:00:00.000Z';
    expect((await stateOf(standIns)).calls).toEqual([
      { system: 'identity', method: 'GET', path: '/identity/scim/v2/Users?count=1', status: 200, at },
      { system: 'identity', method: 'GET', path: '/identity/scim/v2/Users', status: 401, at },
    ]);
    const last = (await (await fetch(`${standIns.url}/_state?calls=1`)).json()) as { calls: unknown[] };
    expect(last.calls).toMatchObject([{ status: 401 }]);
  });
});

describe('POST /_reset', () => {
  test('restores the seed with its ids, and clears mails, calls and faults', async () => {
    const standIns = await start();
    const before = await stateOf(standIns);
    await deactivateOmar(standIns);
    await sendMail(standIns);
    await setFault(standIns, 'identity', { mode: 'down' });
    expect((await fetch(`${standIns.url}/_reset`, { method: 'POST' })).status).toBe(204);
    expect(await stateOf(standIns)).toEqual(before);
    expect((await scim(standIns, 'GET', '/Users')).status).toBe(200);
  });
});

describe('starting again', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stand-ins-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('without a state file is starting afresh', async () => {
    const first = await start();
    await deactivateOmar(first);
    await first.stop();
    expect((await stateOf(await start())).identity.users.every(({ active }) => active)).toBe(true);
  });

  test('with one has all that there was, the calls too, and no faults', async () => {
    const stateFile = join(directory, 'new', 'state.json');
    const first = await start({ stateFile });
    await deactivateOmar(first);
    await sendMail(first);
    await scim(first, 'GET', '/Users');
    await setFault(first, 'identity', { mode: 'down' });
    const before = await stateOf(first);
    await first.stop();
    const second = await start({ stateFile });
    expect(await stateOf(second)).toEqual(before);
    expect((await scim(second, 'GET', '/Users')).status).toBe(200);
    expect(readdirSync(join(directory, 'new'))).toEqual(['state.json']);
  });

  test('finds what was answered before even if the process never stopped', async () => {
    const stateFile = join(directory, 'state.json');
    const killed = await start({ stateFile });
    await deactivateOmar(killed);
    await setFault(killed, 'mail', { mode: 'lost-response' });
    await expect(sendMail(killed)).rejects.toThrow();
    expect(await stateOf(await start({ stateFile }))).toEqual(await stateOf(killed));
  });

  test.each([
    ['no JSON', '{"version":2,"ca'],
    ['of another version', '{"version":1,"calls":[],"systems":{}}'],
    ['wrong inside', '{"version":2,"calls":[],"systems":{"identity":{"users":1},"mail":{"messages":[{}]}}}'],
  ])('from a file that is %s warns and starts with the seed', async (_name, text) => {
    const stateFile = join(directory, 'state.json');
    writeFileSync(stateFile, text);
    const lines: string[] = [];
    const standIns = await start({
      stateFile,
      log: pino({ level: 'warn' }, { write: (line) => void lines.push(line) }),
    });
    const { identity, mail } = await stateOf(standIns);
    expect([identity.users.length, mail.messages.length]).toEqual([7, 0]);
    expect(lines.join()).toContain('from the seed');
  });

  test('on the same SMTP port has the same address', async () => {
    const first = await start();
    await first.stop();
    const second = await start({ smtpPort: Number(new URL(first.smtpUrl).port) });
    expect(second.smtpUrl).toBe(first.smtpUrl);
    await expect(sendMail(second)).resolves.toBeUndefined();
  });

  test('on a port that is taken is refused, and leaves nothing running', async () => {
    const first = await start();
    const smtpPort = await freePort();
    await expect(start({ port: first.port, smtpPort })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(start({ smtpPort })).resolves.toBeDefined();
  });
});

async function freePort(): Promise<number> {
  const standIns = await start();
  await standIns.stop();
  return Number(new URL(standIns.smtpUrl).port);
}

test('two at the same time hold their own', async () => {
  const [one, other] = [await start(), await start({ token: 'another' })];
  await deactivateOmar(one);
  const activeIn = async (standIns: StandIns): Promise<boolean | undefined> =>
    (await stateOf(standIns)).identity.users.find(({ externalId }) => externalId === 'mt-omar')?.active;
  expect([await activeIn(one), await activeIn(other)]).toEqual([false, true]);
});

describe('the guard', () => {
  async function status(
    path: string,
    method: 'GET' | 'PUT' | 'POST',
    headers: Record<string, string>,
  ): Promise<number> {
    const { url } = await start();
    const response = await request(`${url}${path}`, { method, headers });
    await response.body.dump();
    return response.statusCode;
  }

  test.each(['localhost', 'localhost:3002', '127.0.0.1:1', '[::1]:3002', 'LOCALHOST'])(
    'lets Host %s in',
    async (host) => {
      expect(await status('/_state', 'GET', { host })).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:3002',
    'evil.example:127.0.0.1',
    '10.0.0.1',
  ])('refuses Host %s everywhere', async (host) => {
    expect(await status('/', 'GET', { host })).toBe(403);
    expect(await status('/_state', 'GET', { host })).toBe(403);
    expect(await status('/identity/scim/v2/Users', 'GET', { host })).toBe(403);
  });

  test.each(['http://evil.example', 'http://localhost:4000', 'https://localhost:3002', 'null'])(
    'refuses a change from Origin %s, but not a look',
    async (origin) => {
      const host = 'localhost:3002';
      expect(await status('/_reset', 'POST', { host, origin })).toBe(403);
      expect(await status('/_faults/mail', 'PUT', { host, origin })).toBe(403);
      expect(await status('/_state', 'GET', { host, origin })).toBe(200);
    },
  );

  test('lets a change from the page itself in', async () => {
    expect(await status('/_reset', 'POST', { host: 'localhost:3002', origin: 'http://localhost:3002' })).toBe(204);
  });

  test('answers an unknown path with what there is', async () => {
    expect(await status('/nothing', 'GET', {})).toBe(404);
  });
});

describe('the page', () => {
  test('shows people, mails, calls and faults, and a form for each system', async () => {
    const standIns = await start();
    await sendMail(standIns);
    await setFault(standIns, 'mail', { mode: 'slow', calls: 3 });
    const page = await pageOf(standIns);
    for (const text of [
      'Omar Haddad',
      'Recertification required',
      'Hello Omar',
      'SEND',
      'slow · 3 more',
      standIns.smtpUrl,
    ]) {
      expect(page).toContain(text);
    }
    expect(page.match(/<form data-system="(identity|mail|salesforce|slack|xapi)"/g)).toHaveLength(5);
    const live = [...page.matchAll(/id="(\S+)"[^>]*data-live/g)].map(([, id]) => id);
    expect(live).toContain('state-xapi');
    expect(new Set(live).size).toBe(live.length);
  });

  test('shows newest mail first', async () => {
    const standIns = await start();
    await sendMail(standIns, { ...mailToOmar, subject: 'older' });
    await sendMail(standIns, { ...mailToOmar, subject: 'newer', messageId: '<2@example.com>' });
    const page = await pageOf(standIns);
    expect(page.indexOf('newer')).toBeLessThan(page.indexOf('older'));
  });

  test('escapes what came in', async () => {
    const standIns = await start();
    const bad = `<img src=x onerror="alert('1')">`;
    await sendMail(standIns, { ...mailToOmar, subject: bad, text: `</pre><script>alert(1)</script>` });
    await scim(standIns, 'POST', '/Groups', { displayName: bad });
    const page = await pageOf(standIns);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;');
  });

  test('loads nothing from elsewhere, and its policy allows its own style and script alone', async () => {
    const response = await fetch((await start()).url);
    const page = await response.text();
    expect(page).not.toMatch(/(src|href)=|url\(|@import/);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    for (const tag of ['style', 'script']) {
      const [, text = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page) ?? [];
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
      expect(policy).toContain(`${tag}-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
    }
  });
});
