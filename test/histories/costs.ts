/** What each workflow costs Temporal, counted in the recorded histories. */
import { NEWEST_RELEASE } from '../../src/domain';
import { type HistoryEvent } from './events';
import { readHistory } from './files';
import type { WorkflowName } from './scenarios';

type Way = 'off' | 'usual' | 'all';
const EACH_WAY: readonly Way[] = ['off', 'usual', 'all'];

const USUAL = 'in-the-usual-way';

interface Cost {
  readonly events: number;
  readonly workflowTasks: number;
  readonly activities: number;
  /** Local activities, which are markers in the history. */
  readonly localActivities: number;
  /** Of search attributes and of the memo. */
  readonly upserts: number;
}

/**
 * Which scenarios are counted: the shortest way, with every system off; the usual one, with an identity provider, mail and an
 * archive; and the one with every system on.
 */
const WAYS = {
  moduleProgress: { off: 'done', usual: 'done', all: 'done' },
  courseCompletion: { off: 'with-nothing-on', usual: USUAL, all: 'to-every-system' },
  recertification: { off: 'with-nothing-on', usual: USUAL, all: 'cancelled-while-it-waits' },
  quizCoaching: { off: 'with-nothing-on', usual: USUAL, all: 'cancelled-while-it-waits' },
  onboarding: { off: 'with-nothing-on', usual: USUAL, all: 'cancelled-while-it-waits' },
  offboarding: { off: 'with-nothing-on', usual: USUAL, all: 'cancelled-while-it-waits-for-the-deactivation' },
  quarantine: {
    off: 'discarded-while-it-waits',
    usual: 'discarded-while-it-waits',
    all: 'discarded-while-it-may-be-a-leaver',
  },
} as const satisfies Partial<Record<WorkflowName, Readonly<Record<Way, string>>>>;

type Counted = keyof typeof WAYS;
const COUNTED = Object.keys(WAYS) as readonly Counted[];

/** Time passes, or a message comes: until then it has cost what it costs to bring it there. */
const ENDS_REST: readonly string[] = [
  'EVENT_TYPE_TIMER_FIRED',
  'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED',
  'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
];

/** Until its first rest, or its end where it has none. */
function costOf(workflow: Counted, way: Way): Cost {
  const scenario = WAYS[workflow][way];
  const text = readHistory({ release: NEWEST_RELEASE, workflow, scenario });
  const { events } = JSON.parse(text) as { readonly events: readonly HistoryEvent[] };
  const end = events.findIndex(({ eventType }) => ENDS_REST.includes(eventType));
  const until = events.slice(0, end === -1 ? events.length : withoutLastTask(events, end));
  const count = (...types: readonly string[]): number =>
    until.filter(({ eventType }) => types.includes(eventType.replace('EVENT_TYPE_', ''))).length;
  return {
    events: until.length,
    workflowTasks: count('WORKFLOW_TASK_COMPLETED'),
    activities: count('ACTIVITY_TASK_SCHEDULED'),
    localActivities: count('MARKER_RECORDED'),
    upserts: count('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', 'WORKFLOW_PROPERTIES_MODIFIED'),
  };
}

/** An update's own workflow task comes before the event that says it was accepted. */
function withoutLastTask(events: readonly HistoryEvent[], end: number): number {
  return events[end]?.eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED' ? end - 3 : end;
}

/** A table in Markdown, as `docs/capacity.md` has it. */
export function costTable(): string {
  const rows = COUNTED.flatMap((workflow) =>
    EACH_WAY.map((way) => {
      const { events, workflowTasks, activities, localActivities, upserts } = costOf(workflow, way);
      return [workflow, way, events, workflowTasks, activities, localActivities, upserts].map(String);
    }),
  );
  return written([HEAD, ...rows]);
}

const HEAD = ['workflow', 'systems', 'events', 'workflow tasks', 'activities', 'local activities', 'upserts'];

function written(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width, column) => (column < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [head = [], ...body] = rows;
  return [line(head), `| ${rule.join(' | ')} |`, ...body.map(line)].join('\n');
}

function pad(cell: string, column: number, width: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}
