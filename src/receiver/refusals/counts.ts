import { SECOND } from '../../domain';
import type { RefusalRow } from '../../ledger';
import type { CappedLog } from '../../telemetry';
import { diagnose, factsOf, type DiagnosisConfig } from './diagnose';
import type { RawDelivery } from '../verify';
import { createRefusalTable, type RefusedDelivery } from './table';
import type { Rule } from './rules';
import { withTimeout } from '../../with-timeout';

export interface RefusalCounts {
  /** Fits `Observer.refused` of the receiver. Only takes note, and never throws. */
  readonly refused: (rule: Rule, address: string | undefined, delivery?: RawDelivery) => void;
  /** Hand over what is counted. Never rejects: rows that the sink did not keep are tried again. */
  readonly flush: () => Promise<void>;
  /** Diagnose what waits, and flush once more; at most for `limits.closeMs`. */
  readonly close: () => Promise<void>;
}

export interface RefusalCountsDeps {
  /** May fail or hang. Rows that it keeps after its time limit may be counted twice. */
  readonly sink: (rows: readonly RefusalRow[]) => Promise<void>;
  /** As the receiver has them now. */
  readonly config: () => DiagnosisConfig;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: CappedLog;
  readonly timers?: Timers;
  readonly limits?: Partial<RefusalLimits>;
}

export interface Timers {
  /** After the current request was answered. */
  readonly soon: (task: () => void) => void;
  /** @returns what ends it. */
  readonly every: (ms: number, task: () => void) => () => void;
}

const LIMITS = {
  /** Searches for a cause: each tries some hundred signatures, 4 ms for a usual body. */
  searchesPerSecond: 5,
  /** Of those, so that one stranger does not use them all. */
  searchesPerAddress: 2,
  /** Larger bodies are not diagnosed: MindTickle's are some hundred bytes. */
  bodyBytes: 8192,
  /** Deliveries that wait for their diagnosis. */
  waiting: 64,
  rowsPerRule: 20,
  rows: 2000,
  flushEveryMs: 10 * SECOND,
  /** How long a flush may take. */
  sinkMs: 5 * SECOND,
  /** Calls of the sink that have not ended, each with its rows: more are not begun. */
  unendedFlushes: 3,
  closeMs: 2 * SECOND,
};

export type RefusalLimits = typeof LIMITS;

const realTimers: Timers = {
  soon: (task) => void setImmediate(task),
  every: (ms, task) => {
    const timer = setInterval(task, ms).unref();
    return () => clearInterval(timer);
  },
};

/** Those that a delivery can break in more than one way. The rest is its own cause. */
const EXPLAINED: ReadonlySet<Rule> = new Set(['missing', 'malformed', 'mismatch', 'stale', 'event-id', 'company']);
/** Those that take a search. */
const SEARCHED: ReadonlySet<Rule> = new Set(['malformed', 'mismatch']);

interface Waiting extends RefusedDelivery {
  readonly delivery: RawDelivery;
  readonly config: DiagnosisConfig;
}

/**
 * Refusals explained and counted by rule, address, cause and minute, off the request's path. They are written by
 * strangers: the work, the memory and the rows are bounded, and no payload, signature or header value is kept.
 */
export function createRefusalCounts(deps: RefusalCountsDeps): RefusalCounts {
  const { now, config, timers = realTimers } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const table = createRefusalTable(limits);
  const maySearch = createSearchBudget(limits, now);
  const waiting: Waiting[] = [];
  const { flush, idle } = createFlush(deps, limits, table);

  const diagnoseOne = (): void => {
    const next = waiting.shift();
    if (next === undefined) return;
    const { delivery, config: configThen, ...refused } = next;
    table.count({ ...refused, cause: causeOf(delivery, configThen, refused.at) });
  };
  const mayDiagnose = (rule: Rule, address: string, { rawBody }: RawDelivery): boolean =>
    rawBody.length <= limits.bodyBytes &&
    waiting.length < limits.waiting &&
    (!SEARCHED.has(rule) || maySearch(address));
  const refused: RefusalCounts['refused'] = (rule, address = 'unknown', delivery) => {
    const at = now();
    const facts = delivery && factsOf(delivery, at);
    if (delivery === undefined || !EXPLAINED.has(rule)) table.count({ rule, address, cause: rule, at, facts });
    else if (mayDiagnose(rule, address, delivery)) {
      waiting.push({ rule, address, cause: NOT_EXAMINED, at, facts, delivery, config: config() });
      timers.soon(diagnoseOne);
    } else table.count({ rule, address, cause: NOT_EXAMINED, at, facts });
  };
  const stop = timers.every(limits.flushEveryMs, () => void flush());
  const close = async (): Promise<void> => {
    stop();
    while (waiting.length > 0) diagnoseOne();
    // One that is under way has not what was counted since.
    await withTimeout(
      idle().then(() => flush()),
      limits.closeMs,
    );
  };
  return { refused, flush, close };
}

const NOT_EXAMINED = 'not-examined';

function causeOf(delivery: RawDelivery, config: DiagnosisConfig, at: number): string {
  try {
    const diagnosis = diagnose(delivery, config, at);
    // The secrets were read again between the answer and now.
    return diagnosis.verifies ? 'verifies-now' : diagnosis.cause;
  } catch {
    // Nothing that a stranger sends may end the process.
    return NOT_EXAMINED;
  }
}

type MaySearch = (address: string) => boolean;

function createSearchBudget({ searchesPerSecond, searchesPerAddress }: RefusalLimits, now: () => number): MaySearch {
  let second = 0;
  let spent = 0;
  const byAddress = new Map<string, number>();
  return (address) => {
    const current = Math.floor(now() / SECOND);
    if (current !== second) {
      second = current;
      spent = 0;
      byAddress.clear();
    }
    const ofAddress = byAddress.get(address) ?? 0;
    if (spent >= searchesPerSecond || ofAddress >= searchesPerAddress) return false;
    spent += 1;
    byAddress.set(address, ofAddress + 1);
    return true;
  };
}

interface Flush {
  readonly flush: () => Promise<void>;
  /** The flush that is under way has ended. */
  readonly idle: () => Promise<void>;
}

function createFlush(
  { sink, log }: RefusalCountsDeps,
  { sinkMs, unendedFlushes }: RefusalLimits,
  table: ReturnType<typeof createRefusalTable>,
): Flush {
  let running: Promise<void> | undefined;
  let unended = 0;

  const call = async (rows: readonly RefusalRow[]): Promise<'kept'> => {
    unended += 1;
    try {
      await sink(rows);
      return 'kept';
    } finally {
      unended -= 1;
    }
  };
  const write = async (): Promise<void> => {
    if (unended >= unendedFlushes) return;
    const rows = table.take();
    if (rows.length === 0) return;
    const outcome = await withTimeout(call(rows), sinkMs).catch((error: unknown) => codeOf(error));
    if (outcome === 'kept') return;
    table.putBack(rows);
    log.write('warn', 'refusals-not-kept', { cause: outcome }, 'counts of refusals are not kept: tried again');
  };
  const flush = (): Promise<void> => (running ??= write().finally(() => (running = undefined)));
  return { flush, idle: () => running ?? Promise.resolve() };
}

/** Never its message: that of a database may quote a row. */
function codeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
