import { recordEvent } from '../../src/ledger';
import { type Connected, createEndingOf, createIsRunning } from '../../src/temporal';
import { deprovisioned, expired, request } from '../ledger/events';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { openNamespace } from '../temporal/fixture';
import { startWorker } from './worker';

/** Temporal, the ledger, and a worker that keeps house between them. */
let temporal: Connected;
let ledger: LedgerFixture;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  ledger = await openLedger();
  temporal = await openNamespace();
  stopWorker = await startWorker({
    ...temporal,
    ledger: ledger.settings,
    reread: () => ({ refused: 'nothing is read here' }),
    status: { isRunning: createIsRunning(temporal.client), endingOf: createEndingOf(temporal.client) },
  });
}, 240_000);

afterAll(async () => {
  await stopWorker();
  await temporal.close();
  await ledger.stop();
});

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
