import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { attributesOf, describe, type HistoryEvent } from './events';
import { readHistory, type Recorded } from './files';

type Bundle = NonNullable<ReplayWorkerOptions['workflowBundle']>;

/**
 * Replay a recorded history against the code as it is. @throws Error, once and in plain words: which running workflows
 * would break, at which events, what Temporal says, and where to read on.
 */
export async function replay(workflowBundle: Bundle, recorded: Recorded, json = readHistory(recorded)): Promise<void> {
  const { events } = JSON.parse(json) as { events: readonly HistoryEvent[] };
  const why = await whyNot(workflowBundle, events);
  if (why === undefined) return;
  const { workflow, scenario, release } = recorded;
  const task = await firstThatDiffers(workflowBundle, events);
  throw new Error(
    `${workflow}, scenario ${scenario}: running workflows of ${release} would break. ` +
      `They went on with ${task.map(describe).join(', then ')}; the code as it is does not: ${why}. ` +
      'Read on in CONTRIBUTING.md, "What needs a version".',
  );
}

/** What Temporal says, without Rust's debug form around it; undefined when the events replay. */
async function whyNot(workflowBundle: Bundle, events: readonly HistoryEvent[]): Promise<string | undefined> {
  try {
    await Worker.runReplayHistory({ workflowBundle }, historyFromJSON({ events }), 'replayed');
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    const [, said] = /Nondeterminism error: (.*?)(?:", source:|$)/s.exec(message) ?? [];
    return (said ?? message).replace(/HistoryEvent \{ event_id: (\d+),.* event_type: (\w+),.*$/s, 'event $1, $2');
  }
}

/** The events that came of the first workflow task whose commands are others today. A part of a history replays too. */
async function firstThatDiffers(
  workflowBundle: Bundle,
  events: readonly HistoryEvent[],
): Promise<readonly HistoryEvent[]> {
  const completed = events.filter(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED');
  const after = (event: HistoryEvent | undefined): number => events.findIndex((each) => each === event) + 1;
  let passes = -1;
  let fails = completed.length - 1;
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2);
    const untilNext = events.slice(0, after(completed[middle + 1]) - 1);
    if ((await whyNot(workflowBundle, untilNext)) === undefined) passes = middle;
    else fails = middle;
  }
  // By their place: Temporal's test server writes another number into `workflowTaskCompletedEventId` than the real one.
  const next = completed[fails + 1];
  const between = events.slice(after(completed[fails]), next === undefined ? events.length : after(next) - 1);
  return between.filter((event) => attributesOf(event)['workflowTaskCompletedEventId'] !== undefined);
}
