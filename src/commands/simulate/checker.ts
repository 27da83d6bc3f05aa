import type { JournalLine, StandInsState } from '../../dev/stand-ins';
import type { PlannedEvent } from './plan';

/** One run of a workflow, as Temporal lists it. */
export interface ListedRun {
  readonly workflowId: string;
  /** Temporal's: RUNNING, COMPLETED, … */
  readonly status: string;
  /** MindticklePhase; null: it has none yet. */
  readonly phase: string | null;
}

export interface Seen {
  readonly events: readonly PlannedEvent[];
  readonly journal: readonly JournalLine[];
  readonly runs: readonly ListedRun[];
  readonly state: StandInsState;
}

/** Counts of events, but for `attempts` and the effects. */
export interface TableRow {
  readonly event: string;
  /** What happened at MindTickle. */
  readonly happened: number;
  /** Of it, sent at least once. */
  readonly sent: number;
  readonly attempts: number;
  /** Answered 2xx. */
  readonly answered: number;
  /** By MindTickle, after its last retry. */
  readonly givenUp: number;
  /** Never sent, or no longer: the subscription does not name it, or was suspended. */
  readonly notSent: number;
  /** With a workflow. */
  readonly started: number;
  readonly ended: number;
  /** For a person or a deadline. */
  readonly waiting: number;
  /** Stopped until a person decides. */
  readonly parked: number;
  /** Of the expected ones, those that are there once. */
  readonly effects: number;
  readonly expectedEffects: number;
  /** Answered 2xx, and no workflow has it; or its workflow is at rest and an effect is missing. */
  readonly lost: number;
  /** One event that ran twice, or an effect that is there more than once. */
  readonly doubled: number;
}

export interface Verdict {
  readonly rows: readonly TableRow[];
  readonly total: TableRow;
  /** Sentences; empty when everything is as it should be. */
  readonly faults: readonly string[];
  /** Every delivery has come to its end, and every workflow to its rest. */
  readonly isAtRest: boolean;
}

type Fate = Omit<TableRow, 'event' | 'effects' | 'expectedEffects'> & {
  readonly isAtRest: boolean;
  readonly isDone: boolean;
  readonly planned: PlannedEvent;
  readonly faults: readonly string[];
};

/** Compare what was sent and answered with what Temporal and the stand-ins have. Pure. */
export function check({ events, journal, runs, state }: Seen): Verdict {
  const lines = groupBy(journal, ({ eventId }) => eventId);
  const runsOf = groupBy(
    runs.filter(({ status }) => status !== 'CONTINUED_AS_NEW'),
    ({ workflowId }) => workflowId,
  );
  const fates = events.map((planned) =>
    fateOf(planned, lines.get(planned.eventId) ?? [], runsOf.get(planned.eventId) ?? []),
  );
  const names = [...new Set(events.map(({ event }) => event))];
  const ofEvent = (name: string): readonly Fate[] => fates.filter(({ planned }) => planned.event === name);
  const seen = new Map<string, EffectSeen>();
  for (const fate of fates) countEffects(fate, state, seen);
  const rows = names.map((name) => rowOf(name, ofEvent(name), seen));
  return {
    rows,
    total: rowOf('total', fates, seen),
    faults: [...fates.flatMap(({ faults }) => faults), ...[...seen.values()].flatMap(faultsOfEffect)],
    isAtRest: fates.every(({ isAtRest }) => isAtRest),
  };
}

function fateOf(planned: PlannedEvent, lines: readonly JournalLine[], runs: readonly ListedRun[]): Fate {
  const delivery = deliveryOf(lines);
  const rest = restOf(runs);
  const isAnswered = delivery.answered === 1;
  const isLost = isAnswered && runs.length === 0;
  const [run] = runs;
  const hasFailed = rest.ended === 1 && run?.status !== 'COMPLETED';
  return {
    planned,
    happened: 1,
    ...delivery,
    ...rest,
    lost: Number(isLost),
    isAtRest: delivery.isOver && (!isAnswered || rest.ended + rest.waiting + rest.parked > 0),
    isDone: rest.ended + rest.waiting > 0,
    faults: [
      ...(isLost ? [`${planned.eventId}: answered 2xx, and there is no workflow`] : []),
      ...(runs.length > 1 ? [`${planned.eventId}: ran ${runs.length} times`] : []),
      ...(hasFailed ? [`${planned.eventId}: its workflow is ${String(run?.status)}`] : []),
    ],
  };
}

function deliveryOf(lines: readonly JournalLine[]) {
  const attempts = lines.filter((line) => line.kind === 'attempt');
  const outcome = lines.find((line) => line.kind === 'end')?.outcome;
  return {
    sent: Number(attempts.length > 0),
    attempts: attempts.length,
    answered: Number(attempts.some(({ status }) => status !== null && status >= 200 && status < 300)),
    givenUp: Number(outcome === 'given up'),
    notSent: Number(outcome === 'not sent'),
    isOver: outcome !== undefined,
  };
}

function restOf(runs: readonly ListedRun[]) {
  const [run] = runs;
  const isRunning = run?.status === 'RUNNING';
  return {
    started: Number(run !== undefined),
    ended: Number(run !== undefined && !isRunning),
    waiting: Number(isRunning && run.phase === 'waiting'),
    parked: Number(isRunning && run.phase === 'parked'),
    doubled: Math.max(0, runs.length - 1),
  };
}

interface EffectSeen {
  readonly key: string;
  readonly event: string;
  readonly count: number;
  isEarned: boolean;
  /** None of its workflows is under way: what is not there will not come. */
  isSettled: boolean;
}

function countEffects({ planned, isDone, isAtRest }: Fate, state: StandInsState, seen: Map<string, EffectSeen>): void {
  for (const { key, count } of planned.effects) {
    const effect = seen.get(key) ?? {
      key,
      event: planned.event,
      count: count(state),
      isEarned: false,
      isSettled: true,
    };
    effect.isEarned ||= isDone;
    effect.isSettled &&= isAtRest;
    seen.set(key, effect);
  }
}

function faultsOfEffect({ key, count, isEarned, isSettled }: EffectSeen): readonly string[] {
  if (count > 1) return [`${key}: ${count} times`];
  if (isEarned && count === 0) return [`${key}: missing`];
  return !isEarned && isSettled && count > 0 ? [`${key}: there, though no workflow has done it`] : [];
}

function rowOf(event: string, fates: readonly Fate[], seen: ReadonlyMap<string, EffectSeen>): TableRow {
  const sum = (name: Exclude<keyof TableRow, 'event' | 'effects' | 'expectedEffects'>): number =>
    fates.reduce((total, fate) => total + fate[name], 0);
  const effects = [...seen.values()].filter((effect) => event === 'total' || effect.event === event);
  const earned = effects.filter(({ isEarned }) => isEarned);
  return {
    event,
    happened: sum('happened'),
    sent: sum('sent'),
    attempts: sum('attempts'),
    answered: sum('answered'),
    givenUp: sum('givenUp'),
    notSent: sum('notSent'),
    started: sum('started'),
    ended: sum('ended'),
    waiting: sum('waiting'),
    parked: sum('parked'),
    effects: earned.filter(({ count }) => count === 1).length,
    expectedEffects: earned.length,
    lost: sum('lost') + earned.filter(({ count, isSettled }) => count === 0 && isSettled).length,
    doubled: sum('doubled') + effects.filter(({ count }) => count > 1).length,
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
