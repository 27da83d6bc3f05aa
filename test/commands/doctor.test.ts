import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { buildId } from '../../src/commands/build-id';
import { examineAll, runDoctor } from '../../src/commands/doctor';
import { connectNow, ensureHousekeeping, ensureNamespace, prepareNamespace, type Connected } from '../../src/temporal';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { silentLog, temporalAddress } from '../temporal/fixture';

const namespace = `doctor-${randomUUID()}`;
let ledger: LedgerFixture;
let temporal: Connected;
let receiver: Server;
let place: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'doctor-'));
  receiver = createServer((_request, response) => {
    response.end(JSON.stringify({ ready: true, temporal: 'ok', spool: null, warnings: [] }));
  }).listen(0, '127.0.0.1');
  const env = { TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: namespace };
  [ledger, temporal] = await Promise.all([openLedger(), connectNow({ log: silentLog, env })]);
  await ensureNamespace(temporal.connection, namespace, 8);
  await prepareNamespace(temporal.connection, namespace, 'report');
  await ensureHousekeeping(new Client({ connection: temporal.connection, namespace }), 'acme');
});
afterAll(async () => {
  receiver.close();
  await temporal.close();
  await ledger.stop();
  rmSync(place, { recursive: true });
});

function environment(changes: Record<string, string> = {}): Record<string, string> {
  return {
    MINDTICKLE_COMPANY_ID: 'acme',
    MINDTICKLE_WEBHOOK_SECRET: 'c2VjcmV0-of-the-tests-0123456789',
    OPS_TOKENS: 'ada:operator:0123456789abcdef01234567',
    DATABASE_URL: ledger.settings.url,
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: namespace,
    DATA_DIR: place,
    PORT: String((receiver.address() as AddressInfo).port),
    ...changes,
  };
}

async function said(env: Record<string, string>): Promise<Record<string, string>> {
  const found = await examineAll({ receiver: env, worker: env, ops: env });
  return Object.fromEntries(found.map(({ name, status, detail }) => [name, `${status}: ${detail}`]));
}

describe('mt doctor', () => {
  test('is ok in each line where all is right', async () => {
    const worker = await Worker.create({
      connection: temporal.connection,
      namespace,
      taskQueue: 'mindtickle',
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- Only its name: nothing is versioned by it.
      buildId: buildId(),
      workflowBundle: { codePath: String(process.env['TEST_WORKFLOW_BUNDLE']) },
    });
    const lines = await worker.runUntil(async () => {
      // Temporal knows of a poller once it has polled.
      for (;;) {
        const found = await said(environment());
        if (found['Worker']?.startsWith('ok') === true) return found;
      }
    });
    // The disk of the tests may be a busy one.
    expect(Object.entries({ ...lines, 'Spool flush': 'ok' }).filter(([, line]) => !line.startsWith('ok'))).toEqual([]);
    expect(Object.keys(lines)).toEqual([
      'Settings',
      'Secrets',
      'Clock',
      'Temporal',
      'Namespace',
      'Search attributes',
      'Housekeeping',
      'Worker',
      'Ledger',
      'Ledger tables',
      'Ledger rights',
      'Spool',
      'Spool space',
      'Spool flush',
      'Receiver',
      'Deliveries',
      'Webhook',
      ...['identity', 'mail', 'archive', 'salesforce', 'slack', 'xapi'].map((system) => `Connector ${system}`),
    ]);
  });

  test('names what is away, and still checks the rest', async () => {
    const away = { TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_URL: 'postgres://u:a-password@127.0.0.1:1/x' };
    const lines = await said(environment(away));
    expect(lines).toMatchObject({
      Settings: expect.stringMatching(/^ok/) as string,
      Temporal: expect.stringMatching(
        /^fail: Temporal at 127\.0\.0\.1:1 cannot be reached \(TEMPORAL_ADDRESS\)/,
      ) as string,
      Ledger: expect.stringMatching(/^fail: Connect ECONNREFUSED/) as string,
      Receiver: expect.stringMatching(/^ok/) as string,
    });
    expect(JSON.stringify(lines)).not.toContain('a-password');
  });

  test('prints one JSON document for one process, and returns 1 when something fails', async () => {
    const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const kept = process.env;
    process.env = environment({ MINDTICKLE_COMPANY_ID: '' });
    try {
      await expect(runDoctor({ only: 'receiver', dataDir: place, json: true })).resolves.toBe(1);
      const answer = JSON.parse(String(printed.mock.calls[0]?.[0])) as { checks: { name: string }[] };
      expect(answer).toMatchObject({ ok: false, of: 'environment', counts: { ok: expect.any(Number) as number } });
      expect(answer.checks[0]).toMatchObject({ name: 'Setting MINDTICKLE_COMPANY_ID', status: 'fail' });
      expect(answer.checks.some(({ name }) => name.startsWith('Connector'))).toBe(false);
    } finally {
      process.env = kept;
      printed.mockRestore();
    }
  });
});
