import { listChanges } from '../../src/ledger/views';
import {
  runWebhooksList,
  runWebhooksReactivate,
  runWebhooksRegister,
  runWebhooksShow,
} from '../../src/commands/webhooks';
import { readWebhook } from '../../src/ledger';
import { startMindtickle, type Mindtickle } from '../dev/stand-ins/mindtickle/running';
import { stopAll } from '../dev/stand-ins/running';
import { openLedger, type LedgerFixture } from '../ledger/fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.pool.query('truncate webhook, webhook_incidents, effects'));
afterEach(stopAll);

const URL_OF_RECEIVER = 'https://hooks.example.com/webhooks/mindtickle';
const envOf = ({ apiUrl, token }: Pick<Mindtickle, 'apiUrl' | 'token'>, more = {}) => ({
  MINDTICKLE_API_URL: apiUrl,
  MINDTICKLE_API_TOKEN: token,
  MINDTICKLE_COMPANY_ID: 'acme',
  DATABASE_URL: ledger.settings.url,
  DATA_DIR: '/nonexistent',
  ...more,
});

interface Printed extends Readonly<Record<string, unknown>> {
  readonly code: number;
  readonly webhookId?: string;
  readonly notes?: readonly string[];
}

/** What a command printed, and how it ended. */
async function run(command: (json: { readonly json: true }) => Promise<number>): Promise<Printed> {
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  try {
    const code = await command({ json: true });
    return { code, ...(JSON.parse(printed.join('\n')) as Record<string, unknown>) };
  } finally {
    log.mockRestore();
  }
}
const register = (env: object, options = {}) =>
  run((json) => runWebhooksRegister({ url: URL_OF_RECEIVER, ...options, ...json }, env as Record<string, string>));

describe('mt webhooks register', () => {
  test('registers all six events, keeps the id in the ledger, and the second time changes nothing', async () => {
    const mindtickle = await startMindtickle();
    const first = await register(envOf(mindtickle));
    expect(first).toMatchObject({ code: 0, ok: true, actions: [{ do: 'create' }], warnings: [], byHand: null });
    expect(await readWebhook(ledger.pool)).toMatchObject({ webhookId: first.webhookId, url: URL_OF_RECEIVER });
    const second = await register(envOf(mindtickle));
    expect(second).toMatchObject({ code: 0, ok: true, actions: [], webhookId: first.webhookId });
    const { webhooks } = await mindtickle.state();
    expect(webhooks).toMatchObject([{ url: URL_OF_RECEIVER, companyId: 'acme', status: 'active' }]);
    expect(webhooks[0]?.events).toHaveLength(6);
    const [change] = await listChanges(ledger.pool, { limit: 10 });
    expect(change).toMatchObject({
      system: 'mindtickle',
      step: 'registerWebhook',
      status: 'done',
      actor: expect.any(String) as string,
    });
  });

  test('with --dry-run changes nothing', async () => {
    const mindtickle = await startMindtickle();
    await expect(register(envOf(mindtickle), { dryRun: true })).resolves.toMatchObject({
      code: 0,
      actions: [{ do: 'create' }],
    });
    expect((await mindtickle.state()).webhooks).toEqual([]);
    expect(await readWebhook(ledger.pool)).toBeNull();
  });

  test('warns loudly of what does not happen without the events that are easily left out', async () => {
    const { warnings }: Printed = await register(envOf(await startMindtickle()), {
      events: 'quiz.submitted, course.completed',
    });
    expect(warnings).toMatchObject([
      expect.stringMatching(/^WITHOUT user\.provisioned: new hires are not/),
      expect.stringMatching(/^WITHOUT user\.deprovisioned: NOBODY WHO LEAVES IS OFFBOARDED/),
      expect.stringMatching(/^WITHOUT certification\.expired: nobody is asked/),
    ]);
  });

  test('adds an event that is missing, and looks whether MindTickle has done so', async () => {
    const mindtickle = await startMindtickle();
    await register(envOf(mindtickle), { events: 'quiz.submitted' });
    await expect(register(envOf(mindtickle))).resolves.toMatchObject({ code: 0, actions: [{ do: 'change' }] });
    expect((await mindtickle.state()).webhooks[0]?.events).toHaveLength(6);
  });

  test.each(['404', '405'] as const)(
    'without the undocumented calls (%s) registers, and says what it cannot know',
    async (undocumentedCalls) => {
      const mindtickle = await startMindtickle({ undocumentedCalls });
      const first = await register(envOf(mindtickle));
      expect(first).toMatchObject({ code: 0, actions: [{ do: 'create' }] });
      expect(String(first.notes)).toContain('whether one is there already is not known');
      const second = await register(envOf(mindtickle));
      expect(second).toMatchObject({ code: 0, actions: [] });
      expect(String(second.notes)).toContain('whether it is suspended, is not known');
      expect((await mindtickle.state()).webhooks).toHaveLength(1);
    },
  );

  test('there, another event has to be entered by hand, and the ledger keeps what was', async () => {
    const mindtickle = await startMindtickle({ undocumentedCalls: '405' });
    await register(envOf(mindtickle), { events: 'quiz.submitted' });
    const changed = await register(envOf(mindtickle));
    expect(changed).toMatchObject({
      code: 1,
      ok: false,
      byHand: expect.stringContaining('Admin > Integrations') as string,
    });
    expect(Object.keys((await readWebhook(ledger.pool))?.events ?? {})).toEqual(['quiz.submitted']);
  });

  test.each<[string, Parameters<typeof startMindtickle>[0], object]>([
    ['a tenant without the API', { api: false }, {}],
    ['no token', {}, { MINDTICKLE_API_TOKEN: '' }],
  ])('for %s prints exactly what to enter', async (_case, settings, env) => {
    const { code, byHand, ok } = await register(envOf(await startMindtickle(settings), env));
    expect([code, ok]).toEqual([1, false]);
    for (const text of [
      URL_OF_RECEIVER,
      'user.deprovisioned',
      'certification.expired',
      'MINDTICKLE_WEBHOOK_SECRET',
      '--entered',
    ])
      expect(byHand).toContain(text);
  });

  test('what was entered by hand is recorded, so that its health is watched', async () => {
    const env = envOf(await startMindtickle({ api: false }), {
      MINDTICKLE_API_TOKEN: '',
      MINDTICKLE_WEBHOOK_ID: 'wh-7',
    });
    await expect(register(env, { entered: true })).resolves.toMatchObject({ code: 0, webhookId: 'wh-7' });
    expect(await readWebhook(ledger.pool)).toMatchObject({ webhookId: 'wh-7', url: URL_OF_RECEIVER });
  });

  test('a token that is refused is said, and never printed', async () => {
    const answer = await register({ ...envOf(await startMindtickle()), MINDTICKLE_API_TOKEN: 'a-wrong-token' });
    expect(answer).toMatchObject({ code: 1, ok: false, byHand: null });
    expect(String(answer.notes)).toContain('Is MINDTICKLE_API_TOKEN right?');
    expect(JSON.stringify(answer)).not.toContain('a-wrong-token');
  });

  test('the rate limit is said', async () => {
    const mindtickle = await startMindtickle({ callsPerMinute: 1 });
    await mindtickle.call('GET', '/v2/webhooks');
    expect(String((await register(envOf(mindtickle))).notes)).toMatch(/429.*try again in \d+ s/);
  });

  test.each([
    [{ url: 'http://hooks.example.com/' }, /--url: it has to begin with https/],
    [{ events: 'quiz.submited' }, /did you mean quiz\.submitted\?/],
    [{ url: undefined }, /--url: missing/],
  ])('%p is bad usage', async (options, why) => {
    await expect(register(envOf(await startMindtickle()), options)).rejects.toThrow(why);
  });
});

