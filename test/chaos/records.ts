import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { HeldWorkflow } from './checker';
import { effectsIn, type StandInsClient } from './stand-ins';

const ASKED_AT_ONCE = 32;
const PAGE = 1000;

export interface StartedWorkflow extends HeldWorkflow {
  /** When Temporal took it, epoch ms. */
  readonly startedAt: number;
}

/** Every workflow that the namespace holds, with the outcome of those that ended. */
export async function readWorkflows(client: Client): Promise<readonly StartedWorkflow[]> {
  const runs = new Map<string, WorkflowExecutionInfo[]>();
  for await (const info of client.workflow.list({ pageSize: PAGE }))
    runs.set(info.workflowId, [...(runs.get(info.workflowId) ?? []), info]);
  const held: StartedWorkflow[] = [];
  const left = [...runs.values()];
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) held.push(await describe(client, next));
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  return held;
}

async function describe(client: Client, runs: readonly WorkflowExecutionInfo[]): Promise<StartedWorkflow> {
  const begun = runs.filter(({ status }) => status.name !== 'CONTINUED_AS_NEW');
  const [latest] = [...begun, ...runs];
  if (latest === undefined) throw new Error('a workflow id without a run');
  const { workflowId, type, status, memo, startTime } = latest;
  const bodyDigest = memo?.['bodyDigest'];
  return {
    workflowId,
    type,
    runs: begun.length,
    startedAt: startTime.getTime(),
    status: status.name,
    outcome: status.name === 'COMPLETED' ? await outcomeOf(client, latest) : null,
    bodyDigest: typeof bodyDigest === 'string' ? bodyDigest : null,
  };
}

async function outcomeOf(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<string> {
  const result: unknown = await client.workflow.getHandle(workflowId, runId).result();
  return (result as { outcome: string }).outcome;
}

const ENDS_BY_ITSELF = "ExecutionStatus = 'Running' AND WorkflowType != 'quarantine'";
const POLL_MS = 50;

/** Resolves when everything has ended that ends by itself, or after `limitMs`: what then still runs is for the checker. */
export async function untilEnded(client: Client, limitMs: number): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  while (Date.now() < giveUpAt) {
    const { count } = await client.workflow.count(ENDS_BY_ITSELF);
    if (count === 0) return;
    await sleep(POLL_MS);
  }
}

export interface EffectsLedger {
  /** Take over what the stand-ins saw, and set them back: call it while nothing is under way. */
  readonly collect: () => Promise<void>;
  readonly counts: () => ReadonlyMap<string, number>;
}

/** The stand-ins keep their last ten thousand calls: what they saw is added up here. */
export function createEffects(standIns: StandInsClient): EffectsLedger {
  const counts = new Map<string, number>();
  return {
    collect: async () => {
      for (const key of effectsIn(await standIns.state())) counts.set(key, (counts.get(key) ?? 0) + 1);
      await standIns.reset();
    },
    counts: () => counts,
  };
}
