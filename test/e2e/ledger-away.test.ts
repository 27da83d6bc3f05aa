import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { DAY, isoTime } from '../../src/domain';
import { createRereader } from '../../src/receiver/verify/parse';
import { startDevServer, type DevServer } from '../../src/dev/temporal/dev-server';
import { cancelSignal } from '../../workflows/messages';
import { freePort } from '../free-port';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { quieten } from '../quieten';
import { openTcpProxy, type TcpProxy } from '../tcp-proxy';
import { newDataDir, removeDataDir, untilState } from './stack';
import { startWorker } from './worker';

const WAITING = 200;

const directory = newDataDir();
let temporal: DevServer;
let ledger: LedgerFixture;
let proxy: TcpProxy;
let connection: NativeConnection;
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
  client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  connection = await NativeConnection.connect({ address: temporal.address });
  const reread = createRereader({ companyId: 'acme' });
  stopWorker = await startWorker({ connection, ledger: { ...ledger.settings, url: url.href }, reread });
}, 240_000);

afterAll(async () => {
  await stopWorker();
  await connection.close();
  await client.connection.close();
  await proxy.close();
  await ledger.stop();
  await temporal.stop();
  removeDataDir(directory);
});

async function start(type: string, workflowId: string, data: object): Promise<void> {
  const at = isoTime(Date.now());
  const delivery = {
    eventId: workflowId,
    event: type,
    signedAt: at,
    receivedAt: at,
    signatureDigest: workflowId,
    bodyDigest: 'b',
    data,
  };
  const args = [delivery, { event: type, data, companyId: 'acme' }];
  await client.workflow.start(type, { taskQueue: 'mindtickle', workflowId, args });
}

test(`with the ledger away and ${WAITING} workflows waiting for it, another accepts a cancellation, and all go on when it is back`, async () => {
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
}, 240_000);

async function untilPending(workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  for (;;) {
    const { raw } = await handle.describe();
    if ((raw.pendingActivities?.length ?? 0) > 0) return;
  }
}
