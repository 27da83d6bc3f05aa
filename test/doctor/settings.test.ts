import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineNames, examineSecrets, examineSettings } from '../../src/doctor';
import { opsProcessSettings, readSecretSettings, receiverSettings, workerSettings } from '../../src/settings';

const place = mkdtempSync(join(tmpdir(), 'doctor-'));
afterAll(() => rmSync(place, { recursive: true }));

const SECRET = 'c2VjcmV0-of-the-tests-0123456789';
const right = {
  MINDTICKLE_WEBHOOK_SECRET: SECRET,
  MINDTICKLE_COMPANY_ID: 'acme',
  DATABASE_URL: 'postgres://ledger:a-password@127.0.0.1/ledger',
  OPS_TOKENS: 'ada:operator:0123456789abcdef01234567',
};

function fileOf(text: string): string {
  const path = join(place, `${Math.random()}`);
  writeFileSync(path, text);
  return path;
}

/** What the doctor says of the settings, a line each. */
function said(changes: Record<string, string>): string[] {
  const env = { ...right, ...changes };
  const findings = [
    ...examineSettings([
      { process: 'the receiver', read: () => receiverSettings(env) },
      { process: 'the worker', read: () => workerSettings(env) },
      { process: 'the operations', read: () => opsProcessSettings(env) },
    ]),
    ...examineNames(env),
    ...examineSecrets(readSecretSettings(env)),
  ];
  return findings.map(({ status, name, detail, fix }) => `${status} ${name}: ${detail} ${fix ?? ''}`.trim());
}

const faults = (changes: Record<string, string>): string[] => said(changes).filter((line) => !line.startsWith('ok '));

describe('the settings', () => {
  test('that are right are said to be complete', () => {
    expect(said({})).toEqual([
      'ok Settings: Complete for the receiver, the worker, the operations.',
      'ok Secrets: 2 set: their lengths and characters are plausible.',
    ]);
  });

  test('that lack the signing secret say where it is found', () => {
    expect(faults({ MINDTICKLE_WEBHOOK_SECRET: '' })).toEqual([
      'fail Setting MINDTICKLE_WEBHOOK_SECRET: Missing. Copy the signing secret from MindTickle (Admin > Integrations) ' +
        'into it, or into the file that MINDTICKLE_WEBHOOK_SECRET_FILE names.',
    ]);
  });

  test('that lack the company are named once, although all processes need it', () => {
    expect(faults({ MINDTICKLE_COMPANY_ID: '' })).toEqual([
      'fail Setting MINDTICKLE_COMPANY_ID: Missing. Set it to the `companyId` of your deliveries, exactly as MindTickle writes it.',
    ]);
  });

  test('that lack the ledger say how it is named', () => {
    expect(faults({ DATABASE_URL: '' })[0]).toMatch(
      /^fail Setting DATABASE_URL: Missing, and so is PGHOST\. Set it to postgres:/,
    );
  });

  test('with a password that ends the URL are named without it', () => {
    const [line = ''] = faults({ DATABASE_URL: 'postgres://ledger:pass/word#1@db/ledger' });
    expect(line).toMatch(/^fail Setting DATABASE_URL: Its password has `\/`, `#`, to be written as `%2F`, `%23`/);
    expect(line).not.toContain('pass/word');
  });

  test('with a port that is none are named with the value', () => {
    expect(faults({ PORT: 'web' })).toEqual([
      'fail Setting PORT: "web" is not a port (0–65535). ' +
        'Correct it where the process gets its environment; docs/configuration.md says what it may be.',
    ]);
  });

  test('with a token of the operations that is too short say how one is made', () => {
    expect(faults({ OPS_TOKENS: 'ada:operator:short' })[0]).toMatch(
      /^fail Setting OPS_TOKENS: Not `name:role:token` .*`openssl rand -hex 32` makes a token\.$/,
    );
  });

  test('with half a connector name the other half', () => {
    expect(faults({ OKTA_ORG_URL: 'https://acme.okta.com' })[0]).toMatch(
      /^fail Setting OKTA_API_TOKEN: Missing, while OKTA_ORG_URL is set\./,
    );
  });

  test('with an unknown key in the config file name its line and what was meant', () => {
    const [line = ''] = faults({ MINDTICKLE_CONFIG: fileOf('offboarding: { limitPerHours: 5 }\n') });
    expect(line).toMatch(/^fail Config file: .*offboarding: unknown key limitPerHours: did you mean limitPerHour\?/);
    expect(line).toContain('docs/policy.example.yaml has every key');
  });

  test('with a file that is not there name the setting', () => {
    expect(faults({ MINDTICKLE_WEBHOOK_SECRET: '', MINDTICKLE_WEBHOOK_SECRET_FILE: join(place, 'none') })[0]).toBe(
      'fail Setting MINDTICKLE_WEBHOOK_SECRET_FILE: The file cannot be read. ' +
        'Let the user of this process read the file, and have it hold the value alone.',
    );
  });

  test('with NAME=value in a file say so', () => {
    const path = fileOf(`MINDTICKLE_WEBHOOK_SECRET=${SECRET}\n`);
    const [line = ''] = faults({ MINDTICKLE_WEBHOOK_SECRET: '', MINDTICKLE_WEBHOOK_SECRET_FILE: path });
    expect(line).toMatch(/^fail Setting MINDTICKLE_WEBHOOK_SECRET_FILE: Line 1 of the file is NAME=value/);
    expect(line).not.toContain(SECRET);
  });

  test('that are set twice say which wins', () => {
    expect(faults({ MINDTICKLE_WEBHOOK_SECRET_FILE: fileOf(SECRET) })).toEqual([
      'warn Setting MINDTICKLE_WEBHOOK_SECRET: MINDTICKLE_WEBHOOK_SECRET_FILE is set too, and wins. Unset one of them.',
    ]);
  });

  test('with a misspelt name ask what was meant, and leave those of others alone', () => {
    const others = { SLACK_SERVICE_HOST: '10.0.0.1', OPS_PORT_3001_TCP: 'tcp://10.0.0.1:3001', PATH: '/bin' };
    expect(faults({ SPOOL_MAX_BYTE: '1000000', ...others })).toEqual([
      'warn Setting SPOOL_MAX_BYTE: There is no setting of this name. Did you mean SPOOL_MAX_BYTES?',
    ]);
  });
});

