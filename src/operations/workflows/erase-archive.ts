/** The archive is reached by its worker alone: a workflow asks it to remove the files of a person who is erased. */
import { randomUUID } from 'node:crypto';
import { SECOND } from '../../domain';
import { TASK_QUEUE } from '../../temporal';
import type { eraseArchive } from '../../../workflows';
import { askingOf, type WorkflowDeps } from './context';

/** Less than what a request may take; the workflow itself gives up after 45 s. */
const LIMIT_MS = 25 * SECOND;

/** @returns `off` where the connector of the archive is not `on`. @throws when Temporal, or a worker, does not answer. */
export type RemoveFiles = (keys: readonly string[]) => Promise<'done' | 'off'>;

export function createRemoveFiles(deps: WorkflowDeps): RemoveFiles {
  return async (keys) => {
    const connected = deps.client();
    if (connected === undefined) throw new Error('Temporal cannot be reached');
    const { client, within } = askingOf(deps, connected).temporal;
    const { outcome } = await within(LIMIT_MS, () =>
      client.workflow.execute<typeof eraseArchive>('eraseArchive', {
        workflowId: `erase-archive:${randomUUID()}`,
        taskQueue: TASK_QUEUE,
        args: [keys],
        staticSummary: 'Remove the files of a person who is erased',
        workflowExecutionTimeout: '2 minutes',
      }),
    );
    return outcome;
  };
}
