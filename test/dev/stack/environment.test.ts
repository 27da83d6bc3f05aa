import {
  opsEnvironment,
  receiverEnvironment,
  workerEnvironment,
  type Shared,
} from '../../../src/dev/stack/environment';
import { opsProcessSettings, receiverSettings, workerSettings } from '../../../src/settings';

const real = {
  PATH: '/bin',
  AWS_SECRET_ACCESS_KEY: 'other',
  SCIM_URL: 'https://idp.example.com/scim',
  SCIM_TOKEN_FILE: '/run/secrets/scim',
  SMTP_URL: 'smtp://mail.example.com',
  MAIL_FROM: 'training@example.com',
  ARCHIVE_URL: 'file:///srv/archive',
  TEMPORAL_API_KEY: 'key',
  LOG_LEVEL: 'debug',
};

function shared(extra: Partial<Shared> = {}): Shared {
  return {
    env: real,
    dataDir: '/data',
    archiveDir: '/data/my archive',
    configFile: '/data/config.yaml',
    webhookSecret: 'made-here',
    opsToken: 'made-here-too-0123',
    databaseUrl: 'postgres://127.0.0.1:5555/ledger',
    temporalAddress: '127.0.0.1:7233',
    standIns: { url: 'http://127.0.0.1:3002', smtpUrl: 'smtp://127.0.0.1:2525', token: 'token' },
    receiverPort: 3000,
    receiverPrivatePort: 3003,
    opsPort: 3001,
    ...extra,
  };
}

describe('workerEnvironment', () => {
  test('points every connector at the stand-ins, whatever the environment says', () => {
    expect(workerEnvironment(shared())).toEqual({
      PATH: '/bin',
      LOG_LEVEL: 'debug',
      MT_STACK: 'dev',
      MINDTICKLE_API_URL: 'http://127.0.0.1:3002/mindtickle',
      MINDTICKLE_API_TOKEN: 'token',
      MINDTICKLE_COMPANY_ID: 'acme',
      MINDTICKLE_CONFIG: '/data/config.yaml',
      DATA_DIR: '/data',
      OPS_URL: 'http://127.0.0.1:3001',
      DATABASE_URL: 'postgres://127.0.0.1:5555/ledger',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_CONFIG_FILE: expect.any(String) as string,
      SCIM_URL: 'http://127.0.0.1:3002/identity/scim/v2',
      SCIM_TOKEN: 'token',
      SMTP_URL: 'smtp://127.0.0.1:2525',
      MAIL_FROM: 'mindtickle@example.com',
      ARCHIVE_URL: 'file:///data/my%20archive',
      SALESFORCE_LOGIN_URL: 'http://127.0.0.1:3002/salesforce',
      SALESFORCE_CLIENT_ID: 'mindtickle',
      SALESFORCE_CLIENT_SECRET: 'token',
      SLACK_API_URL: 'http://127.0.0.1:3002/slack/api',
      SLACK_BOT_TOKEN: 'token',
      SLACK_SCIM_TOKEN: 'token',
      XAPI_URL: 'http://127.0.0.1:3002/xapi',
      XAPI_KEY: 'mindtickle',
      XAPI_SECRET: 'token',
    });
  });

  test('lets one connector through, with what the environment has for it', () => {
    const env = workerEnvironment(shared({ connect: 'identity' }));
    expect(env).toMatchObject({ SCIM_URL: real.SCIM_URL, SCIM_TOKEN_FILE: real.SCIM_TOKEN_FILE });
    expect(env).not.toHaveProperty('SCIM_TOKEN');
    expect(env['SMTP_URL']).toBe('smtp://127.0.0.1:2525');
  });

  test('lets Okta through instead of SCIM, and the settings beside each', () => {
    const okta = { OKTA_ORG_URL: 'http://127.0.0.1:3002/identity/okta', OKTA_API_TOKEN: 'token' };
    const env = { ...okta, OKTA_USER_ID_ATTRIBUTE: 'employeeNumber' };
    expect(workerEnvironment(shared({ env, connect: 'identity' }))).toMatchObject(env);
    const keycloak = { ...real, KEYCLOAK_ADMIN_URL: 'https://id.example.com/admin/realms/acme' };
    expect(workerEnvironment(shared({ env: keycloak, connect: 'identity' }))).toHaveProperty('KEYCLOAK_ADMIN_URL');
  });

  test('lets what the AWS SDK reads through with the archive alone', () => {
    const env = { ...real, ARCHIVE_URL: 's3://bucket/prefix', AWS_REGION: 'eu-central-1' };
    const archive = { ARCHIVE_URL: 's3://bucket/prefix', AWS_REGION: 'eu-central-1', AWS_SECRET_ACCESS_KEY: 'other' };
    expect(workerEnvironment(shared({ env, connect: 'archive' }))).toMatchObject(archive);
    expect(workerEnvironment(shared({ env, connect: 'mail' }))).not.toHaveProperty('AWS_REGION');
  });

  test('refuses to let a connector through that the environment does not have', () => {
    const env = { ...real, SMTP_URL: '' };
    expect(() => workerEnvironment(shared({ env, connect: 'mail' }))).toThrow('SMTP_URL: missing');
  });

  test('uses the Temporal and the Postgres of the environment when there are any', () => {
    const env = { ...real, TEMPORAL_ADDRESS: 'temporal.example.com:7233', DATABASE_URL_FILE: '/run/secrets/database' };
    const made = workerEnvironment(shared({ env, temporalAddress: undefined, databaseUrl: undefined }));
    expect(made).toMatchObject({
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
      TEMPORAL_API_KEY: 'key',
      DATABASE_URL_FILE: '/run/secrets/database',
    });
    expect(made).not.toHaveProperty('DATABASE_URL');
  });

  test('is complete', () => {
    const env = { ...workerEnvironment(shared()), MINDTICKLE_CONFIG: '', MT_STACK: undefined };
    expect(workerSettings(env).modes).toEqual({
      identity: 'observe',
      mail: 'observe',
      archive: 'observe',
      salesforce: 'observe',
      slack: 'observe',
      xapi: 'observe',
    });
  });
});

