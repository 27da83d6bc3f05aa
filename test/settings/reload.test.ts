import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { noticeChanges, receiverSettings, systemDescriptors, watchSetting, workerSettings } from '../../src/settings';
import { settingNames } from '../../src/settings/variables';

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
const pem = (key: string): string => `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----`;

/** What the rest of its system needs, beside a setting. */
const scim = { SCIM_URL: 'https://id.example.com', SCIM_TOKEN: 't' };
const client = { ...scim, SCIM_TOKEN: '', SCIM_TOKEN_URL: 'https://id.example.com', SCIM_CLIENT_ID: 'c' };
const rest: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  OKTA_: { OKTA_ORG_URL: 'https://acme.okta.com', OKTA_API_TOKEN: 't' },
  SCIM_: scim,
  SCIM_TOKEN_: { ...client, SCIM_CLIENT_SECRET: 's' },
  SCIM_CLIENT_: { ...client, SCIM_CLIENT_SECRET: 's' },
  KEYCLOAK_: scim,
  SMTP_: { MAIL_FROM: 'desk@example.com' },
  MAIL_: { SMTP_URL: 'smtp://mail.example.com' },
  SALESFORCE_: {
    SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com',
    SALESFORCE_CLIENT_ID: 'c',
    SALESFORCE_PRIVATE_KEY: pem('k'),
    SALESFORCE_USERNAME: 'robot@example.com',
  },
  SALESFORCE_CLIENT_SECRET: { SALESFORCE_PRIVATE_KEY: '', SALESFORCE_USERNAME: '' },
  SLACK_: { SLACK_BOT_TOKEN: 't' },
  XAPI_: { XAPI_URL: 'https://lrs.example.com', XAPI_KEY: 'k', XAPI_SECRET: 's' },
  PG: { DATABASE_URL: '', PGHOST: 'db.example.com', PGUSER: 'u' },
  DATABASE_URL: { DATABASE_URL: '' },
};

const texts: Readonly<Record<string, (mark: string) => string>> = {
  SMTP_URL: (mark) => `smtp://u:${mark}@mail.example.com`,
  DATABASE_URL: (mark) => `postgres://u:${mark}@127.0.0.1/ledger`,
  ARCHIVE_URL: (mark) => `file:///${mark}`,
  MAIL_FROM: (mark) => `${mark}@example.com`,
  SALESFORCE_PRIVATE_KEY: pem,
  OPS_TOKENS: (mark) => `robot:viewer:a-token-of-the-tests-${mark}`,
  PGPORT: (mark) => ({ mark1: '5431', mark2: '5433' })[mark] ?? '',
  PGSSLMODE: (mark) => ({ mark1: 'disable', mark2: 'require' })[mark] ?? '',
};
const textOf = (name: string, mark: string): string =>
  (texts[name] ?? (name.endsWith('_URL') ? (each: string) => `https://${each}.example.com` : String))(mark);

/** With what each function in it answers now. */
function resolved(value: unknown): unknown {
  if (typeof value === 'function') return resolved((value as () => unknown)());
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each)]));
}

/** Of a setting in a file: what the process says of it now, as one text. */
function shown(name: string, env: Record<string, string>): () => string {
  if (name === 'MINDTICKLE_WEBHOOK_SECRET' || name === 'OPS_TOKENS' || name === 'MINDTICKLE_API_TOKEN')
    return () => JSON.stringify((watched[name] ??= watchSetting({ env, name })).current());
  const settings = workerSettings(env);
  return () => JSON.stringify(resolved(settings)).replaceAll('\\n', '\n');
}
const watched: Record<string, { readonly current: () => unknown }> = {};

const ofSystems = Object.values(systemDescriptors).flatMap(({ variables }) => Object.keys(variables));
const live = ['MINDTICKLE_WEBHOOK_SECRET', 'MINDTICKLE_API_TOKEN', 'OPS_TOKENS', 'DATABASE_URL'];
const isLive = (name: string): boolean => live.includes(name) || name.startsWith('PG');
const ofStart = settingNames.filter((name) => !isLive(name));

describe('a setting in a file', () => {
  test('is read again when the file changes, or the log asks for a restart', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const write = (name: string, mark: string): void => {
      writeFileSync(join(place, `${name}.tmp`), textOf(name, mark));
      renameSync(join(place, `${name}.tmp`), join(place, name));
    };
    const all = [...ofStart, ...settingNames.filter(isLive), ...ofSystems];
    for (const name of all) write(name, 'mark1');
    const fileOf = (name: string): Record<string, string> => ({ [`${name}_FILE`]: join(place, name), [name]: '' });
    const files = Object.assign({}, ...ofStart.map(fileOf)) as Record<string, string>;
    const ends = (['receiver', 'worker', 'ops'] as const).map((of) => noticeChanges(of, files, log));
    const seen = all.map((name): readonly [string, () => string] => {
      if ((ofStart as readonly string[]).includes(name))
        return [name, () => (lines.some((line) => line.includes(`${name}_FILE: `)) ? 'mark2' : 'mark1')];
      const others = Object.entries(rest).filter(([start]) => name.startsWith(start));
      const env = Object.assign({}, base, ...others.map(([, each]) => each), fileOf(name)) as Record<string, string>;
      return [name, shown(name, env)];
    });
    const wanted = (name: string, mark: string): string =>
      ['PGPORT', 'PGSSLMODE'].includes(name) ? textOf(name, mark) : mark;
    const notYet = (mark: string): readonly string[] =>
      seen.flatMap(([name, now]) => (now().includes(wanted(name, mark)) ? [] : [name]));
    expect(notYet('mark1')).toEqual([]);
    for (const name of all) write(name, 'mark2');
    const until = performance.now() + 30_000;
    while (notYet('mark2').length > 0 && performance.now() < until) await setImmediate();
    expect(notYet('mark2')).toEqual([]);
    ends.forEach((end) => end());
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
    const url = settings.connectors.mail?.().url;
    for (const bad of ['', 'no url']) {
      replace(bad);
      expect(url?.()).toBe('smtp://u:old@mail.example.com');
    }
    replace('smtp://u:new@mail.example.com');
    await until(() => url?.() !== 'smtp://u:old@mail.example.com');
    expect(url?.()).toBe('smtp://u:new@mail.example.com');
  });
});
