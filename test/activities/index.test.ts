import { createConnectors, createOwnActivities } from '../../activities';
import type { IdentityActivities } from '../../activities/identity';
import { openPool } from '../../src/ledger';
import { readConfigFile, type WorkerSettings } from '../../src/settings';
import { serve, statusOf, workflow } from './running';

// Nothing connects before it is asked.
const pool = openPool({ url: 'postgres://nobody@127.0.0.1:1/none' });
afterAll(() => pool.end());

const settings: WorkerSettings = {
  companyId: 'acme',
  databaseUrl: () => 'none',
  connectors: {
    identity: () => ({ driver: 'scim', url: 'http://127.0.0.1:1/scim/v2', token: () => 'secret' }),
    mail: () => ({ url: () => 'smtp://127.0.0.1:1', from: 'x@example.com' }),
    archive: () => ({ url: 'file:///nowhere' }),
    salesforce: () => ({ loginUrl: 'http://127.0.0.1:1', clientId: 'id', credential: { secret: () => 'secret' } }),
    slack: () => ({
      url: 'http://127.0.0.1:1/api',
      token: () => 'secret',
      scimUrl: 'http://127.0.0.1:1/scim/v2',
      scimToken: undefined,
    }),
    xapi: () => ({ url: 'http://127.0.0.1:1/xapi', key: 'key', secret: () => 'secret' }),
  },
  policy: readConfigFile(undefined).policy,
  modes: { identity: 'on', mail: 'observe', archive: 'off' },
  receiptDays: 90,
  auditDays: 400,
  windowBackMs: 28_800_000,
  windowAheadMs: 300_000,
  logLevel: 'silent',
};
const status = statusOf();
const names = (activities: object = {}): string[] => Object.keys(activities).sort();

describe('activities', () => {
  // A workflow that runs may be a year old, and asks by name.
  test('their names are as running workflows know them', () => {
    const own = createOwnActivities(settings, pool, () => ({ refused: 'no' }), status);
    expect(names(own)).toEqual([
      'addAlertCase',
      'admitLeaver',
      'beginCase',
      'claimAlert',
      'closeWorkflow',
      'confirmDeparture',
      'countOpenWorkflows',
      'dropAlertCase',
      'dueDigests',
      'endCase',
      'findLearner',
      'findProgramGroups',
      'findSharers',
      'findUnfit',
      'markDigested',
      'markWebhookNotified',
      'markWorkflowGone',
      'pruneLedger',
      'readPolicySnapshot',
      'reconcileOpenWorkflows',
      'recordEvent',
      'reinstateLearner',
      'releaseAlert',
      'rereadEnvelope',
      'resolveConflict',
      'setLearnerEmail',
      'watchWebhook',
    ]);
    const connectors = createConnectors(settings, pool, status);
    const { identity, mail, archive, salesforce, slack, xapi } = connectors;
    expect(names(identity?.activities)).toEqual([
      'deactivateUser',
      'findContact',
      'findInactive',
      'freezeUser',
      'joinGroup',
      'leaveGroup',
      'leaveGroups',
      'readIdentityAccess',
      'restoreUser',
    ]);
    expect(names(mail?.activities)).toEqual(['sendMail']);
    expect(names(archive?.activities)).toEqual(['archivePerson', 'removeFiles', 'storeCertificate']);
    expect(names(salesforce?.activities)).toEqual([
      'freezeCrmUser',
      'linkContact',
      'markCertificate',
      'readCrmAccess',
      'restoreCertificate',
      'restoreCrmUser',
      'syncProgressRecords',
      'upsertTraining',
    ]);
    expect(names(slack?.activities)).toEqual([
      'deactivateSlackUser',
      'postSlackMessage',
      'readSlackAccess',
      'restoreSlackUser',
    ]);
    expect(names(xapi?.activities)).toEqual(['storeStatement']);
  });

  test('a connector follows its settings', async () => {
    const asked: string[] = [];
    const servers = await Promise.all(
      ['old', 'new'].map((name) =>
        serve((_request, response) => {
          asked.push(name);
          response.end('{"totalResults":0}');
        }),
      ),
    );
    const [old, replaced] = servers.map(({ url }) => ({ driver: 'scim', url, token: () => 't' }) as const);
    let now = old;
    const connectors = { identity: () => now as NonNullable<typeof old> };
    const { identity } = createConnectors({ ...settings, connectors }, pool, status);
    const ask = () => {
      const activities = identity?.activities as IdentityActivities;
      return workflow().run((addresses: string[]) => activities.findInactive(addresses), ['rita@example.com']);
    };
    await ask();
    expect(new Set(asked)).toEqual(new Set(['old']));
    now = replaced;
    asked.length = 0;
    await ask();
    expect(new Set(asked)).toEqual(new Set(['new']));
    await Promise.all(servers.map(({ stop }) => stop()));
  });

  test('a system without settings has none', () => {
    const connectors = { identity: undefined, mail: settings.connectors.mail, archive: undefined };
    expect(Object.keys(createConnectors({ ...settings, connectors }, pool, status))).toEqual(['mail']);
  });
});

describe('readPolicySnapshot', () => {
  test('gives policy and modes as they stand', async () => {
    const own = createOwnActivities(settings, pool, () => ({ refused: 'no' }), status) as {
      readPolicySnapshot: () => Promise<object>;
    };
    await expect(workflow().run(own.readPolicySnapshot)).resolves.toEqual({
      policy: settings.policy,
      modes: settings.modes,
    });
  });
});

describe('rereadEnvelope', () => {
  type Reading = { rereadEnvelope: (envelope: unknown, signedAt: string) => Promise<object> };
  const body = { event: 'module.progress', data: { userId: 'u-1' }, companyId: 'acme' };
  const SIGNED_AT = '2026-11-23T09:00:00Z';

  test('answers which workflow the body belongs to', async () => {
    const reread = { workflowType: 'moduleProgress', event: 'module.progress', data: body.data };
    const own = createOwnActivities(settings, pool, () => reread, status) as Reading;
    await expect(workflow().run(own.rereadEnvelope, body, SIGNED_AT)).resolves.toEqual(reread);
  });

  test('refuses for good, with the reader’s sentence', async () => {
    const own = createOwnActivities(settings, pool, () => ({ refused: '`data.userId` is missing' }), status) as Reading;
    await expect(workflow().failure(own.rereadEnvelope, body, SIGNED_AT)).resolves.toMatchObject({
      type: 'quarantine.unreadable',
      message: '`data.userId` is missing',
      nonRetryable: true,
    });
  });
});