describe('a secret', () => {
  test.each([
    [
      'a comment',
      '# the secret of the webhook',
      'fail',
      'It is a comment that was taken for the value. Write the value',
    ],
    [
      'with a comment behind it',
      `${SECRET} # rotated`,
      'fail',
      'A comment behind the value is taken for a part of it.',
    ],
    ['NAME=value', `MINDTICKLE_WEBHOOK_SECRET=${SECRET}`, 'fail', 'It is NAME=value, and the name is taken for a part'],
    ['in quotes', `"${SECRET}"`, 'fail', 'It is in quotes, which are taken for a part of it. Remove the quotes'],
    ['a placeholder', '<your-signing-secret>', 'fail', 'It is a placeholder, not a secret. Set the real value.'],
    [
      'with white space within',
      `${SECRET} ${SECRET}`,
      'fail',
      'It has white space within. Copy it again, in one piece.',
    ],
    ['with an unseen character', `${SECRET}\u200B`, 'fail', 'It has a character that is not ASCII, perhaps one that'],
    [
      'that is short',
      'a-short-one',
      'warn',
      'It has fewer than 24 characters and could be guessed. Have MindTickle make',
    ],
  ])('%s is named with what to do, and never shown', (_what, value, status, sentence) => {
    const [line = '', ...more] = faults({ MINDTICKLE_WEBHOOK_SECRET: value });
    expect(more).toEqual([]);
    expect(line).toContain(`${status} Setting MINDTICKLE_WEBHOOK_SECRET: ${sentence}`);
    for (const part of [SECRET, 'of the webhook', 'a-short-one', 'your-signing']) expect(line).not.toContain(part);
  });

  test('among several is named by its place', () => {
    expect(faults({ MINDTICKLE_WEBHOOK_SECRET: `${SECRET},short` })[0]).toContain('could be guessed (the 2. of 2).');
  });

  test('that is used twice is named at the second place', () => {
    const shared = { XAPI_URL: 'https://lrs.example.com', XAPI_KEY: 'key', XAPI_SECRET: SECRET };
    expect(faults(shared)).toEqual([
      'warn Setting XAPI_SECRET: It is the same as MINDTICKLE_WEBHOOK_SECRET. Give each a secret of its own.',
    ]);
  });

  test('as a private key has several lines', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`;
    expect(examineSecrets([{ name: 'SALESFORCE_PRIVATE_KEY', values: [key] }])).toMatchObject([{ status: 'ok' }]);
  });
});
