import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createConnectors } from '../../../activities';
import { checkConnectors } from '../../../src/commands/worker/connector-checks';
import { openPool } from '../../../src/ledger';
import { workerSettings } from '../../../src/settings';
import { start, stateOf, stopAll } from '../../dev/stand-ins/running';
import type { StandIns } from '../../../src/dev/stand-ins';
import { S3_KEY, startS3 } from '../../activities/archive/s3-server';
import { serve, statusOf } from '../../activities/running';
import { scriptSmtp, type ScriptedSmtp } from '../../activities/scripted-smtp';

// Nothing connects before it is asked.
const pool = openPool({ url: 'postgres://nobody@127.0.0.1:1/none' });
let standIns: StandIns;
let smtp: ScriptedSmtp;
let directory: string;
beforeAll(async () => {
  [standIns, smtp, directory] = await Promise.all([start(), scriptSmtp(), mkdtemp(join(tmpdir(), 'checks-'))]);
});
beforeEach(() => {
  smtp.meet = () => undefined;
});
afterAll(() => Promise.all([stopAll(), smtp.stop(), pool.end(), rm(directory, { recursive: true })]));

const right = () => ({
  SCIM_URL: `${standIns.url}/identity/scim/v2`,
  SCIM_TOKEN: 'a-token-of-the-tests',
  SMTP_URL: `smtp://robot:a-password@${smtp.host}`,
  MAIL_FROM: 'desk@example.com',
  ARCHIVE_URL: pathToFileURL(join(directory, 'to', 'be', 'made')).href,
  SALESFORCE_LOGIN_URL: `${standIns.url}/salesforce`,
  SALESFORCE_CLIENT_ID: 'mindtickle',
  SALESFORCE_CLIENT_SECRET: 'a-token-of-the-tests',
  SLACK_API_URL: `${standIns.url}/slack/api`,
  SLACK_BOT_TOKEN: 'a-token-of-the-tests',
  SLACK_SCIM_TOKEN: 'a-token-of-the-tests',
  XAPI_URL: `${standIns.url}/xapi`,
  XAPI_KEY: 'mindtickle',
  XAPI_SECRET: 'a-token-of-the-tests',
});

const parks = 'Its steps park until then; all others go on';
const refused = 'its credentials were refused';

/** What the log says, by system. */
async function check(wrong: Record<string, string> = {}, limitMs = 10_000): Promise<Record<string, string>> {
  const env = {
    MINDTICKLE_COMPANY_ID: 'acme',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    ...right(),
    ...wrong,
  };
  const said: Record<string, string> = {};
  const say = (level: string) => (about: { system: string }, words: string) => {
    said[about.system] = `${level}: ${words}`;
  };
  const log = { error: say('error'), info: say('info') } as unknown as Parameters<typeof checkConnectors>[1]['log'];
  await checkConnectors(createConnectors(workerSettings(env), pool, statusOf()), { env, log, limitMs });
  return said;
}

const described = ['Contact', 'Training_Status__c', 'User', 'UserLogin'].map(
  (object) => `GET /salesforce/services/data/v62.0/sobjects/${object}/describe`,
);