describe('receiverEnvironment', () => {
  test('has the secret made here, the ledger for its refusals, and none of the connectors', () => {
    const env = receiverEnvironment(shared());
    expect(env).toMatchObject({ PORT: '3000', MINDTICKLE_WEBHOOK_SECRET: 'made-here' });
    const rotating = receiverEnvironment({ ...shared(), webhookSecretFile: '/data/webhook-secret' });
    expect(rotating['MINDTICKLE_WEBHOOK_SECRET']).toBeUndefined();
    expect(rotating['MINDTICKLE_WEBHOOK_SECRET_FILE']).toBe('/data/webhook-secret');
    expect(Object.keys(env).filter((name) => /^(OKTA|SCIM|SMTP|ARCHIVE|SALESFORCE|SLACK|XAPI)_/.test(name))).toEqual(
      [],
    );
  });

  test('has the private port, and an operator for it', () => {
    expect(receiverSettings({ ...receiverEnvironment(shared()), MINDTICKLE_CONFIG: '' }).ops).toEqual({
      port: 3003,
      tokens: [{ name: 'dev', role: 'operator', token: 'made-here-too-0123' }],
    });
  });

  test("has the user's own tokens when there are any", () => {
    const made = receiverEnvironment(shared({ env: { ...real, OPS_TOKENS_FILE: '/run/tokens' } }));
    expect(made).toMatchObject({ OPS_PORT: '3003', OPS_TOKENS_FILE: '/run/tokens' });
    expect(made).not.toHaveProperty('OPS_TOKENS');
    expect(workerEnvironment(shared())).not.toHaveProperty('OPS_TOKENS');
  });

  test("has the user's own secret and company when there are any", () => {
    const env = { ...real, MINDTICKLE_WEBHOOK_SECRET: 'new,old', MINDTICKLE_COMPANY_ID_FILE: '/run/company' };
    const made = receiverEnvironment(shared({ env }));
    expect(made).toMatchObject({ MINDTICKLE_WEBHOOK_SECRET: 'new,old', MINDTICKLE_COMPANY_ID_FILE: '/run/company' });
    expect(made).not.toHaveProperty('MINDTICKLE_COMPANY_ID');
  });
});

describe('opsEnvironment', () => {
  test('is complete, knows where the receiver is asked, and has none of the connectors', () => {
    const env = opsEnvironment(shared());
    expect(opsProcessSettings({ ...env, MINDTICKLE_CONFIG: '' })).toMatchObject({
      companyId: 'acme',
      port: 3001,
      tokens: [{ name: 'dev', role: 'operator', token: 'made-here-too-0123' }],
      modes: { identity: 'on', archive: 'on' },
      links: { opsUrl: 'http://127.0.0.1:3001' },
      receiverUrls: ['http://127.0.0.1:3003'],
    });
    expect(Object.keys(env).filter((name) => /^(OKTA|SCIM|SMTP|ARCHIVE|SALESFORCE|SLACK|XAPI)_/.test(name))).toEqual(
      [],
    );
  });

  test("has the user's own address of the page", () => {
    const env = { ...real, OPS_URL: 'https://ops.example.com' };
    expect(opsEnvironment(shared({ env }))).toHaveProperty('OPS_URL', 'https://ops.example.com');
  });
});
