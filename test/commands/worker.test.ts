import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { connectorOptions, ownOptions, runWorker } from '../../src/commands/worker';
import { SettingsError } from '../../src/settings';
import type { Connected } from '../../src/temporal';
import { scriptSmtp } from '../activities/scripted-smtp';
import { openNamespace, temporalAddress } from '../temporal/fixture';
import { start, stopAll } from '../dev/stand-ins/running';

let temporal: Connected;
let place: string;
beforeAll(async () => {
  temporal = await openNamespace();
  place = mkdtempSync(join(tmpdir(), 'worker-'));
});
afterAll(async () => {
  await temporal.close();
  rmSync(place, { recursive: true });
});

/** With a window of so many seconds back; the namespace keeps a day. */
function settings(windowBackSeconds: number, others: Record<string, string> = {}) {
  const path = join(place, 'config.yaml');
  writeFileSync(path, `delivery: { windowBackSeconds: ${windowBackSeconds} }`);
  return {
    MINDTICKLE_COMPANY_ID: 'acme',
    MINDTICKLE_CONFIG: path,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'error',
    ...others,
  };
}

describe('runWorker', () => {
  test('refuses to start when the ledger forgets before a delivery can no longer be sent again', async () => {
    const refused = runWorker(settings(30_000, { RECEIPT_DAYS: '0.3', TEMPORAL_ADDRESS: '127.0.0.1:1' }));
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(/^delivery\.windowBackSeconds: .* or set RECEIPT_DAYS to 0\.36 or more$/);
  });

  test('refuses to start when the namespace does, with the command that closes the hole', async () => {
    const refused = runWorker(settings(100_000));
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(
      `run \`temporal operator namespace update --retention 2d -n ${temporal.namespace}\`, or set ` +
        'delivery.windowBackSeconds to 86100 or less',
    );
  });
});

describe('a worker whose credentials are all wrong', () => {
  test('names each system, and goes on until it is told to stop', async () => {
    const [standIns, smtp] = await Promise.all([start(), scriptSmtp()]);
    smtp.meet = (stage) => (stage === 'AUTH' ? { reply: '535 no' } : undefined);
    const { url } = standIns;
    const env = settings(80_000, {
      LOG_LEVEL: 'info',
      SCIM_URL: `${url}/identity/scim/v2`,
      SCIM_TOKEN: 'wrong',
      SMTP_URL: `smtp://robot:wrong@${smtp.host}`,
      MAIL_FROM: 'desk@example.com',
      ARCHIVE_URL: pathToFileURL(join(place, 'archive')).href,
      SALESFORCE_LOGIN_URL: `${url}/salesforce`,
      SALESFORCE_CLIENT_ID: 'mindtickle',
      SALESFORCE_CLIENT_SECRET: 'wrong',
      SLACK_API_URL: `${url}/slack/api`,
      SLACK_BOT_TOKEN: 'wrong',
      XAPI_URL: `${url}/xapi`,
      XAPI_KEY: 'mindtickle',
      XAPI_SECRET: 'wrong',
    });
    const program = "require('./src/commands/worker').runWorker(process.env)";
    const child = spawn(process.execPath, ['-r', './test/run-typescript.cjs', '-e', program], {
      cwd: resolve(__dirname, '../..'),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    const lines: string[] = [];
    const refused = new Set<string>();
    try {
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream }).on('line', (line) => {
          lines.push(line);
          const [, system = ''] = /"(\w+): [^"]*: its credentials were refused/.exec(line) ?? [];
          if (system !== '') refused.add(system);
          const hasAll = refused.size === 5 && lines.some((each) => each.includes('archive answers'));
          // A second signal ends it at once.
          if (hasAll && !child.killed) child.kill('SIGTERM');
        });
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      await Promise.all([stopAll(), smtp.stop()]);
    }
    expect([...refused].sort()).toEqual(['identity', 'mail', 'salesforce', 'slack', 'xapi']);
    expect(lines.join('\n')).not.toContain('wrong');
  });
});

describe('ownOptions', () => {
  test('a worker keeps only as many workflows as 400 MB have room for, however many wait', () => {
    const { maxCachedWorkflows = Infinity } = ownOptions({}, true);
    const [atRest, eachWorkflow] = [260, 0.3];
    expect(atRest + maxCachedWorkflows * eachWorkflow).toBeLessThan(400);
    // Fewer than run at once would be replayed with every step.
    expect(maxCachedWorkflows).toBeGreaterThan(100);
  });
});

describe('connectorOptions', () => {
  const activities = {};

  test('a connector has a task queue and slots of its own', () => {
    expect(connectorOptions('mail', activities)).toEqual({
      taskQueue: 'mindtickle-mail',
      activities,
      maxConcurrentActivityTaskExecutions: 20,
    });
  });

  test('the rate is of the task queue, for all workers together', () => {
    const limits = { mail: { perSecond: 2.5, slots: 3 }, identity: { perSecond: 9 } };
    expect(connectorOptions('mail', activities, limits)).toMatchObject({
      maxConcurrentActivityTaskExecutions: 3,
      maxTaskQueueActivitiesPerSecond: 2.5,
    });
  });
});
