import { WorkflowNotFoundError, type Client } from '@temporalio/client';

const LIMIT_MS = 5000;

const ENDED: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'TERMINATED', 'CANCELLED', 'TIMED_OUT']);

/** Asks Temporal whether a workflow (its latest run) has ended or is not there. `unknown`: any error but that one. */
export function createIsRunning(client: Client): (workflowId: string) => Promise<boolean | 'unknown'> {
  return async (workflowId) => {
    try {
      const { status } = await client.connection.withDeadline(Date.now() + LIMIT_MS, () =>
        client.workflow.getHandle(workflowId).describe(),
      );
      return !ENDED.has(status.name);
    } catch (error) {
      return error instanceof WorkflowNotFoundError ? false : 'unknown';
    }
  };
}
