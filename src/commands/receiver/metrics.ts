import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Accepted, Observer, SpoolStatus, Started, RefusalAnswer, Rule } from '../../receiver/receiver';
import type { ReloadCounts } from '../../settings';
import { lostLogLines } from '../../telemetry';
import { secretMetrics } from './secret-metrics';
import { spoolMetrics } from './spool-metrics';

export interface ReceiverMetricsOptions {
  /** The table of rules: each is counted from 0 on. */
  readonly refusals: Readonly<Record<Rule, Pick<RefusalAnswer, 'status'>>>;
  readonly secrets: {
    /** Of those in use, newest first. */
    readonly fingerprints: () => readonly string[];
    readonly reloads: () => ReloadCounts;
  };
  /** What `/readyz` warns of. */
  readonly warnings: () => readonly string[];
  /** Undefined: there is none. */
  readonly spool: (() => SpoolStatus) | undefined;
  readonly isTemporalReachable: () => boolean;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface ReceiverMetrics {
  readonly observer: Observer;
  /** A delivery was signed with the secret at this place; 0 is the newest. */
  readonly verified: (secretIndex: number) => void;
  /** The drain has handed a record to Temporal. */
  readonly started: (outcome: Started) => void;
  /** Something for the ledger could not be written there. */
  readonly ledgerFailed: (what: LedgerWrite) => void;
  /** Everything, in Prometheus' text format. What is read from elsewhere is read now. */
  readonly text: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

type LedgerWrite = 'refusals';

const OUTCOMES = ['started', 'duplicate', 'conflict', 'spooled', 'quarantined'] as const satisfies readonly (
  Accepted | 'quarantined'
)[];
const STARTS = ['started', 'duplicate', 'conflict'] as const satisfies readonly Started[];
const LEDGER_WRITES = ['refusals'] as const satisfies readonly LedgerWrite[];
/** START_TIMEOUT_MS is 0.25 by default, and no answer waits longer than 5 and a bit. */
const ANSWER_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Count what a receiver does, in a registry of its own. Labels are our own few words: nothing of a delivery becomes one,
 * so a stranger cannot make series.
 */
export function createReceiverMetrics(options: ReceiverMetricsOptions): ReceiverMetrics {
  const register = new Registry();
  const registers = [register];
  const { now } = options;
  collectDefaultMetrics({ register });
  const verified = secretMetrics(registers, { ...options.secrets, now });
  if (options.spool !== undefined) spoolMetrics(registers, options.spool, now);
  stateMetrics(registers, options);

  const starts = new Counter({
    name: 'mindtickle_receiver_drain_starts_total',
    help: 'Spooled deliveries that Temporal has taken, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of STARTS) starts.inc({ outcome }, 0);
  const ledgerFailures = new Counter({
    name: 'mindtickle_receiver_ledger_failures_total',
    help: 'Writes to the ledger that failed; deliveries do not wait for them.',
    labelNames: ['write'],
    registers,
  });
  for (const write of LEDGER_WRITES) ledgerFailures.inc({ write }, 0);

  return {
    observer: createObserver(registers, options.refusals),
    verified,
    started: (outcome) => starts.inc({ outcome }),
    ledgerFailed: (write) => ledgerFailures.inc({ write }),
    text: async () => ({ contentType: register.contentType, body: await register.metrics() }),
  };
}

function createObserver(registers: Registry[], refusals: ReceiverMetricsOptions['refusals']): Observer {
  const deliveries = new Counter({
    name: 'mindtickle_receiver_deliveries_total',
    help: 'Deliveries answered with 200, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of OUTCOMES) deliveries.inc({ outcome }, 0);
  const seconds = new Histogram({
    name: 'mindtickle_receiver_answer_seconds',
    help: 'From the headers of a delivery to its answer with 200.',
    labelNames: ['outcome'],
    buckets: ANSWER_BUCKETS,
    registers,
  });
  const refused = new Counter({
    name: 'mindtickle_receiver_refusals_total',
    help: 'Requests refused, by the rule that they broke.',
    labelNames: ['rule', 'status'],
    registers,
  });
  for (const rule of Object.keys(refusals) as Rule[]) refused.inc({ rule, status: refusals[rule].status }, 0);
  return {
    answered: (outcome, took) => {
      deliveries.inc({ outcome });
      seconds.observe({ outcome }, took);
    },
    refused: (rule) => refused.inc({ rule, status: refusals[rule].status }),
  };
}

function stateMetrics(registers: Registry[], { warnings, isTemporalReachable }: ReceiverMetricsOptions): void {
  new Counter({
    name: 'mindtickle_receiver_log_lines_lost_total',
    help: 'Lines of the log that were dropped because nobody read them, or could not be written.',
    registers,
    collect() {
      this.reset();
      this.inc(lostLogLines());
    },
  });
  new Gauge({
    name: 'mindtickle_receiver_warnings',
    help: 'What is wrong without stopping anything, as in the body of /readyz.',
    registers,
    collect() {
      this.set(warnings().length);
    },
  });
  new Gauge({
    name: 'mindtickle_receiver_temporal_reachable',
    help: '1 while Temporal takes starts as far as this receiver knows.',
    registers,
    collect() {
      this.set(isTemporalReachable() ? 1 : 0);
    },
  });
}
