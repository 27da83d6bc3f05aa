/** A history as it is kept: without what neither a replay nor its message needs, an event a line. */
import { resolve } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Json = Readonly<Record<string, unknown>>;

interface Input {
  readonly payloads?: readonly { readonly data?: string; readonly metadata?: object }[];
}

/** Stack traces name the files of whoever records: from the repository on, they are everybody's. */
const repository = `${resolve(__dirname, '../..')}/`;

/** Who worked on it, with which build, on which queue, within which time, and how long the history was. */
const DROPPED = new Set([
  ...['identity', 'binaryChecksum', 'workerVersion', 'historySizeBytes', 'requestId', 'stackTrace', 'header'],
  ...['retryPolicy', 'startToCloseTimeout', 'scheduleToCloseTimeout', 'scheduleToStartTimeout', 'heartbeatTimeout'],
  ...['meteringMetadata', 'taskId'],
]);

/** A workflow's time is that of its tasks. */
const TIMED = ['EVENT_TYPE_WORKFLOW_EXECUTION_STARTED', 'EVENT_TYPE_WORKFLOW_TASK_STARTED'];

export function textOf(history: History): string {
  const { events } = JSON.parse(historyToJSON(history)) as { events: readonly Json[] };
  const lines = events.map((event, index) =>
    // Of the first event, a replay wants the queue.
    JSON.stringify(shortened(event), (key, value: unknown) =>
      DROPPED.has(key) || (key === 'taskQueue' && index > 0) ? undefined : value,
    ),
  );
  return `{"events":[\n${lines.join(',\n')}\n]}\n`.replaceAll(repository, './');
}

function shortened({ eventTime, ...event }: Json): Json {
  const update = event['workflowExecutionUpdateCompletedEventAttributes'] as Json | undefined;
  const activity = event['activityTaskScheduledEventAttributes'] as Json | undefined;
  const outcome = update?.['outcome'] as Json | undefined;
  return {
    ...event,
    ...(TIMED.includes(String(event['eventType'])) && { eventTime }),
    // The answer of an update is a whole state, and a replay does not look at it; of what an activity got, the message of a
    // replay that fails names the step.
    ...(outcome?.['success'] !== undefined && {
      workflowExecutionUpdateCompletedEventAttributes: { ...update, outcome: { success: {} } },
    }),
    ...(activity !== undefined && {
      activityTaskScheduledEventAttributes: { ...activity, input: stepOf(activity['input'] as Input | undefined) },
    }),
  };
}

function stepOf(input: Input | undefined): Input | undefined {
  const [first] = input?.payloads ?? [];
  const step = /"step":"(\w+)"/.exec(Buffer.from(first?.data ?? '', 'base64').toString())?.[1];
  if (first === undefined || step === undefined) return undefined;
  return { payloads: [{ ...first, data: Buffer.from(JSON.stringify({ step })).toString('base64') }] };
}
