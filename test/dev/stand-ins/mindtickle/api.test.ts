import { send, setFault, start, stateOf, stopAll } from '../running';
import { startMindtickle, type Mindtickle } from './running';

afterEach(stopAll);

const wanted = { url: 'https://example.com/webhooks/mindtickle', events: ['quiz.submitted'], companyId: 'acme' };

async function register({ call }: Mindtickle, body: object = wanted): Promise<string> {
  const answer = await call('POST', '/v2/webhooks', body);
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { webhookId: string }).webhookId;
}

describe('POST /v2/webhooks', () => {
  test('makes an active webhook and answers its id alone; the same again makes another one', async () => {
    const mindtickle = await startMindtickle();
    const [first, second] = [await register(mindtickle), await register(mindtickle)];
    expect(second).not.toBe(first);
    expect((await mindtickle.state()).webhooks).toMatchObject([
      { webhookId: first, ...wanted, status: 'active', suspendedAt: null },
      { webhookId: second, ...wanted, status: 'active' },
    ]);
  });

  test.each([
    ['plain http beyond loopback', { ...wanted, url: 'http://example.com/' }],
    ['no URL', { ...wanted, url: 'example' }],
    ['no event', { ...wanted, events: [] }],
    ['no company', { url: wanted.url, events: wanted.events }],
  ])('refuses %s', async (_name, body) => {
    const mindtickle = await startMindtickle();
    expect((await mindtickle.call('POST', '/v2/webhooks', body)).status).toBe(400);
    expect((await mindtickle.state()).webhooks).toEqual([]);
  });

  test('accepts plain http on loopback', async () => {
    const url = 'http://127.0.0.1:3000/webhooks/mindtickle';
    expect(await register(await startMindtickle(), { ...wanted, url })).not.toBe('');
  });

  test('is refused with another token', async () => {
    const answer = await send(await start(), 'POST', '/mindtickle/v2/webhooks', wanted, { authorization: 'Bearer x' });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });
});

describe('PATCH /v2/webhooks/{id}', () => {
  test('re-activates one that was suspended, whose administrator got an e-mail', async () => {
    const mindtickle = await startMindtickle({ adminEmail: 'admin@example.com' });
    const webhookId = await register(mindtickle);
    await mindtickle.suspend(webhookId);
    const { webhooks, mails } = await mindtickle.state();
    expect(webhooks).toMatchObject([{ status: 'suspended', suspendedAt: expect.any(String) as string }]);
    expect(mails).toMatchObject([{ to: 'admin@example.com', subject: `Webhook ${webhookId} is suspended` }]);
    expect((await mindtickle.call('PATCH', `/v2/webhooks/${webhookId}`)).status).toBe(200);
    expect((await mindtickle.state()).webhooks).toMatchObject([{ status: 'active', suspendedAt: null }]);
  });

  test('changes the events, but not where undocumented calls are refused', async () => {
    const mindtickle = await startMindtickle();
    const webhookId = await register(mindtickle);
    const change = (events: readonly string[]) => mindtickle.call('PATCH', `/v2/webhooks/${webhookId}`, { events });
    await change(['quiz.submitted', 'user.deprovisioned']);
    await mindtickle.set({ undocumentedCalls: '404' });
    await change(['module.progress']);
    expect((await mindtickle.state()).webhooks).toMatchObject([{ events: ['quiz.submitted', 'user.deprovisioned'] }]);
  });

  test('is 404 for an id that is not known', async () => {
    expect((await (await startMindtickle()).call('PATCH', '/v2/webhooks/none')).status).toBe(404);
  });
});

describe('undocumented calls', () => {
  test('list, show and delete', async () => {
    const mindtickle = await startMindtickle();
    const webhookId = await register(mindtickle);
    const shown = { webhookId, ...wanted, status: 'active' };
    expect(await (await mindtickle.call('GET', '/v2/webhooks')).json()).toMatchObject({ webhooks: [shown] });
    expect(await (await mindtickle.call('GET', `/v2/webhooks/${webhookId}`)).json()).toMatchObject(shown);
    expect((await mindtickle.call('DELETE', `/v2/webhooks/${webhookId}`)).status).toBe(204);
    expect((await mindtickle.call('GET', `/v2/webhooks/${webhookId}`)).status).toBe(404);
  });

  test.each(['404', '405'] as const)(
    'are answered %s where a tenant lacks them, and the documented ones work',
    async (status) => {
      const mindtickle = await startMindtickle({ undocumentedCalls: status });
      const webhookId = await register(mindtickle);
      for (const [method, path] of [
        ['GET', ''],
        ['GET', `/${webhookId}`],
        ['DELETE', `/${webhookId}`],
      ] as const)
        expect((await mindtickle.call(method, `/v2/webhooks${path}`)).status).toBe(Number(status));
      expect((await mindtickle.call('PATCH', `/v2/webhooks/${webhookId}`)).status).toBe(200);
    },
  );
});

describe('the management API', () => {
  test('is 404 throughout for a tenant without it', async () => {
    const { call } = await startMindtickle({ api: false });
    expect((await call('POST', '/v2/webhooks', wanted)).status).toBe(404);
    expect((await call('GET', '/v2/webhooks')).status).toBe(404);
  });

  test('answers 429 with Retry-After above its rate', async () => {
    const { call } = await startMindtickle({ callsPerMinute: 2 });
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await call('GET', '/v2/webhooks'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('meets the fault switch, and its calls are recorded', async () => {
    const standIns = await start();
    await setFault(standIns, 'mindtickle', { mode: 'error', status: 503 });
    expect((await send(standIns, 'GET', '/mindtickle/v2/webhooks')).status).toBe(503);
    expect((await stateOf(standIns)).calls).toMatchObject([{ system: 'mindtickle', status: 503 }]);
  });
});

describe('PUT /_mindtickle', () => {
  test('names what is wrong, and never shows the secret', async () => {
    const standIns = await start();
    const wrong = await send(standIns, 'PUT', '/_mindtickle', { compresion: 2 });
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('compresion') as string]);
    const right = await send(standIns, 'PUT', '/_mindtickle', { secret: 'whsec_0123456789' });
    expect(await right.text()).not.toContain('whsec');
    expect(JSON.stringify(await stateOf(standIns))).not.toContain('whsec');
  });
});
