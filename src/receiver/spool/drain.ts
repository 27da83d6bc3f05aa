import { epochMs, SECOND } from '../../domain';
import type { CappedLog } from '../../telemetry';
import { describeFailure, type ReleaseSlot, type Started, type StartSlots, type WorkflowStarter } from '../accept';
import { LANES, type Lane } from '../../events';
import { asConflict, parseBody, readingOf, verifiedDelivery, type Reading, type VerifiedDelivery } from '../verify';
import { createGiveWay, type GiveWay } from './give-way';
import { createBackoff, createRetryDecisions, type Backoff } from './retries';
import type { Spool, StoredRecord } from './spool';

export interface Drain {
  /** Look for work: called when a record was stored. */
  readonly wake: () => void;
  /** True from a failure that is about every start until the next start that succeeds. */
  readonly isBackedOff: () => boolean;
  /** Resolves when the spool is empty, or as soon as Temporal accepts nothing. */
  readonly settled: () => Promise<void>;
  /** Begin nothing more; resolves once nothing is under way. */
  readonly stop: () => Promise<void>;
}

export interface DrainOptions {
  readonly spool: Spool;
  readonly starter: WorkflowStarter;
  /** Shared with incoming deliveries, which go first while the spool is empty. */
  readonly slots: StartSlots;
  readonly reading: Reading;
  readonly log: CappedLog;
  /** Called with the result of each start. */
  readonly onStarted?: (started: Started) => void;
  /** A clock in ms, which need not know the date; absent: the process's own. */
  readonly now?: () => number;
}

/** Longer than for an incoming delivery: nobody waits for the answer. */
const START_TIMEOUT_MS = 5 * SECOND;

/**
 * Hand the spool's records to Temporal: by lane, then by age, as many at once as there are start slots. While more comes
 * than Temporal takes, it steps back, so that what comes is stored fast, and for some seconds after a start of lane 1, so that
 * the engine has time for it. Lane 1 itself always goes.
 */
export function createDrain(options: DrainOptions): Drain {
  const { spool, slots } = options;
  const underWay = new Map<string, Promise<void>>();
  const onSettled = new Set<() => void>();
  const backoff = createBackoff(() => pump());
  const handOver = createHandOver(options, backoff);
  const giveWay = createGiveWay(() => pump(), options.now);
  let count = 0;
  let isStopped = false;

  const next = (): StoredRecord | undefined =>
    choose(options, giveWay, { number: count + 1, isUnderWay: (workflowId) => underWay.has(workflowId) });
  // After a failure a single start finds out whether Temporal accepts starts again.
  const mayBegin = (): boolean => !isStopped && !backoff.isWaiting() && !(backoff.isOn() && underWay.size > 0);
  const begin = (record: StoredRecord, release: ReleaseSlot): void => {
    count += 1;
    if (record.lane === URGENT_LANE) giveWay.beganUrgent();
    else giveWay.began();
    const done = handOver(record, release).finally(() => {
      giveWay.taken();
      underWay.delete(record.workflowId);
      release();
      pump();
    });
    underWay.set(record.workflowId, done);
  };
  const pump = (): void => {
    while (mayBegin()) {
      const record = next();
      const release = record && slots.tryTake(record.lane);
      if (record === undefined || release === undefined) break;
      begin(record, release);
    }
    if (spool.isEmpty() || backoff.isOn() || isStopped) for (const settled of onSettled) settled();
  };

  slots.onFree(pump);
  return {
    wake: () => {
      giveWay.arrived();
      pump();
    },
    isBackedOff: backoff.isOn,
    settled: () =>
      new Promise((resolve) => {
        onSettled.add(resolve);
        pump();
      }),
    stop: async () => {
      isStopped = true;
      backoff.stop();
      giveWay.stop();
      await Promise.all(underWay.values());
      pump();
    },
  };
}

interface NextStart {
  /** Counted from 1. */
  readonly number: number;
  readonly isUnderWay: (workflowId: string) => boolean;
}

/** The record that is started next; undefined: none may be now. */
function choose(
  { spool, slots }: Pick<DrainOptions, 'spool' | 'slots'>,
  giveWay: Pick<GiveWay, 'mayBegin'>,
  { number, isUnderWay }: NextStart,
): StoredRecord | undefined {
  const firstOf = (lanes: readonly Lane[]): StoredRecord | undefined => {
    for (const lane of lanes) {
      // Records are read from the disk: not while none of them may begin.
      if (!slots.isFree(lane)) continue;
      const [record] = spool.oldest(lane, 1, isUnderWay);
      if (record !== undefined) return record;
    }
    return undefined;
  };
  if (number % LOWEST_LANE_INTERVAL === 0 && giveWay.mayBegin()) return firstOf(LOWEST_FIRST);
  return firstOf(URGENT) ?? (slots.isFree(LOWEST_LANE) && giveWay.mayBegin() ? firstOf(LANES) : undefined);
}

const URGENT_LANE = 1;
const URGENT = [URGENT_LANE] as const satisfies readonly Lane[];
const LOWEST_LANE = 5;
/** The lowest lane gets one start in so many, so that its age is bounded. */
const LOWEST_LANE_INTERVAL = 16;
const LOWEST_FIRST = [LOWEST_LANE, 1, 2, 3, 4] as const satisfies readonly Lane[];

/** One record to Temporal, and out of the spool. Never rejects: what fails stays, or becomes a dead letter. */
function createHandOver(
  { spool, starter, reading, log, onStarted }: DrainOptions,
  backoff: Backoff,
): (record: StoredRecord, release: ReleaseSlot) => Promise<void> {
  const decisions = createRetryDecisions();

  const bury = async (record: StoredRecord, reason: string): Promise<void> => {
    // While the disk refuses it, it would be the first to be tried again, at once.
    if (!(await spool.addDeadLetter(record, reason))) backoff.begin();
  };

  const failed = async (record: StoredRecord, error: unknown): Promise<void> => {
    const { workflowId } = record;
    const cause = describeFailure(error);
    if (decisions.failed(workflowId, error) === 'dead-letter') {
      log.write(
        'error',
        'dead-letter',
        { workflowId, cause },
        'Temporal refuses a spooled delivery: it is a dead letter',
      );
      await bury(record, `Temporal refuses its start: ${cause}`);
      return;
    }
    log.write('warn', 'drain', { workflowId, cause }, 'a spooled delivery could not be handed to Temporal yet');
    backoff.begin();
  };

  return async (record, release) => {
    try {
      const verified = readAgain(record, reading);
      if (verified === undefined) {
        await bury(record, 'Its companyId is no longer the one that we serve.');
        return;
      }
      const started = await starter.start(verified, START_TIMEOUT_MS);
      backoff.reset();
      decisions.succeeded(record.workflowId);
      release();
      spool.remove(record);
      onStarted?.(started);
    } catch (error) {
      await failed(record, error);
    }
  };
}

/** Parsed again, since a new release may know the event by now. Undefined: it is of another company. */
function readAgain(record: StoredRecord, reading: Reading): VerifiedDelivery | undefined {
  const { workflowId, lane, delivery, rawBody } = record;
  const contents = parseBody(rawBody, reading, epochMs(delivery.signedAt));
  if (contents.kind === 'foreign') return undefined;
  const { problem: before, ...facts } = delivery;
  const verified = verifiedDelivery({ ...facts, event: contents.event, ...readingOf(contents) }, contents, rawBody);
  return before?.kind === 'conflict' ? asConflict(verified) : { ...verified, workflowId, lane };
}
