import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { receiverSettings, workerSettings, type WorkerSettings } from '../../src/settings';

let place: string;
let path: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mindtickle-reload-'));
  path = join(place, 'secret');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function replace(text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

const base = { LOG_LEVEL: 'error', MINDTICKLE_COMPANY_ID: 'acme', DATABASE_URL: 'postgres://u:p@127.0.0.1/ledger' };
const salesforce = { SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com', SALESFORCE_CLIENT_ID: 'c' };
const pem = (key: string): string => `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----`;

interface Reloaded {
  readonly name: string;
  readonly others: Record<string, string>;
  readonly values: readonly [string, string];
  readonly read: (settings: WorkerSettings) => string | undefined;
}

const secrets: readonly Reloaded[] = [
  {
    name: 'DATABASE_URL',
    others: { DATABASE_URL: '' },
    values: ['postgres://u:old@127.0.0.1/ledger', 'postgres://u:new@127.0.0.1/ledger'],
    read: ({ databaseUrl }) => databaseUrl(),
  },
  {
    name: 'OKTA_API_TOKEN',
    others: { OKTA_ORG_URL: 'https://acme.okta.com' },
    values: ['old', 'new'],
    read: ({ connectors }) => connectors.identity?.token(),
  },
  {
    name: 'SCIM_TOKEN',
    others: { SCIM_URL: 'https://id.example.com/scim/v2' },
    values: ['old', 'new'],
    read: ({ connectors }) => connectors.identity?.token(),
  },
  {
    name: 'SMTP_URL',
    others: { MAIL_FROM: 'desk@example.com' },
    values: ['smtp://u:old@mail.example.com', 'smtp://u:new@mail.example.com'],
    read: ({ connectors }) => connectors.mail?.url(),
  },
  {
    name: 'SALESFORCE_CLIENT_SECRET',
    others: salesforce,
    values: ['old', 'new'],
    read: ({ connectors }) => {
      const credential = connectors.salesforce?.credential;
      return credential && 'secret' in credential ? credential.secret() : undefined;
    },
  },
  {
    name: 'SALESFORCE_PRIVATE_KEY',
    others: { ...salesforce, SALESFORCE_USERNAME: 'robot@example.com' },
    values: [pem('old'), pem('new')],
    read: ({ connectors }) => {
      const credential = connectors.salesforce?.credential;
      return credential && 'privateKey' in credential ? credential.privateKey() : undefined;
    },
  },
  {
    name: 'SLACK_BOT_TOKEN',
    others: {},
    values: ['old', 'new'],
    read: ({ connectors }) => connectors.slack?.token(),
  },
  {
    name: 'SLACK_SCIM_TOKEN',
    others: { SLACK_BOT_TOKEN: 't' },
    values: ['old', 'new'],
    read: ({ connectors }) => connectors.slack?.scimToken?.(),
  },
  {
    name: 'XAPI_SECRET',
    others: { XAPI_URL: 'https://lrs.example.com/xapi', XAPI_KEY: 'k' },
    values: ['old', 'new'],
    read: ({ connectors }) => connectors.xapi?.secret(),
  },
];

describe('a secret in a file', () => {
  test.each(secrets)('$name is read again when the file changes', async ({ name, others, values, read }) => {
    const [old, replaced] = values;
    replace(`${old}\n`);
    const settings = workerSettings({ ...base, ...others, [`${name}_FILE`]: path });
    expect(read(settings)).toBe(old);
    replace(`${replaced}\n`);
    await until(() => read(settings) === replaced);
    expect(read(settings)).toBe(replaced);
  });

  test('the receiver reads its DATABASE_URL again, too', async () => {
    replace('postgres://u:old@127.0.0.1/ledger');
    const { databaseUrl } = receiverSettings({
      MINDTICKLE_WEBHOOK_SECRET: 's',
      MINDTICKLE_COMPANY_ID: 'acme',
      LOG_LEVEL: 'error',
      DATABASE_URL_FILE: path,
    });
    replace('postgres://u:new@127.0.0.1/ledger');
    await until(() => databaseUrl?.() === 'postgres://u:new@127.0.0.1/ledger');
    expect(databaseUrl?.()).toContain(':new@');
  });

  test('stays as it was while the file has no good one', async () => {
    replace('smtp://u:old@mail.example.com');
    const settings = workerSettings({ ...base, MAIL_FROM: 'desk@example.com', SMTP_URL_FILE: path });
    const url = settings.connectors.mail?.url;
    for (const bad of ['', 'no url']) {
      replace(bad);
      expect(url?.()).toBe('smtp://u:old@mail.example.com');
    }
    replace('smtp://u:new@mail.example.com');
    await until(() => url?.() !== 'smtp://u:old@mail.example.com');
    expect(url?.()).toBe('smtp://u:new@mail.example.com');
  });
});
