import { dirname } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Stack } from './stack';
import { SECRET } from './deliveries';
import { versionIn, type System, type Variant } from './variant';

export const naive: Variant = {
  name: 'naive Temporal',
  description: 'Express starts a workflow of two local activities that do nothing; the same Temporal, no ledger',
  acknowledges: true,
  start: (stack) => startTemporal(stack, 'naive'),
};

export const empty: Variant = {
  name: 'empty workflow',
  description: 'the same with a workflow that returns at once: the least that Temporal can be asked',
  acknowledges: false,
  start: (stack) => startTemporal(stack, 'empty'),
};

async function startTemporal(stack: Stack, workflow: 'naive' | 'empty'): Promise<System> {
  const { client, temporal, startServer } = stack;
  const env = { TEMPORAL_ADDRESS: temporal.address, SECRET, WORKFLOW: workflow };
  const worker = await workerOf(stack, env);
  const server = await startServer('temporal.mjs', env);
  return {
    url: () => server.url,
    pids: () => ({ server: server.pid, worker: worker.pid, temporal: temporal.pid }),
    completed: () => countCompleted(client, workflow),
    historyLength: () => lengthOfHistories(client, workflow),
    versions: { '@temporalio/client': versionIn(dirname(require.resolve('@temporalio/client/package.json'))) },
  };
}

const workers = new WeakMap<Stack, Promise<{ readonly pid: number }>>();

/** Both have one worker: with two, each would poll in the other's window. */
function workerOf(stack: Stack, env: NodeJS.ProcessEnv): Promise<{ readonly pid: number }> {
  const worker = workers.get(stack) ?? stack.startServer('temporal-worker.mjs', env);
  workers.set(stack, worker);
  return worker;
}

export async function countCompleted(client: Client, workflowType: string): Promise<number> {
  return (await client.workflow.count(`WorkflowType = '${workflowType}' AND ExecutionStatus = 'Completed'`)).count;
}

const SAMPLE = 50;

/** Events of history of the newest ones, on average. */
export async function lengthOfHistories(client: Client, workflowType: string): Promise<number> {
  const query = `WorkflowType = '${workflowType}' AND ExecutionStatus = 'Completed'`;
  const lengths: number[] = [];
  for await (const { historyLength } of client.workflow.list({ query, pageSize: SAMPLE })) {
    lengths.push(historyLength);
    if (lengths.length >= SAMPLE) break;
  }
  return lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
}
