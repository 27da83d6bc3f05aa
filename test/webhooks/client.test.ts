import { createWebhookClient, doubtOfWebhookUrl, faultOfWebhookUrl, isReceiverReady } from '../../src/webhooks';

const json = (body: unknown, status = 200, headers = {}) => Promise.resolve(Response.json(body, { status, headers }));
const clientOf = (answer: () => Promise<Response>) => {
  const calls: { readonly url: string; readonly init: RequestInit | undefined }[] = [];
  const send: typeof fetch = (url, init) => {
    calls.push({ url: url as string, init });
    return answer();
  };
  const client = createWebhookClient({ baseUrl: 'https://api.example.com/', token: () => 'the-token', fetch: send });
  return { client, calls };
};

describe('createWebhookClient', () => {
  test('sends the token, follows no redirect, and has a time limit', async () => {
    const { client, calls } = clientOf(() => json({ webhookId: 'wh-1' }, 201));
    const wanted = { url: 'https://x.example.com/', events: ['quiz.submitted'], companyId: 'acme' };
    await expect(client.create(wanted)).resolves.toEqual({ ok: true, value: { id: 'wh-1' } });
    expect(calls).toMatchObject([
      {
        url: 'https://api.example.com/v2/webhooks',
        init: { method: 'POST', redirect: 'manual', body: JSON.stringify(wanted) },
      },
    ]);
    expect(calls[0]?.init?.headers).toMatchObject({ authorization: 'Bearer the-token' });
    expect(calls[0]?.init?.signal).toBeInstanceOf(AbortSignal);
  });

  test.each<[string, unknown, object]>([
    [
      'as the contract names them',
      { webhookId: 'a', url: 'u', events: ['e'], companyId: 'c', status: 'active' },
      { id: 'a', url: 'u', events: ['e'], companyId: 'c', status: 'active' },
    ],
    [
      'with a number for an id, events as objects and a flag',
      { id: 7, events: [{ name: 'e' }, { event: 'f' }], active: false },
      { id: '7', url: null, events: ['e', 'f'], companyId: null, status: 'suspended' },
    ],
    ['inside `data`', { data: { id: 'a', enabled: true } }, { id: 'a', status: 'active' }],
    ['that say SUSPENDED', { id: 'a', state: 'SUSPENDED' }, { status: 'suspended' }],
    ['that say inactive', { id: 'a', status: 'inactive' }, { status: 'suspended' }],
    ['that say nothing', { id: 'a' }, { status: 'unknown' }],
  ])('reads webhooks %s', async (_case, body, webhook) => {
    const answer = await clientOf(() => json(body)).client.show('a');
    expect(answer).toMatchObject({ ok: true, value: webhook });
  });

  test.each([
    ['a list', [{ id: 'a' }]],
    ['a list under `webhooks`', { webhooks: [{ id: 'a' }, 'no webhook'] }],
    ['a list under `data`', { data: [{ id: 'a' }] }],
  ])('reads %s', async (_case, body) => {
    const answer = await clientOf(() => json(body)).client.list();
    expect(answer.ok && answer.value.map(({ id }) => id)).toEqual(['a']);
  });

  test.each<[number, object, RegExp]>([
    [401, { why: 'refused' }, /answered with 401\./],
    [404, { why: 'unsupported' }, /404/],
    [405, { why: 'unsupported' }, /405/],
    [429, { why: 'unavailable' }, /try again in 7 s/],
    [503, { why: 'unavailable' }, /503/],
    [400, { why: 'rejected' }, /400: url must be public …/],
  ])('%d is an answer of its own', async (status, refusal, says) => {
    const body = status === 400 ? { error: { message: 'url must be public\nthe-token' } } : {};
    const answer = await clientOf(() => json(body, status, { 'retry-after': '7' })).client.list();
    expect(answer).toMatchObject({ ok: false, status, ...refusal, says: expect.stringMatching(says) as string });
    expect(JSON.stringify(answer)).not.toContain('the-token');
  });

  test('404 of one is either', async () => {
    await expect(clientOf(() => json({}, 404)).client.show('a')).resolves.toMatchObject({ ok: false, why: 'missing' });
  });

  test('a page is nothing that anybody can read', async () => {
    const page = () => Promise.resolve(new Response('<html>Sign in</html>'));
    await expect(clientOf(page).client.list()).resolves.toMatchObject({ ok: false, why: 'unclear', status: 200 });
  });

  test('no connection is said by its code', async () => {
    const broken = () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }));
    await expect(clientOf(broken).client.reactivate('a')).resolves.toMatchObject({
      ok: false,
      why: 'unavailable',
      status: null,
      says: 'PATCH /v2/webhooks/a: ECONNREFUSED.',
    });
  });
});

describe('isReceiverReady', () => {
  const url = 'https://hooks.example.com/mt/webhooks/mindtickle';
  const ready = (answers: Readonly<Record<string, Response>>) =>
    isReceiverReady(url, (at) => {
      const answer = answers[new URL(at).pathname];
      return answer === undefined ? Promise.reject(new Error('cut')) : Promise.resolve(answer);
    });
  const status = (code: number, headers = {}) => new Response(null, { status: code, headers });

  test.each<[string, Readonly<Record<string, Response>>, boolean]>([
    ['its /readyz says so', { '/mt/readyz': status(200) }, true],
    ['its /readyz says no', { '/mt/readyz': status(503) }, false],
    ['nothing answers', {}, false],
    [
      'only the path is led to it, and it refuses a GET',
      { '/mt/readyz': status(404), '/mt/webhooks/mindtickle': status(405, { allow: 'POST' }) },
      true,
    ],
    ['something else answers there', { '/mt/readyz': status(404), '/mt/webhooks/mindtickle': status(404) }, false],
  ])('%s', async (_case, answers, expected) => {
    await expect(ready(answers)).resolves.toBe(expected);
  });
});

describe('the URL of a webhook', () => {
  test.each([
    ['http://hooks.example.com/webhooks/mindtickle', /https:\/\//],
    ['ftp://hooks.example.com/', /https:\/\//],
    ['hooks.example.com', /not a URL/],
    ['https://ada:secret@hooks.example.com/', /password/],
    ['https://hooks.example.com/#x', /fragment/],
  ])('%s cannot be', (url, why) => expect(faultOfWebhookUrl(url)).toMatch(why));

  test.each([
    'https://hooks.example.com/webhooks/mindtickle',
    'http://127.0.0.1:3000/webhooks/mindtickle',
    'http://[::1]/x',
  ])('%s can', (url) => expect(faultOfWebhookUrl(url)).toBeUndefined());

  test('with another path needs a proxy', () => {
    expect(doubtOfWebhookUrl('https://hooks.example.com/in')).toContain('a proxy has to lead /in there');
    expect(doubtOfWebhookUrl('https://hooks.example.com/in/webhooks/mindtickle')).toBeUndefined();
  });
});
