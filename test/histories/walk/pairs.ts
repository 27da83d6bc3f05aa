/**
 * Which commands follow one another in the recorded histories. A replay holds the order of those that it walks: what no history
 * has in another order may be changed unseen.
 */
import { readHistory, type Recorded } from '../files';
import { attributesOf, nameOf, type HistoryEvent } from '../events';

export interface Pairs {
  readonly workflow: string;
  /** One command after another of the same workflow task, and how many histories have them so. */
  readonly commands: ReadonlyMap<string, number>;
  /** Steps that ran side by side, `first < second` as they ended, where no history has them the other way round. */
  readonly oneWay: readonly string[];
}

export function pairsIn(histories: readonly Recorded[]): readonly Pairs[] {
  const workflows = [...new Set(histories.map(({ workflow }) => workflow))];
  return workflows.map((workflow) => {
    const commands = new Map<string, number>();
    const ended = new Set<string>();
    for (const recorded of histories.filter((one) => one.workflow === workflow)) {
      const { events } = JSON.parse(readHistory(recorded)) as { readonly events: readonly HistoryEvent[] };
      for (const pair of new Set(followersIn(events))) commands.set(pair, (commands.get(pair) ?? 0) + 1);
      for (const pair of endedBeforeIn(events)) ended.add(pair);
    }
    const oneWay = [...ended].filter((pair) => !ended.has(pair.split(BEFORE).reverse().join(BEFORE))).sort();
    return { workflow, commands, oneWay };
  });
}

/** `activity freezeUser, step freeze → activity freezeCrmUser, step freezeCrm` */
export function followersIn(events: readonly HistoryEvent[]): readonly string[] {
  const ofTasks = events.filter((event) => taskOf(event) !== undefined);
  return ofTasks.flatMap((event, index) => {
    const before = ofTasks[index - 1];
    return before !== undefined && taskOf(before) === taskOf(event) ? [`${nameOf(before)} → ${nameOf(event)}`] : [];
  });
}

const BEFORE = ' < ';

/** Of steps that were under way together, which ended first. */
export function endedBeforeIn(events: readonly HistoryEvent[]): readonly string[] {
  const underWay = new Map<unknown, string>();
  return events.flatMap((event) => {
    const { scheduledEventId } = attributesOf(event);
    const name = nameOf(event);
    if (event.eventType.endsWith('ACTIVITY_TASK_SCHEDULED') && isStep(name))
      underWay.set(event.eventId, withoutRound(name));
    const ended = underWay.get(scheduledEventId);
    if (ended === undefined || !ENDS.test(event.eventType)) return [];
    underWay.delete(scheduledEventId);
    return [...underWay.values()].filter((other) => other !== ended).map((other) => `${ended}${BEFORE}${other}`);
  });
}

const ENDS = /ACTIVITY_TASK_(COMPLETED|FAILED|TIMED_OUT|CANCELED)$/;

function taskOf(event: HistoryEvent): unknown {
  return attributesOf(event)['workflowTaskCompletedEventId'];
}

/** Notifications go out when they may, and a question of the ledger is none. */
function isStep(name: string): boolean {
  return name.includes(', step ') && !name.includes(', step notification');
}

function withoutRound(name: string): string {
  return name.replace(/^activity \w+, step /, '').replace(/\d+$/, '');
}
