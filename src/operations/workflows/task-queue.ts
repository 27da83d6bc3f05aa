/** Who polls a task queue, what waits in it, and whether it is held. */
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { SECOND } from '../../domain';
import type { Temporal } from './temporal';

const LIMIT_MS = 5 * SECOND;

/** Of `temporal.api.enums.v1.TaskQueueType`. */
const WORKFLOW = 1;
const ACTIVITY = 2;

export interface QueueState {
  readonly pollers: number;
  /** Epoch ms; null: nobody has for five minutes, which is how long Temporal remembers. */
  readonly lastPollAt: number | null;
  /** How many calls wait; about, as Temporal counts. */
  readonly backlog: number;
  readonly held: { readonly reason: string; readonly by: string | null; readonly since: number | null } | null;
}

type Described = Awaited<ReturnType<Temporal['client']['workflowService']['describeTaskQueue']>>;

/** Of the workflow tasks of a queue. */
export function pollersOf(temporal: Temporal, name: string): Promise<QueueState> {
  return describe(temporal, name, WORKFLOW);
}

/** Of the activities of a queue. */
export function callsOf(temporal: Temporal, name: string): Promise<QueueState> {
  return describe(temporal, name, ACTIVITY);
}

async function describe(
  { client, namespace, within }: Temporal,
  name: string,
  taskQueueType: number,
): Promise<QueueState> {
  const described = await within(LIMIT_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- The enum is in a package of the SDK's own.
      taskQueueType,
      reportConfig: true,
      reportStats: true,
      reportPollers: true,
    }),
  );
  const { pollers, stats } = described;
  const polls = pollers.map(({ lastAccessTime }) => optionalTsToMs(lastAccessTime) ?? 0);
  return {
    pollers: polls.length,
    lastPollAt: polls.length === 0 ? null : Math.max(...polls),
    backlog: Number(stats?.approximateBacklogCount ?? 0),
    held: heldIn(described),
  };
}

/** A rate of 0 means that nothing is handed out. */
function heldIn({ config }: Described): QueueState['held'] {
  const limit = config?.queueRateLimit;
  if (!limit?.rateLimit || (limit.rateLimit.requestsPerSecond ?? 0) > 0) return null;
  const { reason, updateIdentity, updateTime } = limit.metadata ?? {};
  return { reason: reason ?? '', by: updateIdentity || null, since: optionalTsToMs(updateTime) ?? null };
}

/** Nothing is handed out until it is released; calls that have begun go on. */
export async function holdCalls(
  { client, namespace, within }: Temporal,
  name: string,
  { reason, by, isHeld }: { readonly reason: string; readonly by: string; readonly isHeld: boolean },
): Promise<void> {
  await within(LIMIT_MS, () =>
    client.workflowService.updateTaskQueueConfig({
      namespace,
      identity: by,
      taskQueue: name,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- As above.
      taskQueueType: ACTIVITY,
      // Without a limit, the workers' own is back in force.
      updateQueueRateLimit: { reason, ...(isHeld && { rateLimit: { requestsPerSecond: 0 } }) },
    }),
  );
}
