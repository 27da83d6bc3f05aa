import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { parse } from 'yaml';
import { SYSTEMS } from '../../src/domain';
import {
  drainSettings,
  opsProcessSettings,
  readConfigFile,
  receiverSettings,
  SettingsError,
  systemDescriptors,
  workerSettings,
} from '../../src/settings';
import { settingNames } from '../../src/settings/variables';

const docs = readFileSync(resolve(__dirname, '../../docs/configuration.md'), 'utf8');
const connectorDocs = readFileSync(resolve(__dirname, '../../docs/connectors.md'), 'utf8');
const connectorSettings = SYSTEMS.flatMap((system) => Object.keys(systemDescriptors[system].variables));

function file(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'mindtickle-settings-')), 'config.yaml');
  writeFileSync(path, content);
  return path;
}

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

const worker = { MINDTICKLE_COMPANY_ID: 'acme', DATABASE_URL: 'postgres://u:p@127.0.0.1/ledger' };
const off = Object.fromEntries(SYSTEMS.map((system) => [system, 'off']));
const observed = Object.fromEntries(SYSTEMS.map((system) => [system, 'observe']));
const scim = { SCIM_URL: 'http://127.0.0.1:1/scim', SCIM_TOKEN: 'token' };

describe('the docs', () => {
  test('name every setting, and no other', () => {
    const named = [...docs.matchAll(/^\| `([A-Z_]+)`\s+\|/gm)].map(([, name]) => name);
    expect(named.filter((name) => name !== 'LEDGER').sort()).toEqual([...settingNames, ...connectorSettings].sort());
  });

  test.each(SYSTEMS)('name in docs/connectors.md what %s needs', (system) => {
    const row = connectorDocs.split('\n').find((line) => line.startsWith(`| \`${system}\``)) ?? '';
    const named = [...row.matchAll(/`([A-Z_]{5,})`/g)].map(([, name = '']) => name);
    const { variables, needs } = systemDescriptors[system];
    expect(named).toEqual(expect.arrayContaining(needs.flat()));
    expect(Object.keys(variables)).toEqual(expect.arrayContaining(named));
  });

  test('show the defaults of the YAML file', () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(docs) ?? [];
    const { connectors, delivery, leaderboard, forget, ...policy } = parse(example) as Record<string, unknown>;
    const defaults = readConfigFile(undefined);
    expect(policy).toEqual(defaults.policy);
    expect([delivery, leaderboard, forget]).toEqual([defaults.delivery, defaults.leaderboard, defaults.forget]);
    expect(Object.keys(connectors as object)).toEqual(SYSTEMS);
  });
});

describe('opsProcessSettings', () => {
  const ops = { ...worker, OPS_TOKENS: 'ada:operator:a-token-of-enough-characters' };

  test('need a credential, a company and a ledger', () => {
    expect(faultsOf(() => opsProcessSettings({}))).toEqual([
      'MINDTICKLE_COMPANY_ID: missing',
      'DATABASE_URL: missing, and so is PGHOST',
    ]);
    expect(faultsOf(() => opsProcessSettings(worker))).toEqual(['OPS_TOKENS: missing']);
    expect(opsProcessSettings(ops)).toMatchObject({ port: 3001, receiverUrls: [], modes: observed });
  });

  test('believe a header with the name of the user only of a proxy', () => {
    const env = { ...ops, OPS_USER_HEADER: 'X-Forwarded-User' };
    expect(faultsOf(() => opsProcessSettings(env))).toEqual([expect.stringContaining('TRUST_PROXY')]);
    expect(opsProcessSettings({ ...env, TRUST_PROXY: '1' }).userHeader).toBe('X-Forwarded-User');
    expect(faultsOf(() => opsProcessSettings({ ...env, OPS_USER_HEADER: 'a b' }))).toHaveLength(1);
  });

  test('take the receivers one by one', () => {
    const env = { ...ops, RECEIVER_URLS: 'http://r1:3001/, http://r2:3001' };
    expect(opsProcessSettings(env).receiverUrls).toEqual(['http://r1:3001', 'http://r2:3001']);
    expect(faultsOf(() => opsProcessSettings({ ...ops, RECEIVER_URLS: 'r1:3001' }))).toHaveLength(1);
  });
});

