import type { WorkflowHandle } from '@temporalio/client';
import type { World } from './world';

/** Small enough for one task on a busy machine, large enough for a run to be long soon. */
const BATCH = 400;

/** The same for `shortRuns`. */
export const SHORT_BATCH = 40;

/** More than a run takes until it is long. */
const MAX_BATCHES = 20;

/**
 * Signals that mean nothing, until the process has gone on in a new run. Temporal refuses to end a run while there are
 * messages that it has not seen: between the batches they are worked off. Seen by history alone: a query that meets the
 * change of runs would stop the server's time permanently.
 */
export async function floodWithNoise(
  world: World,
  { workflowId }: WorkflowHandle,
  batchSize = BATCH,
): Promise<WorkflowHandle> {
  const now = world.handleOf(workflowId);
  const { runId } = await now.describe();
  const run = world.client.workflow.getHandle(workflowId, runId);
  const look = async () => stageOf(await run.fetchHistory());
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    if ((await world.seen(run, 'has worked off a batch', look)) === 'gone on') break;
    await world.atOnce(() =>
      Promise.all(Array.from({ length: batchSize }, () => now.signal('cancel', { by: 'noise' }))),
    );
  }
  const isNew = async () => (await now.describe()).runId !== runId || undefined;
  await world.seen(now, 'has gone on in a new run', isNew);
  return now;
}

/** Of a batch that is not worked off, the last of these is another one. */
const KINDS = [
  'workflowExecutionSignaledEventAttributes',
  'workflowTaskScheduledEventAttributes',
  'workflowTaskStartedEventAttributes',
  'workflowTaskCompletedEventAttributes',
] as const;

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

function stageOf({ events }: History): 'gone on' | 'worked off' | undefined {
  if (events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes) return 'gone on';
  const last = events?.findLast((event) => KINDS.some((kind) => event[kind]));
  return last?.workflowTaskCompletedEventAttributes ? 'worked off' : undefined;
}
