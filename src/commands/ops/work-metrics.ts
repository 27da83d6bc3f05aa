import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { LISTED_REST, SECOND } from '../../domain';
import { eventNames, events } from '../../events';
import type { ListedRest } from '../../../workflows/messages';
import { withTimeout } from '../../with-timeout';

export interface WorkMetricsOptions {
  /** Undefined while Temporal cannot be reached. */
  readonly client: () => Client | undefined;
  readonly pool: Pool;
  /** Epoch ms. */
  readonly now: () => number;
}

const PHASES = ['working', 'waiting', 'parked', 'undoing'] as const;
const KINDS = [...new Set([...eventNames.map((event) => events[event].workflowType), 'quarantine'])];
const LIMIT_MS = 5 * SECOND;
/** Of parked workflows, whose memo says since when. */
const MAX_READ = 1000;

type Source = 'temporal' | 'ledger';

/**
 * The work itself, read at each scrape: counts of Temporal's visibility, and the ledger's newest event. What cannot be read now has no
 * series, rather than an old number.
 * @returns what reads all of it.
 */
export function workMetrics(registers: Registry[], options: WorkMetricsOptions): () => Promise<void> {
  const gauges = createGauges(registers);
  const failures = new Counter({
    name: 'mindtickle_ops_read_failures_total',
    help: 'Scrapes that could not read the work, by where it is kept.',
    labelNames: ['from'],
    registers,
  });
  const sources = { temporal: () => readTemporal(gauges, options), ledger: () => readLedger(gauges, options) };
  for (const from of Object.keys(sources)) failures.inc({ from }, 0);
  const read = async (from: Source): Promise<void> => {
    const done = await withTimeout(
      sources[from]().then(
        () => true,
        () => false,
      ),
      LIMIT_MS,
    );
    if (done !== true) failures.inc({ from });
  };
  return async () => {
    for (const gauge of Object.values(gauges)) gauge.reset();
    await Promise.all([read('temporal'), read('ledger')]);
  };
}

type Gauges = ReturnType<typeof createGauges>;

function createGauges(registers: Registry[]) {
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `mindtickle_work_${name}`, help, labelNames, registers });
  return {
    open: gauge('open', 'Workflows that run, by type and phase.', ['type', 'phase']),
    needsPerson: gauge('needs_person', 'Workflows that wait for a person, by type.', ['type']),
    overdue: gauge('overdue', 'Workflows whose deadline has passed, by type.', ['type']),
    oldestParked: gauge(
      'oldest_parked_seconds',
      'How long the longest parked workflow has been, by type; 0: none is.',
      ['type'],
    ),
    newest: gauge('newest_event_timestamp_seconds', 'When the newest event in the ledger was received.'),
  };
}

async function readTemporal(gauges: Gauges, { client: connected, now }: WorkMetricsOptions): Promise<void> {
  const client = connected();
  if (client === undefined) throw new Error('Temporal has not been reached');
  await client.connection.withDeadline(now() + LIMIT_MS, async () => {
    const running = (type: string, more: string): Promise<number> =>
      client.workflow
        .count(`ExecutionStatus="Running" AND WorkflowType="${type}" AND ${more}`)
        .then(({ count }) => count);
    const at = new Date(now()).toISOString();
    await Promise.all(
      KINDS.flatMap((type) => [
        ...PHASES.map(async (phase) => {
          gauges.open.set({ type, phase }, await running(type, `MindticklePhase="${phase}"`));
        }),
        running(type, 'MindtickleNeeds="person"').then((count) => gauges.needsPerson.set({ type }, count)),
        running(type, `MindtickleDeadline < "${at}"`).then((count) => gauges.overdue.set({ type }, count)),
      ]),
    );
    const oldest = await oldestParked(client);
    for (const type of KINDS)
      gauges.oldestParked.set({ type }, Math.max(0, now() - (oldest.get(type) ?? now())) / SECOND);
  });
}

/** Epoch ms, by type. */
async function oldestParked(client: Client): Promise<ReadonlyMap<string, number>> {
  const oldest = new Map<string, number>();
  let read = 0;
  for await (const { type, memo, startTime } of client.workflow.list({
    query: 'ExecutionStatus="Running" AND MindticklePhase="parked"',
    pageSize: MAX_READ,
  })) {
    const rest = memo?.[LISTED_REST] as Partial<ListedRest> | undefined;
    const since = Date.parse(rest?.since ?? '') || startTime.getTime();
    oldest.set(type, Math.min(since, oldest.get(type) ?? since));
    read += 1;
    if (read === MAX_READ) break;
  }
  return oldest;
}

async function readLedger(gauges: Gauges, { pool }: WorkMetricsOptions): Promise<void> {
  const { rows } = await pool.query<{ at: number | null }>(
    'select extract(epoch from max(received_at))::float8 as at from receipts',
  );
  const at = rows[0]?.at;
  if (at !== null && at !== undefined) gauges.newest.set(at);
}
