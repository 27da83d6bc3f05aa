import { HOUR } from '../../../src/domain';
import type { OpsToken } from '../../../src/settings';
import { createPage } from '../../../src/operations/page/page';
import { EXAMPLES } from './operations';
import { OPERATOR, startOps, TOKENS, VIEWER, type RunningOps } from './running';

let ops: RunningOps;
afterEach(() => ops.close());

async function logIn(token = OPERATOR, headers: Record<string, string> = {}): Promise<string> {
  const answer = await ops.ask('POST /api/session', { json: { token }, headers });
  expect(answer.status).toBe(204);
  return answer.headers.get('set-cookie') ?? '';
}

const valueOf = (cookie: string): string => cookie.split(';')[0] ?? '';
const sameOrigin = { 'sec-fetch-site': 'same-origin' };

describe('without a credential', () => {
  beforeEach(async () => {
    ops = await startOps({ operations: EXAMPLES });
  });

  test('only /healthz answers', async () => {
    expect(await ops.ask('GET /healthz')).toMatchObject({ status: 200, text: '{"ok":true}' });
    const lines = [
      'GET /',
      'GET /metrics',
      'GET /api/me',
      'GET /api/stream',
      'GET /api/openapi.json',
      'GET /x',
      'PUT /',
    ];
    for (const line of [...lines, ...EXAMPLES.map(({ method, path }) => `${method} ${path}`)])
      expect((await ops.ask(line)).status).toBe(401);
  });

  test('a browser gets the page to log in, which loads nothing and runs its own script alone', async () => {
    const answer = await ops.ask('GET /leavers', { headers: { accept: 'text/html,*/*' } });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('<label for="token">');
    expect(answer.text).not.toMatch(/(src|href)=/);
    expect(answer.headers.get('content-security-policy')).toMatch(/script-src 'sha256-.+'; style-src 'sha256-/);
    const ofApi = await ops.ask('GET /api/me', { headers: { accept: 'text/html' } });
    expect(ofApi.headers.get('content-type')).toBe('application/problem+json');
  });

  test('is refused for a while by its address after many wrong tokens, but a session goes on', async () => {
    const cookie = valueOf(await logIn());
    for (let wrong = 0; wrong < 20; wrong += 1)
      expect((await ops.ask('GET /api/me', { token: `wrong-token-${wrong}` })).status).toBe(401);
    const refused = await ops.ask('GET /api/me', { token: VIEWER });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ops.ask('POST /api/session', { json: { token: VIEWER } })).status).toBe(429);
    expect((await ops.ask('GET /api/me', { cookie })).status).toBe(200);
    expect(JSON.stringify(ops.logged)).not.toContain('wrong-token-1');
  });
});

describe('with a token', () => {
  test('each answer has a strict policy, and no referrer', async () => {
    ops = await startOps();
    const { headers } = await ops.ask('GET /api/me', { token: VIEWER });
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(headers.get('content-security-policy')).toContain("connect-src 'self';");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
  });

  test('changes are limited in number', async () => {
    ops = await startOps({ operations: EXAMPLES, limits: { changesPerMinute: 2 } });
    const change = () => ops.ask('POST /api/things/a', { token: OPERATOR, json: { reason: 'because' } });
    expect([(await change()).status, (await change()).status, (await change()).status]).toEqual([200, 200, 429]);
    expect((await ops.ask('GET /api/things', { token: OPERATOR })).status).toBe(200);
  });
});

