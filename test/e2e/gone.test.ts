import { Worker } from '@temporalio/worker';
import { createOwnActivities } from '../../activities';
import { openPool, recordEvent } from '../../src/ledger';
import { readConfigFile, type WorkerSettings } from '../../src/settings';
import { type Connected, createIsRunning } from '../../src/temporal';
import { deprovisioned, expired, request } from '../ledger/events';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { openNamespace } from '../temporal/fixture';

/** Temporal, the ledger, and a worker that keeps house between them. */
let temporal: Connected;
let ledger: LedgerFixture;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  ledger = await openLedger();
  temporal = await openNamespace();
  stopWorker = await startWorker();
}, 120_000);

afterAll(async () => {
  await stopWorker();
  await temporal.close();
  await ledger.stop();
});

async function startWorker(): Promise<() => Promise<void>> {
  const settings: WorkerSettings = {
    companyId: 'acme',
    databaseUrl: ledger.settings.url,
    connectors: { identity: undefined, mail: undefined, archive: undefined },
    policy: readConfigFile(undefined).policy,
    modes: { identity: 'off', mail: 'off', archive: 'off' },
    receiptDays: 90,
    windowBackMs: 28_800_000,
    windowAheadMs: 300_000,
    logLevel: 'error',
  };
  const pool = openPool(ledger.settings);
  const { connection, namespace, client } = temporal;
  const read = () => ({ refused: 'nothing is read here' });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: 'mindtickle',
    workflowBundle: { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' },
    activities: createOwnActivities(settings, pool, read, createIsRunning(client)),
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
    await pool.end();
  };
}

/** A recertification that waits, recorded two days ago; on a queue that nobody polls, so that it stays as it is. */
async function waits(eventId: string) {
  await recordEvent(ledger.pool, request(eventId, expired('u1')));
  return temporal.client.workflow.start('recertification', { workflowId: eventId, taskQueue: 'nobody polls' });
}

describe('housekeeping', () => {
  test('closes the case of a workflow that was terminated or deleted, and no other', async () => {
    await waits('runs');
    await (await waits('terminated')).terminate('by hand');
    await (await waits('deleted')).terminate('by hand');
    await temporal.connection.workflowService.deleteWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: 'deleted' },
    });
    await ledger.pool.query(`update receipts set recorded_at = recorded_at - interval '2 days'`);
    await ledger.pool.query(`update open_workflows set opened_at = opened_at - interval '2 days'`);

    const result: unknown = await temporal.client.workflow.execute('housekeeping', {
      workflowId: 'housekeeping:acme-1',
      taskQueue: 'mindtickle',
    });
    expect(result).toMatchObject({ outcome: 'done', quiet: { asked: 3, closed: 2 } });
    const { rows } = await ledger.pool.query('select event_id, outcome from receipts order by event_id');
    expect(rows).toEqual([
      { event_id: 'deleted', outcome: 'gone' },
      { event_id: 'runs', outcome: null },
      { event_id: 'terminated', outcome: 'gone' },
    ]);
    const left = await recordEvent(ledger.pool, request('leave', deprovisioned('u1')));
    expect(left).toMatchObject({ settles: [{ workflowId: 'runs' }] });
  });
});
