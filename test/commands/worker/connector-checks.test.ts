import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createChecks } from '../../../activities';
import { checkConnectors } from '../../../src/commands/worker/connector-checks';
import { openPool } from '../../../src/ledger/pool';
import { workerSettings } from '../../../src/settings';
import { start, stateOf, stopAll } from '../../stand-ins/running';
import type { StandIns } from '../../../src/stand-ins/server';
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
});

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
  await checkConnectors(createChecks(workerSettings(env), pool), { env, log, limitMs });
  return said;
}

describe('checkConnectors', () => {
  test('says of each system that it answers, and writes nothing', async () => {
    await expect(check()).resolves.toEqual({
      identity: 'info: identity answers',
      mail: 'info: mail answers',
      archive: 'info: archive answers',
    });
    const { calls } = await stateOf(standIns);
    expect(calls.map(({ method }) => method)).toEqual(['GET']);
    expect(smtp.accepted).toEqual([]);
  });

  test('names each wrong credential, with the settings that hold it and no value', async () => {
    smtp.meet = (stage) => (stage === 'AUTH' ? { reply: '535 not robot' } : undefined);
    const said = await check({ SCIM_TOKEN: 'a-revoked-token' });
    expect(said).toEqual({
      identity:
        'error: identity answered 401: its credentials were refused. ' +
        'Mend SCIM_URL or SCIM_TOKEN. Its steps park until then; all others go on',
      mail:
        'error: mail answered 535: its credentials were refused. ' +
        'Mend SMTP_URL or MAIL_FROM. Its steps park until then; all others go on',
      archive: 'info: archive answers',
    });
    for (const secret of ['revoked', 'robot', 'password']) expect(JSON.stringify(said)).not.toContain(secret);
  });

  test('names what is not there', async () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    const said = await check({
      SCIM_URL: 'http://127.0.0.1:1/scim',
      SMTP_URL: 'smtp://127.0.0.1:1',
      ARCHIVE_URL: pathToFileURL(join(file, 'x')).href,
    });
    expect(said).toEqual({
      identity:
        'error: identity did not answer. Is it up, and is what SCIM_URL, SCIM_TOKEN say right? ' +
        'Its steps are tried again until it answers',
      mail: expect.stringMatching(/^error: mail did not take the letter\. Is it up/) as string,
      archive: expect.stringMatching(/^error: archive could not write\. Is it up/) as string,
    });
  });

  test('names a page where the system should be', async () => {
    await expect(check({ SCIM_URL: standIns.url })).resolves.toMatchObject({
      identity: expect.stringMatching(/^error: identity answered \d+.*Mend SCIM_URL or SCIM_TOKEN/) as string,
    });
  });

  test('waits for no system that hangs', async () => {
    smtp.meet = () => 'hang';
    await expect(check({}, 200)).resolves.toMatchObject({
      identity: 'info: identity answers',
      mail: expect.stringMatching(/^error: mail did not answer\./) as string,
    });
  });
});