describe('a session', () => {
  test('gets the page at the address of each view, and the files that it names', async () => {
    ops = await startOps({ page: createPage() });
    const cookie = valueOf(await logIn());
    const shell = await ops.ask('GET /leavers', { cookie });
    expect(shell).toMatchObject({ status: 200 });
    expect(shell.headers.get('content-type')).toContain('text/html');
    const files = [...shell.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      expect((await ops.ask(`GET ${path}`, { cookie })).status).toBe(200);
      expect((await ops.ask(`GET ${path}`)).status).toBe(401);
    }
  });

  test('is a cookie that only this server gets, and that no script reads', async () => {
    ops = await startOps();
    const cookie = await logIn();
    expect(cookie).toMatch(/^mindtickle_session_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await ops.ask('GET /api/me', { cookie: valueOf(cookie) })).json()).toMatchObject({ name: 'ada' });
    expect((await ops.ask('POST /api/session', { json: { token: 'not-a-token-of-ours' } })).status).toBe(401);
    expect((await ops.ask('POST /api/session', { body: `token=${OPERATOR}` })).status).toBe(415);
  });

  test('is for TLS alone when the proxy in front speaks it', async () => {
    ops = await startOps({ trustProxy: 1 });
    expect(await logIn(OPERATOR, { 'x-forwarded-proto': 'https' })).toContain('; Secure');
    await ops.close();
    ops = await startOps();
    expect(await logIn(OPERATOR, { 'x-forwarded-proto': 'https' })).not.toContain('; Secure');
  });

  test('ends when it is asked to', async () => {
    ops = await startOps();
    const cookie = valueOf(await logIn());
    const ended = await ops.ask('DELETE /api/session', { cookie, headers: sameOrigin });
    expect(ended).toMatchObject({ status: 204 });
    expect(ended.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await ops.ask('GET /api/me', { cookie })).status).toBe(401);
  });

  test('ends when it was idle for 8 hours, and after 24 in any case', async () => {
    let now = 0;
    ops = await startOps({ now: () => now });
    const idle = valueOf(await logIn());
    now = 8 * HOUR + 1;
    expect((await ops.ask('GET /api/me', { cookie: idle })).status).toBe(401);
    const busy = valueOf(await logIn());
    for (let hours = 7; hours <= 21; hours += 7) {
      now = 8 * HOUR + hours * HOUR;
      expect((await ops.ask('GET /api/me', { cookie: busy })).status).toBe(200);
    }
    now = 33 * HOUR;
    expect((await ops.ask('GET /api/me', { cookie: busy })).status).toBe(401);
  });

  test('ends with its token, and has the role that its token has now', async () => {
    let tokens: readonly OpsToken[] = TOKENS;
    ops = await startOps({ tokens: () => tokens });
    const cookie = valueOf(await logIn());
    tokens = [{ name: 'ada', role: 'viewer', token: OPERATOR }];
    expect((await ops.ask('GET /api/me', { cookie })).json()).toMatchObject({ role: 'viewer' });
    tokens = [];
    expect((await ops.ask('GET /api/me', { cookie })).status).toBe(401);
  });

  test('changes nothing unless the browser says that a page of this server asks', async () => {
    ops = await startOps({ operations: EXAMPLES });
    const cookie = valueOf(await logIn());
    const json = { reason: 'because' };
    const change = (headers: Record<string, string>) => ops.ask('POST /api/things/a', { cookie, json, headers });
    expect((await change({})).status).toBe(403);
    expect((await change({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await change({ 'sec-fetch-site': 'same-site', origin: ops.url })).status).toBe(403);
    expect((await change({ origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await change({ origin: ops.url })).status).toBe(200);
    expect((await change(sameOrigin)).status).toBe(200);
    const text = { 'content-type': 'text/plain', ...sameOrigin };
    expect((await ops.ask('POST /api/things/a', { cookie, body: '{}', headers: text })).status).toBe(415);
  });
});

describe('behind a proxy that knows the user', () => {
  const headers = { 'x-forwarded-user': 'Zoë', ...sameOrigin };
  const json = { reason: 'because' };
  const latin1 = { ...headers, 'x-forwarded-user': Buffer.from('Zoë').toString('latin1') };

  test('a change has the name of the user and of the credential that vouched for it', async () => {
    ops = await startOps({ operations: EXAMPLES, trustProxy: 1, userHeader: 'X-Forwarded-User' });
    const asked = { token: OPERATOR, json, headers: latin1 };
    expect((await ops.ask('POST /api/things/a', asked)).json()).toMatchObject({ by: 'Zoë via ada' });
    expect(JSON.stringify(ops.logged)).not.toContain('Zo');
    expect((await ops.ask('GET /api/me', { headers: latin1 })).status).toBe(401);
    const another = { ...latin1, 'sec-fetch-site': 'cross-site' };
    expect((await ops.ask('POST /api/things/a', { ...asked, headers: another })).status).toBe(403);
  });

  test('the header is not believed where no proxy is in front, or none was named', async () => {
    for (const options of [{ userHeader: 'X-Forwarded-User' }, { trustProxy: 1 }]) {
      ops = await startOps({ operations: EXAMPLES, ...options });
      const asked = { token: OPERATOR, json, headers: latin1 };
      expect((await ops.ask('POST /api/things/a', asked)).json()).toMatchObject({ by: 'ada' });
      await ops.close();
    }
  });
});
