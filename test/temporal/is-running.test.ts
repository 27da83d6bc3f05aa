import { randomUUID } from 'node:crypto';
import { connectNow, type Connected, createEndingOf, createIsRunning } from '../../src/temporal';
import { openNamespace, openTemporalProxy, silentLog } from './fixture';

let temporal: Connected;
beforeAll(async () => {
  temporal = await openNamespace();
});
afterAll(() => temporal.close());

/** Nobody works on it: it runs until it is ended. */
const start = (workflowId: string = randomUUID()) =>
  temporal.client.workflow.start('anything', { workflowId, taskQueue: 'nobody polls' });

describe('createIsRunning', () => {
  test('a workflow that waits for a worker runs', async () => {
    const { workflowId } = await start();
    await expect(createIsRunning(temporal.client)(workflowId)).resolves.toBe(true);
  });

  test('one that was terminated does not, nor one that was deleted, nor one that never was', async () => {
    const isRunning = createIsRunning(temporal.client);
    const handle = await start();
    await handle.terminate('a test');
    await expect(isRunning(handle.workflowId)).resolves.toBe(false);
    await temporal.connection.workflowService.deleteWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: handle.workflowId },
    });
    await expect(isRunning(handle.workflowId)).resolves.toBe(false);
    await expect(isRunning(randomUUID())).resolves.toBe(false);
  });

  test('its latest run is what counts', async () => {
    const handle = await start();
    await handle.terminate('a test');
    await start(handle.workflowId);
    await expect(createIsRunning(temporal.client)(handle.workflowId)).resolves.toBe(true);
  });

  test('a namespace that is not there says nothing of any workflow', async () => {
    const env = { TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'], TEMPORAL_NAMESPACE: randomUUID() };
    const elsewhere = await connectNow({ log: silentLog, env });
    await expect(createIsRunning(elsewhere.client)('w')).resolves.toBe('unknown');
    await elsewhere.close();
  });

  test('a Temporal that is away says nothing', async () => {
    const proxy = await openTemporalProxy();
    const env = { TEMPORAL_ADDRESS: proxy.address, TEMPORAL_NAMESPACE: temporal.namespace };
    const connected = await connectNow({ log: silentLog, env });
    await proxy.set('cut');
    await expect(createIsRunning(connected.client)('w')).resolves.toBe('unknown');
    await connected.close();
    await proxy.close();
  });
});

describe('createEndingOf', () => {
  test('says by whose hand a workflow was ended, and why', async () => {
    const handle = await start();
    const endingOf = createEndingOf(temporal.client);
    await expect(endingOf(handle.workflowId)).resolves.toBeNull();
    await handle.terminate('sent twice');
    const by = temporal.client.options.identity;
    await expect(endingOf(handle.workflowId)).resolves.toEqual({ how: 'terminated', by, reason: 'sent twice' });
    await start(handle.workflowId);
    await expect(endingOf(handle.workflowId)).resolves.toBeNull();
  });

  test('says of one that was out of time that it was, and nothing of one that never was', async () => {
    const endingOf = createEndingOf(temporal.client);
    const options = { workflowId: randomUUID(), taskQueue: 'nobody polls', workflowExecutionTimeout: '1 second' };
    const { workflowId } = await temporal.client.workflow.start('anything', options);
    await temporal.client.workflow.result(workflowId).catch(() => undefined);
    await expect(endingOf(workflowId)).resolves.toEqual({ how: 'timed out', by: null, reason: null });
    await expect(endingOf(randomUUID())).resolves.toBeNull();
  });
});