describe('receiverSettings', () => {
  test('take the zone of the calendar, by which dates of events are read', () => {
    const env = { MINDTICKLE_WEBHOOK_SECRET: 'new', MINDTICKLE_COMPANY_ID: 'acme' };
    expect(receiverSettings(env).timeZone).toBe('UTC');
    const config = file('calendar: { timeZone: Europe/Berlin }');
    expect(receiverSettings({ ...env, MINDTICKLE_CONFIG: config }).timeZone).toBe('Europe/Berlin');
    expect(drainSettings({ ...env, MINDTICKLE_CONFIG: config }).timeZone).toBe('Europe/Berlin');
  });

  test('takes several secrets, newest first, and trims them', () => {
    const { secrets } = receiverSettings({ MINDTICKLE_WEBHOOK_SECRET: 'new, old', MINDTICKLE_COMPANY_ID: 'acme' });
    expect(secrets).toEqual(['new', 'old']);
  });

  test('reads a secret from the file that <NAME>_FILE names', () => {
    const env = { MINDTICKLE_WEBHOOK_SECRET_FILE: file('from-a-file\n'), MINDTICKLE_COMPANY_ID: 'acme' };
    expect(receiverSettings(env).secrets).toEqual(['from-a-file']);
  });

  test('refuses a ledger that forgets before a delivery can no longer be sent again', () => {
    const env = { MINDTICKLE_WEBHOOK_SECRET: 's', MINDTICKLE_COMPANY_ID: 'acme', RECEIPT_DAYS: '0.3' };
    const [fault, ...more] = faultsOf(() => receiverSettings(env));
    expect(more).toEqual([]);
    expect(fault).toMatch(/^delivery\.windowBackSeconds: .*RECEIPT_DAYS/);
  });

  test('names every fault at once, as people write it', () => {
    const faults = faultsOf(() => receiverSettings({ PORT: 'eighty', START_CONCURRENCY: '0' }));
    expect(faults).toEqual([
      'MINDTICKLE_WEBHOOK_SECRET: missing',
      'MINDTICKLE_COMPANY_ID: missing',
      'PORT: "eighty" is not a port (0–65535)',
      'START_CONCURRENCY: "0" is not a whole number, 1 or more',
    ]);
  });

  const receiver = { MINDTICKLE_WEBHOOK_SECRET: 's', MINDTICKLE_COMPANY_ID: 'acme' };

  test.each([
    'PORT',
    'START_CONCURRENCY',
    'START_TIMEOUT_MS',
    'SPOOL_MAX_BYTES',
    'REPLAY_LIMIT',
    'RECEIPT_DAYS',
    'SPOOL',
  ])('an empty %s is absent, in the environment and in its file', (name) => {
    const defaults = receiverSettings(receiver);
    for (const nothing of [
      { [name]: '' },
      { [name]: ' ' },
      { [`${name}_FILE`]: file('') },
      { [`${name}_FILE`]: file('\n') },
    ])
      expect(receiverSettings({ ...receiver, ...nothing })).toEqual(defaults);
  });

  test.each(['0x50', '1e3', '80.5', '-1', '70000', 'Infinity'])('%s is no port', (PORT) => {
    expect(faultsOf(() => receiverSettings({ ...receiver, PORT }))).toEqual([
      `PORT: "${PORT}" is not a port (0–65535)`,
    ]);
  });

  test('does not read OPS_PORT while the private port is closed, and knows what Kubernetes sets', () => {
    const OPS_PORT = 'tcp://10.0.0.1:80';
    expect(receiverSettings({ ...receiver, OPS_PORT }).ops).toBeUndefined();
    const OPS_TOKENS = 'ada:operator:0123456789abcdef';
    expect(faultsOf(() => receiverSettings({ ...receiver, OPS_PORT, OPS_TOKENS }))).toEqual([
      'OPS_PORT: "tcp://10.0.0.1:80" is not a port (0–65535). Kubernetes sets it for a service of that name: set ' +
        '`enableServiceLinks: false` in the pod, or name the service otherwise',
    ]);
  });
});

