import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createConnectors, createOwnActivities } from '../../activities';
import { DAY, isoTime } from '../../src/domain';
import { openPool } from '../../src/ledger';
import { createRereader } from '../../src/receiver/verify/parse';
import { readConfigFile, type WorkerSettings } from '../../src/settings';
import { startDevServer, type DevServer } from '../../src/dev/temporal/dev-server';
import { cancelSignal } from '../../workflows/messages';
import { freePort } from '../free-port';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { openTcpProxy, type TcpProxy } from '../tcp-proxy';
import { quieten } from '../workflows/world';
import { newDataDir, removeDataDir, untilState } from './stack';

const WAITING = 200;

const directory = newDataDir();
let temporal: DevServer;
let ledger: LedgerFixture;
let proxy: TcpProxy;
let databaseUrl: string;
let client: Client;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  quieten();
  const cliPath = process.env['TEMPORAL_CLI_PATH'] ?? 'temporal';
  temporal = await startDevServer({ cliPath, dbFile: join(directory, 'temporal.db'), port: await freePort() });
  ledger = await openLedger();
  const url = new URL(ledger.settings.url);
  proxy = await openTcpProxy(url.host);
  url.host = proxy.address;
  databaseUrl = url.href;
  client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  stopWorker = await startWorker();
}, 120_000);

afterAll(async () => {
  await stopWorker();
  await client.connection.close();
  await proxy.close();
  await ledger.stop();
  await temporal.stop();
  removeDataDir(directory);
});

/** The real worker's parts, with nothing but a ledger to write to. */
async function startWorker(): Promise<() => Promise<void>> {
  const settings: WorkerSettings = {
    companyId: 'acme',
    databaseUrl,
    connectors: { identity: undefined, mail: undefined, archive: undefined },
    policy: readConfigFile(undefined).policy,
    modes: { identity: 'off', mail: 'off', archive: 'off' },
    receiptDays: 90,
    windowBackMs: 28_800_000,
    windowAheadMs: 300_000,
    logLevel: 'error',
  };
  const pool = openPool({ ...ledger.settings, url: databaseUrl });
  expect(createConnectors(settings, pool)).toEqual({});
  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue: 'mindtickle',
    workflowBundle: { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' },
    activities: createOwnActivities(settings, pool, createRereader('acme'), () => Promise.resolve('unknown')),
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await pool.end();
  };
}

async function start(type: string, workflowId: string, data: object): Promise<void> {
  const at = isoTime(Date.now());
  const delivery = {
    eventId: workflowId,
    event: type,
    signedAt: at,
    receivedAt: at,
    signatureDigest: workflowId,
    bodyDigest: 'b',
  };
  const args = [delivery, { event: type, data, companyId: 'acme' }];
  await client.workflow.start(type, { taskQueue: 'mindtickle', workflowId, args });
}

test(`with the ledger away and ${WAITING} workflows waiting for it, a cancel of another is taken, and all go on when it is back`, async () => {
  const now = Date.now();
  const certificate = {
    userId: 'u1',
    certName: 'Sales',
    expiredAt: isoTime(now - DAY),
    renewalDeadline: isoTime(now + 60 * DAY),
  };
  await start('recertification', 'recertified-1', certificate);
  const recertification = client.workflow.getHandle('recertified-1');
  await untilState(recertification, ({ phase }) => phase === 'waiting' || phase === 'parked');

  await proxy.set('cut');
  const ids = Array.from({ length: WAITING }, (_, index) => `progress-${index}`);
  for (const id of ids)
    await start('moduleProgress', id, { userId: id, moduleId: 'm', moduleName: 'M', progressPct: 1, timeSpentSec: 1 });
  // Each has tried the local step, and waits with the normal one.
  for (const id of ids.slice(-3)) await untilPending(id);
  const sent = performance.now();
  await recertification.signal(cancelSignal, { reason: 'a mistake', by: 'ada' });
  const state = await untilState(recertification, ({ history }) => history.some(({ what }) => what === 'cancel'));
  const tookMs = performance.now() - sent;
  expect(state.outcome).toBeNull();
  // The bound is a promise to the operator; the machine's own slowness is not what is tested.
  expect(tookMs).toBeLessThan(2000);

  await proxy.set('open');
  await expect(recertification.result()).resolves.toEqual({ outcome: 'cancelled' });
  const results = await Promise.all(ids.map((id) => client.workflow.getHandle(id).result()));
  expect(results).toEqual(ids.map(() => ({ outcome: 'done' })));
}, 150_000);

async function untilPending(workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  for (;;) {
    const { raw } = await handle.describe();
    if ((raw.pendingActivities?.length ?? 0) > 0) return;
  }
}