describe('checkConnectors', () => {
  test('says of each system that it answers, and writes nothing', async () => {
    await expect(check()).resolves.toEqual({
      identity: 'info: identity answers',
      mail: 'info: mail answers',
      archive: 'info: archive answers',
      salesforce: 'info: salesforce answers',
      slack: 'info: slack answers',
      xapi: 'info: xapi answers',
    });
    const { calls } = await stateOf(standIns);
    expect(calls.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`).sort()).toEqual([
      ...Array<string>(2).fill('GET /identity/scim/v2/Groups'),
      ...Array<string>(4).fill('GET /identity/scim/v2/Users'),
      ...described,
      'GET /slack/scim/v2/Users',
      'GET /slack/scim/v2/Users',
      'GET /xapi/statements',
      'POST /salesforce/services/oauth2/token',
      'POST /slack/api/auth.test',
    ]);
    expect(smtp.accepted).toEqual([]);
  });

  test('names each wrong credential, with the settings that hold it and no value', async () => {
    smtp.meet = (stage) => (stage === 'AUTH' ? { reply: '535 not robot' } : undefined);
    const said = await check({
      SCIM_TOKEN: 'a-revoked-token',
      SALESFORCE_CLIENT_SECRET: 'a-revoked-token',
      SLACK_BOT_TOKEN: 'a-revoked-token',
      XAPI_SECRET: 'a-revoked-token',
    });
    const salesforce = 'SALESFORCE_LOGIN_URL or SALESFORCE_CLIENT_ID or SALESFORCE_CLIENT_SECRET';
    const slack = 'SLACK_BOT_TOKEN or SLACK_SCIM_TOKEN or SLACK_API_URL';
    expect(said).toEqual({
      identity: `error: identity: look a user up: answered 401: ${refused}. Fix SCIM_URL or SCIM_TOKEN. ${parks}`,
      mail: `error: mail: AUTH PLAIN: answered 535: ${refused}. Fix SMTP_URL or MAIL_FROM. ${parks}`,
      archive: 'info: archive answers',
      salesforce:
        `error: salesforce: sign in: answered invalid_client: ${refused} ` +
        `(look at the connected app, SALESFORCE_CLIENT_ID and what goes with it). Fix ${salesforce}. ${parks}`,
      slack: `error: slack: auth.test: answered invalid_auth: ${refused} (set another bot token). Fix ${slack}. ${parks}`,
      xapi: `error: xapi: read statements: answered 401: ${refused}. Fix XAPI_URL or XAPI_KEY or XAPI_SECRET. ${parks}`,
    });
    for (const secret of ['revoked', 'robot', 'password']) expect(JSON.stringify(said)).not.toContain(secret);
  });

  test("names Slack's second token, and Okta's", async () => {
    const okta = { SCIM_URL: '', SCIM_TOKEN: '', OKTA_ORG_URL: `${standIns.url}/identity/okta` };
    const said = await check({ SLACK_SCIM_TOKEN: 'a-revoked-token', ...okta, OKTA_API_TOKEN: 'a-revoked-token' });
    expect(said).toMatchObject({
      identity: `error: identity: look a user up: answered 401: ${refused}. Fix OKTA_ORG_URL or OKTA_API_TOKEN. ${parks}`,
      slack: `error: slack: find the account: answered 401: ${refused}. Fix SLACK_BOT_TOKEN or SLACK_SCIM_TOKEN or SLACK_API_URL. ${parks}`,
    });
    await expect(check({ ...okta, OKTA_API_TOKEN: 'a-token-of-the-tests' })).resolves.toMatchObject({
      identity: 'info: identity answers',
    });
  });

  test('asks S3 for the bucket, with the key of the environment', async () => {
    const s3 = await startS3();
    const kept = { ...process.env };
    const aws = { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: s3.url, AWS_ACCESS_KEY_ID: S3_KEY.id };
    const to = { ARCHIVE_URL: 's3://archive/mindtickle', ...aws };
    try {
      Object.assign(process.env, aws, { AWS_SECRET_ACCESS_KEY: S3_KEY.secret });
      await expect(check(to)).resolves.toMatchObject({ archive: 'info: archive answers' });
      await expect(check({ ...to, ARCHIVE_URL: 's3://elsewhere' })).resolves.toMatchObject({
        archive: expect.stringMatching(/^error: archive: HeadBucket: has no such bucket.* Fix ARCHIVE_URL\./) as string,
      });
      process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret-key';
      await expect(check(to)).resolves.toMatchObject({
        archive: expect.stringMatching(
          /^error: archive: HeadBucket: answered 403: its credentials were refused/,
        ) as string,
        xapi: 'info: xapi answers',
      });
      expect(s3.objects.size).toBe(0);
    } finally {
      process.env = kept;
      await s3.stop();
    }
  });

  test('names what is not there', async () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    const said = await check({
      SCIM_URL: 'http://127.0.0.1:1/scim',
      SMTP_URL: 'smtp://127.0.0.1:1',
      ARCHIVE_URL: pathToFileURL(join(file, 'x')).href,
    });
    expect(said).toMatchObject({
      identity:
        'error: identity: look a user up: did not answer. Is it up, and is what SCIM_URL, SCIM_TOKEN say right? ' +
        'Its steps are tried again until it answers',
      mail: expect.stringMatching(
        /^error: mail: connect: did not accept the message: nothing listens there\. Is it up/,
      ) as string,
      archive: expect.stringMatching(
        /^error: archive: write a file: failed: ARCHIVE_URL leads to a file, not to a folder\. Is it up/,
      ) as string,
    });
  });

  test('names a page where the system should be', async () => {
    const { url } = standIns;
    const said = await check({
      SCIM_URL: url,
      SALESFORCE_LOGIN_URL: url,
      SLACK_API_URL: `${url}/api`,
      XAPI_URL: url,
    });
    const fix = (name: string): unknown => expect.stringMatching(new RegExp(`^error: .*Fix .*${name}`));
    expect(said).toMatchObject({
      identity: fix('SCIM_URL'),
      salesforce: fix('SALESFORCE_LOGIN_URL'),
      slack: fix('SLACK_API_URL'),
      xapi: fix('XAPI_URL'),
    });
  });

  test('names each channel, object, field and value that the policy names and that is not there', async () => {
    const policy = join(directory, 'policy.yaml');
    writeFileSync(
      policy,
      [
        'slack: { alertsChannel: "#nowhere" }',
        'salesforce:',
        '  trainingFields: { score: Scoore__c }',
        '  statuses: { lapsed: Expired }',
        '  contactKeyField: Email',
        '  userIdField: Employee__c',
      ].join('\n'),
    );
    const said = await check({ MINDTICKLE_CONFIG: policy });
    expect(said).toMatchObject({
      slack:
        'error: slack has no channel #nowhere that our app is in. ' +
        "Invite our app to it, or correct the policy's `slack.alertsChannel`. " +
        'Steps that need it park until then; all others go on',
      salesforce:
        'error: salesforce has no field Training_Status__c.Scoore__c; ' +
        'has no value "Expired" of Training_Status__c.Status__c; has Contact.Email, which is no external id; ' +
        "has no field User.Employee__c. Correct the policy's `salesforce`, or let our user see it. " +
        'Steps that need it park until then; all others go on',
      xapi: 'info: xapi answers',
    });
    writeFileSync(policy, 'salesforce: { trainingObject: Learning__c }\nslack: { alertsChannel: "#enablement" }\n');
    await expect(check({ MINDTICKLE_CONFIG: policy })).resolves.toMatchObject({
      slack: 'info: slack answers',
      salesforce: expect.stringMatching(/^error: salesforce has no object Learning__c\./) as string,
    });
  });

  test('names everything that is wrong with a system in one go', async () => {
    const policy = join(directory, 'policy.yaml');
    writeFileSync(
      policy,
      [
        'groups: { createMissing: false, certified: Certifiedd, recertificationRequired: Recertify }',
        'slack: { alertsChannel: "#nowhere" }',
        'salesforce: { userIdField: Employee__c, contactFields: { role: Done__c } }',
      ].join('\n'),
    );
    const parked = 'Steps that need it park until then; all others go on';
    const said = await check({
      MINDTICKLE_CONFIG: policy,
      KEYCLOAK_ADMIN_URL: `${standIns.url}/identity/keycloak/admin/realms/acmee`,
      SLACK_SCIM_TOKEN: 'a-revoked-token',
    });
    expect(said).toMatchObject({
      identity:
        "error: identity: read users by Keycloak's admin API: answered 404: is KEYCLOAK_ADMIN_URL right? It ends with " +
        `/admin/realms/<realm>. Fix SCIM_URL or SCIM_TOKEN or KEYCLOAK_ADMIN_URL. ${parks}. ` +
        'identity has no group named "Certifiedd"; has no group named "Recertify". ' +
        `Create it, or correct its name in the policy. ${parked}`,
      slack:
        'error: slack has no channel #nowhere that our app is in. ' +
        `Invite our app to it, or correct the policy's \`slack.alertsChannel\`. ${parked}. ` +
        `slack: find the account: answered 401: ${refused}. ` +
        `Fix SLACK_BOT_TOKEN or SLACK_SCIM_TOKEN or SLACK_API_URL. ${parks}`,
      salesforce: expect.stringMatching(
        /has no field Contact\.Done__c; has no field User\.Employee__c\. Correct/,
      ) as string,
    });
  });

  test('says what a plan or the policy leaves out', async () => {
    const policy = join(directory, 'policy.yaml');
    writeFileSync(policy, 'xapi: { attachments: never }\n');
    const without = await serve((request, response) => {
      request.resume().on('end', () => {
        const isScim = request.url?.includes('/scim/') === true;
        response.writeHead(isScim ? 404 : 200).end(isScim ? 'Not found' : '{"ok":true}');
      });
    });
    const said = await check({ MINDTICKLE_CONFIG: policy, SLACK_API_URL: `${without.url}/api` });
    await without.stop();
    expect(said).toMatchObject({
      slack: 'info: slack answers. It has no SCIM API for this workspace: deactivating accounts is not supported',
      xapi: 'info: xapi answers. Certificates are not attached (xapi.attachments: never)',
    });
  });

  test('waits for no system that hangs', async () => {
    smtp.meet = () => 'hang';
    await expect(check({}, 1500)).resolves.toMatchObject({
      identity: 'info: identity answers',
      mail: expect.stringMatching(/^error: mail did not answer\./) as string,
    });
  });
});