describe('workerSettings', () => {
  test('a connector with settings and no mode observes', () => {
    expect(workerSettings({ ...worker, ...scim }).modes).toEqual({ ...off, identity: 'observe' });
  });

  test('in the development stack it is on, and administrators are required', () => {
    const env = { ...worker, ...scim, MT_STACK: 'dev' };
    expect(faultsOf(() => workerSettings(env))).toEqual([expect.stringContaining('administrators')]);
    const config = file('administrators: [admin@example.com]');
    expect(workerSettings({ ...env, MINDTICKLE_CONFIG: config }).modes.identity).toBe('on');
  });

  test.each(['identity: observe', 'identity: { mode: observe }'])('takes the mode as %s', (mode) => {
    const config = file(`connectors: { ${mode} }`);
    expect(workerSettings({ ...worker, ...scim, MINDTICKLE_CONFIG: config }).modes.identity).toBe('observe');
  });

  test('a bucket stands in the path where the endpoint is not Amazon’s', () => {
    const archive = { ...worker, ARCHIVE_URL: 's3://bucket/prefix' };
    expect(workerSettings(archive).connectors.archive?.()).toEqual({ url: archive.ARCHIVE_URL, pathStyle: false });
    const elsewhere = { ...archive, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000' };
    expect(workerSettings(elsewhere).connectors.archive?.()).toMatchObject({ pathStyle: true });
  });

  test.each([
    [{ SCIM_URL: 'http://127.0.0.1:1' }, 'SCIM_TOKEN'],
    [{ ARCHIVE_URL: 's3://' }, 'ARCHIVE_URL'],
    [{ MAIL_FROM: 'a@example.com' }, 'SMTP_URL'],
    [{ ...scim, OKTA_ORG_URL: 'https://example.okta.com', OKTA_API_TOKEN: 't' }, 'SCIM_URL: set beside OKTA_ORG_URL'],
    [{ KEYCLOAK_ADMIN_URL: 'https://id.example.com/admin/realms/acme' }, 'KEYCLOAK_ADMIN_URL: set without SCIM_URL'],
    [{ OKTA_ORG_URL: 'https://example.okta.com' }, 'OKTA_API_TOKEN: missing'],
    [{ OKTA_USER_ID_ATTRIBUTE: 'x" or 1' }, 'OKTA_USER_ID_ATTRIBUTE'],
    [{ SALESFORCE_CLIENT_ID: 'c' }, 'SALESFORCE_CLIENT_SECRET: missing'],
    [{ SALESFORCE_PRIVATE_KEY: 'k' }, 'SALESFORCE_PRIVATE_KEY'],
    [{ SALESFORCE_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----' }, 'SALESFORCE_USERNAME: missing'],
    [{ SALESFORCE_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----', SALESFORCE_CLIENT_SECRET: 's' }, 'one of them signs in'],
    [{ SLACK_BOT_TOKEN: 't', SLACK_API_URL: 'slack' }, 'SLACK_API_URL'],
    [{ XAPI_URL: 'https://lrs.example.com/xapi', XAPI_KEY: 'k' }, 'XAPI_SECRET: missing'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
    [{ MINDTICKLE_CONFIG: '/nowhere/at/all.yaml' }, 'MINDTICKLE_CONFIG'],
    [{ MINDTICKLE_CONFIG: file('connectors: { mail: on }') }, 'connectors.mail'],
    [{ MT_STACK: 'dev', NODE_ENV: 'production' }, 'MT_STACK'],
    [{ RECEIPT_DAYS: '0.3' }, 'set RECEIPT_DAYS to 0.34 or more'],
    [{ RECEIPT_DAYS: 'ever' }, 'RECEIPT_DAYS'],
  ])('refuses %j, naming %s', (given, name) => {
    expect(faultsOf(() => workerSettings({ ...worker, ...given })).join()).toContain(name);
  });
});

describe('where the ledger is', () => {
  const { MINDTICKLE_COMPANY_ID } = worker;
  const urlIn = (env: Record<string, string>): string =>
    workerSettings({ MINDTICKLE_COMPANY_ID, ...env }).databaseUrl();
  const PGHOST = 'db.example.com';
  /** As the driver reads it. */
  const parseUrl = (connectionString: string): object => {
    const { host, port, user, password, database, ssl } = new Client({ connectionString });
    return { host, port, user, password, database, ssl };
  };

  test.each(['p/w', 'p#w', 'p?w', 'p@w', 'p:w', 'p%w', 'p w', 'p&w=+', 'p\'w"', 'пароль'])(
    'comes from the settings of libpq, with %s as the password',
    (PGPASSWORD) => {
      const url = urlIn({ PGHOST, PGUSER: 'mind@tickle', PGPASSWORD, PGDATABASE: 'led ger', PGSSLMODE: 'verify-full' });
      expect(parseUrl(url)).toMatchObject({
        host: PGHOST,
        port: 5432,
        user: 'mind@tickle',
        password: PGPASSWORD,
        database: 'led ger',
        ssl: {},
      });
    },
  );

  test.each([
    [
      { PGHOST: '/run/postgresql', PGPORT: '6432' },
      { host: '/run/postgresql', port: 6432, database: 'mindtickle' },
    ],
    [{ PGHOST: '::1' }, { host: '::1' }],
  ])('is where %j says', (env, expected) => {
    expect(parseUrl(urlIn({ PGUSER: 'mindtickle', ...env }))).toMatchObject(expected);
  });

  test('is a socket in a URL too', () => {
    const url = 'postgres:///ledger?host=/run/postgresql';
    expect(urlIn({ DATABASE_URL: url })).toBe(url);
  });

  test('comes whole to the containers of docker-compose.yml, whatever the password is', () => {
    const text = readFileSync(resolve(__dirname, '../../docker-compose.yml'), 'utf8');
    const { services } = parse(text, { merge: true }) as {
      services: Record<string, { environment: Record<string, string> }>;
    };
    for (const name of ['setup', 'receiver', 'worker']) {
      const environment = Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
        key,
        value.replace('${POSTGRES_PASSWORD}', 'p/w#?@:% &='),
      ]);
      const url = urlIn({ ...(Object.fromEntries(environment) as Record<string, string>), MINDTICKLE_COMPANY_ID });
      expect(parseUrl(url)).toMatchObject({
        host: 'ledger',
        user: 'mindtickle',
        password: 'p/w#?@:% &=',
        database: 'ledger',
      });
    }
  });

  test('is DATABASE_URL where both are set, and has to be one of them', () => {
    const { DATABASE_URL } = worker;
    expect(urlIn({ DATABASE_URL, PGHOST, PGUSER: 'u' })).toBe(DATABASE_URL);
    expect(faultsOf(() => urlIn({}))).toEqual(['DATABASE_URL: missing, and so is PGHOST']);
    expect(faultsOf(() => urlIn({ PGHOST }))).toEqual(['PGUSER: missing']);
  });

  test.each([
    ['postgres://u:p/w@db/ledger', '`/`, to be written as `%2F`'],
    ['postgres://u:p#w@db/ledger', '`#`, to be written as `%23`'],
    ['postgres://u:p?w@db/ledger', '`?`, to be written as `%3F`'],
    ['postgres://u:p@w@db/ledger', '`@`, to be written as `%40`'],
    ['postgres://u:50%w@db/ledger', '`%`, to be written as `%25`'],
    ['postgres://u:p w@db/ledger', 'white space, to be written as `%20`'],
  ])('%s is refused with the character of its password that has to be encoded', (DATABASE_URL, says) => {
    const [fault = ''] = faultsOf(() => urlIn({ DATABASE_URL }));
    expect(fault).toContain(`DATABASE_URL: its password has ${says}; or set PGHOST`);
    expect(fault).not.toContain('p/w');
  });
});

describe('the address of Slack’s SCIM API', () => {
  test.each([
    [undefined, 'https://api.slack.com/scim/v2'],
    ['https://slack.com/api', 'https://api.slack.com/scim/v2'],
    ['https://www.slack.com/api/', 'https://api.slack.com/scim/v2'],
    ['https://slack-gov.com/api/', 'https://api.slack-gov.com/scim/v2'],
    ['http://127.0.0.1:3002/slack/api', 'http://127.0.0.1:3002/slack/scim/v2'],
    ['https://proxy.example.com/', 'https://proxy.example.com/scim/v2'],
  ])('of %s is %s', (url, scimUrl) => {
    const { slack } = workerSettings({ ...worker, SLACK_BOT_TOKEN: 't', SLACK_API_URL: url }).connectors;
    expect(slack?.().scimUrl).toBe(scimUrl);
  });
});

describe('readConfig', () => {
  test('an empty file is all defaults', () => {
    expect(readConfigFile(file(''))).toEqual(readConfigFile(undefined));
  });

  test('names the path of each fault', () => {
    const config = file('quiz: { slaWorkingDays: soon }\nadministrators: [nobody]\nunknown: 1');
    const faults = faultsOf(() => readConfigFile(config)).join('\n');
    expect(faults).toContain('quiz.slaWorkingDays');
    expect(faults).toContain('administrators.0');
    expect(faults).toContain('unknown');
  });
});