describe('mt webhooks list, show and reactivate', () => {
  test('list marks ours; show says what MindTickle says and how it does', async () => {
    const mindtickle = await startMindtickle();
    const env = envOf(mindtickle);
    const { webhookId } = await register(env);
    await expect(run((json) => runWebhooksList(json, env))).resolves.toMatchObject({
      code: 0,
      webhooks: [{ id: webhookId, isOurs: true }],
    });
    await expect(run((json) => runWebhooksShow(undefined, json, env))).resolves.toMatchObject({
      code: 0,
      webhookId,
      mindtickle: { status: 'active', url: URL_OF_RECEIVER },
      ledger: { url: URL_OF_RECEIVER },
      checks: [{ status: 'ok' }],
    });
  });

  test('without the undocumented calls they say so plainly', async () => {
    const mindtickle = await startMindtickle({ undocumentedCalls: '405' });
    const env = envOf(mindtickle);
    await register(env);
    await expect(run((json) => runWebhooksList(json, env))).resolves.toMatchObject({
      code: 1,
      why: expect.stringMatching(/405.* The call is not documented.*Admin > Integrations/) as string,
    });
    await expect(run((json) => runWebhooksShow(undefined, json, env))).resolves.toMatchObject({
      code: 0,
      mindtickle: { refused: expect.stringContaining('405') as string },
    });
  });

  test('reactivate ends a suspension, with the reason in the audit', async () => {
    const mindtickle = await startMindtickle();
    const env = envOf(mindtickle);
    const { webhookId } = await register(env, { url: `${new URL(mindtickle.apiUrl).origin}/webhooks/mindtickle` });
    await mindtickle.suspend(String(webhookId));
    const reactivate = (options = {}) =>
      run((json) => runWebhooksReactivate(undefined, { reason: 'the proxy is up again', ...options, ...json }, env));
    await expect(reactivate()).resolves.toMatchObject({
      code: 1,
      why: expect.stringContaining('is not ready') as string,
    });
    expect((await mindtickle.state()).webhooks).toMatchObject([{ status: 'suspended' }]);
    await expect(reactivate({ force: true })).resolves.toMatchObject({ code: 0, webhookId });
    expect((await mindtickle.state()).webhooks).toMatchObject([{ status: 'active' }]);
    const [change] = await listChanges(ledger.pool, { limit: 10 });
    expect(change).toMatchObject({ step: 'reactivateWebhook', status: 'done', reason: 'the proxy is up again' });
  });
});
