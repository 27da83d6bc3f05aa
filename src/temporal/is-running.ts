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

/** Of a workflow that could not say so itself: how it ended, by whose hand, and why. */
export interface WorkflowEnding {
  /** `terminated`, `failed`, `timed out`. */
  readonly how: string;
  readonly by: string | null;
  readonly reason: string | null;
}

type Service = Client['workflowService'];
/** `temporal.api.enums.v1.HistoryEventFilterType.CLOSE_EVENT`. */
const CLOSE_EVENT = 2;

type HistoryEvent = NonNullable<
  NonNullable<Awaited<ReturnType<Service['getWorkflowExecutionHistory']>>['history']>['events']
>[number];

/** Asks Temporal how a workflow (its latest run) ended. Null: it runs, it ended by itself, or Temporal does not say. */
export function createEndingOf(client: Client): (workflowId: string) => Promise<WorkflowEnding | null> {
  return async (workflowId) => {
    try {
      const { namespace } = client.options;
      const request = { namespace, execution: { workflowId }, historyEventFilterType: CLOSE_EVENT };
      const { history } = await client.connection.withDeadline(Date.now() + LIMIT_MS, () =>
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- The enum is in a package of the SDK's own.
        client.workflowService.getWorkflowExecutionHistory(request),
      );
      return endingIn(history?.events?.at(-1));
    } catch {
      return null;
    }
  };
}

function endingIn(close: HistoryEvent | undefined): WorkflowEnding | null {
  const terminated = close?.workflowExecutionTerminatedEventAttributes;
  if (terminated) return { how: 'terminated', by: terminated.identity ?? null, reason: terminated.reason ?? null };
  if (close?.workflowExecutionFailedEventAttributes) return { how: 'failed', by: null, reason: null };
  return close?.workflowExecutionTimedOutEventAttributes ? { how: 'timed out', by: null, reason: null } : null;
}
