/** Who polls a task queue, what waits in it, and whether it is held. */
import { SECOND } from '../../domain';
import { describeTaskQueue, type TaskQueueState } from '../../temporal';
import type { Temporal } from './temporal';

const LIMIT_MS = 5 * SECOND;

/** Of `temporal.api.enums.v1.TaskQueueType`. */
const ACTIVITY = 2;

/** Of the workflow tasks of a queue. */
export function pollersOf({ client, within }: Temporal, name: string): Promise<TaskQueueState> {
  return within(LIMIT_MS, () => describeTaskQueue(client, name, 'workflows'));
}

/** Of the activities of a queue. */
export function callsOf({ client, within }: Temporal, name: string): Promise<TaskQueueState> {
  return within(LIMIT_MS, () => describeTaskQueue(client, name, 'calls'));
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
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- The enum is in a package of the SDK's own.
      taskQueueType: ACTIVITY,
      // Without a limit, the workers' own is back in force.
      updateQueueRateLimit: { reason, ...(isHeld && { rateLimit: { requestsPerSecond: 0 } }) },
    }),
  );
}
