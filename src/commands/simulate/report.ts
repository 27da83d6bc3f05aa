import type { JournalLine, StandInsState } from '../../dev/stand-ins';
import type { TableRow, Verdict } from './checker';
import type { Plan } from './plan';
import type { Scenario } from './scenarios';
import type { RunningStage } from './stage';

interface Played {
  readonly name: string;
  readonly run: string;
  readonly seed: number;
  readonly compression: number;
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly stage: RunningStage;
  readonly verdict: Verdict;
  readonly notes: readonly { readonly at: string; readonly what: string }[];
  /** Sent by us since the beginning. */
  readonly mails: StandInsState['mail']['messages'];
  readonly mindtickleMails: StandInsState['mindtickle']['mails'];
}

/** The document of `--json`. */
export interface Report {
  readonly ok: boolean;
  readonly scenario: string;
  readonly run: string;
  readonly seed: number;
  readonly compression: number;
  /** A row an event. */
  readonly table: readonly TableRow[];
  readonly total: TableRow;
  /** Sentences. */
  readonly faults: readonly string[];
  readonly notes: Played['notes'];
  /** When MindTickle suspended the webhook. */
  readonly suspendedAt: string | null;
  readonly reactivatedBy: 'housekeeping' | 'this command' | null;
  /** What was never delivered lies between these deliveries; null: everything was, or nothing was sent. */
  readonly gap: {
    readonly events: number;
    readonly lastBefore: string | null;
    readonly firstAfter: string | null;
  } | null;
  /** MindTickle's to its administrator. */
  readonly mindtickleMails: Played['mindtickleMails'];
  /** Ours, by subject without what comes after the colon: one line, however many people it is about. */
  readonly messages: readonly { readonly subject: string; readonly count: number }[];
  readonly deliveries: readonly {
    readonly event: string;
    readonly eventId: string;
    readonly outcome: string | null;
    readonly attempts: readonly {
      readonly at: string;
      readonly status: number | null;
      readonly ms: number;
      readonly answer: unknown;
    }[];
  }[];
}

export function reportOf(played: Played): Report {
  const { name, run, seed, compression, scenario, plan, stage, verdict, notes, mails, mindtickleMails } = played;
  const { total, rows, isAtRest } = verdict;
  const undelivered = total.givenUp + total.notSent;
  const faults = [
    ...verdict.faults,
    ...(isAtRest ? [] : ['some workflows did not come to their rest']),
    ...(undelivered > 0 && scenario.isLossy !== true ? [`${undelivered} were never delivered`] : []),
  ];
  const journal = stage.journal();
  return {
    ok: faults.length === 0 && total.lost === 0 && total.doubled === 0,
    scenario: name,
    run,
    seed,
    compression,
    table: rows,
    total,
    faults,
    notes,
    suspendedAt: stage.suspendedAt(),
    reactivatedBy: stage.healedBy(),
    gap: gapOf(journal),
    mindtickleMails,
    messages: messagesOf(mails),
    deliveries: deliveriesOf(plan, journal),
  };
}

function gapOf(journal: readonly JournalLine[]): Report['gap'] {
  const lost = new Set(
    journal.flatMap((line) => (line.kind === 'end' && line.outcome !== 'delivered' ? [line.eventId] : [])),
  );
  const arrived = journal.flatMap((line) =>
    line.kind === 'attempt' && line.status !== null && line.status < 300 ? [line.at] : [],
  );
  const failed = journal.flatMap((line) => (line.kind === 'attempt' && lost.has(line.eventId) ? [line.at] : []));
  const [first = ''] = failed;
  if (lost.size === 0 || failed.length === 0) return null;
  return {
    events: lost.size,
    lastBefore: arrived.filter((at) => at < first).at(-1) ?? null,
    firstAfter: arrived.find((at) => at > (failed.at(-1) ?? first)) ?? null,
  };
}

function messagesOf(mails: Played['mails']): Report['messages'] {
  const counts = new Map<string, number>();
  for (const { subject } of mails) {
    const topic = subject.replace(/:.*$/s, '');
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  return [...counts].map(([subject, count]) => ({ subject, count }));
}

function deliveriesOf({ events }: Plan, journal: readonly JournalLine[]): Report['deliveries'] {
  return events.map(({ event, eventId }) => {
    const own = journal.filter((line) => line.eventId === eventId);
    const attempts = own.filter((line) => line.kind === 'attempt');
    return {
      event,
      eventId,
      outcome: own.find((line) => line.kind === 'end')?.outcome ?? null,
      attempts: attempts.map(({ at, status, ms, answer }) => ({ at, status, ms, answer })),
    };
  });
}

const COLUMNS: readonly (readonly [keyof TableRow, string])[] = [
  ['event', 'event'],
  ['happened', 'happened'],
  ['sent', 'sent'],
  ['attempts', 'attempts'],
  ['answered', 'answered'],
  ['givenUp', 'given up'],
  ['notSent', 'not sent'],
  ['started', 'started'],
  ['ended', 'ended'],
  ['waiting', 'waiting'],
  ['parked', 'parked'],
  ['effects', 'effects'],
  ['lost', 'lost'],
  ['doubled', 'doubled'],
];

const FAULTS_SHOWN = 20;

/** Print it, as one JSON document or for people. */
export function printReport(report: Report, isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify(report));
    return;
  }
  printTable(report.table.length > 1 ? [...report.table, report.total] : report.table);
  if (report.gap !== null) console.log(`\n${gapSentence(report.gap)}`);
  console.log(
    `\nE-mails: ${report.messages.map(({ subject, count }) => `${count} × ${subject}`).join(', ') || 'none'}`,
  );
  for (const fault of report.faults.slice(0, FAULTS_SHOWN)) console.log(`✗ ${fault}`);
  if (report.faults.length > FAULTS_SHOWN) console.log(`  and ${report.faults.length - FAULTS_SHOWN} more`);
  console.log(report.ok ? '✓ nothing is lost, nothing is doubled' : '✗ not as it should be');
  console.log(`The same scores again: --seed ${report.seed}`);
}

function printTable(rows: readonly TableRow[]): void {
  const cells = rows.map((row) =>
    COLUMNS.map(([name]) => (name === 'effects' ? `${row.effects}/${row.expectedEffects}` : String(row[name]))),
  );
  const lines = [COLUMNS.map(([, title]) => title), ...cells];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    const [event = '', ...counts] = line;
    const aligned = counts.map((count, index) => count.padStart(widths[index + 1] ?? 0));
    console.log([event.padEnd(widths[0] ?? 0), ...aligned].join('  '));
  }
}

function gapSentence({ events, lastBefore, firstAfter }: NonNullable<Report['gap']>): string {
  return `${events} never arrived, between ${lastBefore ?? 'the beginning'} and ${firstAfter ?? 'now'}.`;
}
