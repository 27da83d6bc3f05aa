import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';

/** Of `temporal.api.enums.v1.TaskQueueType`. */
const TYPES = { workflows: 1, calls: 2 } as const;

export interface TaskQueueState {
  readonly pollers: number;
  /** Epoch ms; null: nobody has for five minutes, which is how long Temporal remembers. */
  readonly lastPollAt: number | null;
  /** The builds of those who poll. */
  readonly builds: readonly string[];
  /** How many tasks wait; about, as Temporal counts. */
  readonly backlog: number;
  readonly held: { readonly reason: string; readonly by: string | null; readonly since: number | null } | null;
}

type Described = Awaited<ReturnType<Client['workflowService']['describeTaskQueue']>>;

/** Who polls the workflow tasks, or the calls, of a task queue, what waits in it, and whether it is held. */
export async function describeTaskQueue(
  { workflowService, options }: Pick<Client, 'workflowService' | 'options'>,
  name: string,
  of: keyof typeof TYPES,
): Promise<TaskQueueState> {
  const described = await workflowService.describeTaskQueue({
    namespace: options.namespace,
    taskQueue: { name },
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- The enum is in a package of the SDK's own.
    taskQueueType: TYPES[of],
    reportConfig: true,
    reportStats: true,
    reportPollers: true,
  });
  const { pollers, stats } = described;
  const polls = pollers.map(({ lastAccessTime }) => optionalTsToMs(lastAccessTime) ?? 0);
  const builds = pollers.map(({ workerVersionCapabilities }) => workerVersionCapabilities?.buildId ?? '');
  return {
    pollers: polls.length,
    lastPollAt: polls.length === 0 ? null : Math.max(...polls),
    builds: [...new Set(builds)].filter((build) => build !== ''),
    backlog: Number(stats?.approximateBacklogCount ?? 0),
    held: heldIn(described),
  };
}

/** A rate of 0 means that nothing is handed out. */
function heldIn({ config }: Described): TaskQueueState['held'] {
  const limit = config?.queueRateLimit;
  if (!limit?.rateLimit || (limit.rateLimit.requestsPerSecond ?? 0) > 0) return null;
  const { reason, updateIdentity, updateTime } = limit.metadata ?? {};
  return { reason: reason ?? '', by: updateIdentity || null, since: optionalTsToMs(updateTime) ?? null };
}
