import { isConflict, isContradiction } from '../../domain/conflict';
import type { CappedLog } from '../../telemetry';
import { describeFailure } from './failures';
import type { StartSlots } from './start-slots';
import type { ReplayGuard } from './replay-guard';
import { asConflict, type PendingDelivery, type VerifiedDelivery } from './start-options';
import type { Started, WorkflowStarter } from './temporal-starter';

/**
 * `conflict`: known with other bytes, and these are kept too. `unavailable`: not known to be stored. It may be: then the
 * sender's next attempt is the duplicate.
 */
export type Accepted = Started | 'spooled' | 'replay-limit' | 'unavailable';

export type Accept = (received: VerifiedDelivery) => Promise<Accepted>;

/** Why nothing can be stored: a limit of ours is reached; the disk is full or fails, or the directory was replaced. */
export type StoreRefusal = 'full' | 'disk';

/** `known`: one with this workflow id was there already, with these bytes. `refused`: nothing was stored. */
export type Put =
  | { readonly outcome: 'stored' }
  | { readonly outcome: 'known'; readonly bodyDigest: string }
  | { readonly outcome: 'refused'; readonly cause: StoreRefusal };

/** Keeps deliveries until Temporal has them: the spool, for this folder. */
export interface DeliveryStore {
  /** `stored` and `known` are durable when it resolves. Never rejects. */
  readonly put: (delivery: PendingDelivery) => Promise<Put>;
  /** True while there is no delivery, stored or under way. */
  readonly isEmpty: () => boolean;
}

export interface AcceptOptions {
  readonly starter: WorkflowStarter;
  /** Undefined: only Temporal acknowledges. */
  readonly spool: DeliveryStore | undefined;
  /** Is Temporal known not to take anything now? */
  readonly isTemporalAway: () => boolean;
  /** Called when a record has come into the spool. */
  readonly onSpooled: () => void;
  /** Shared with the drain: how many starts are under way. */
  readonly slots: StartSlots;
  readonly replayGuard: ReplayGuard;
  /** How long a start may take before the delivery is spooled instead. */
  readonly startTimeoutMs: number;
  /** The same where only Temporal can take it: there is no spool, or it is full. */
  readonly temporalOnlyTimeoutMs?: number;
  readonly log: CappedLog;
}

const TEMPORAL_ONLY_TIMEOUT_MS = 5000;
const LOWEST_LANE = 5;

/**
 * Make a delivery durable in at least one store: straight in Temporal while the spool is empty and a start is to be had
 * at once, else in the spool. Never rejects.
 */
export function createAccept(options: AcceptOptions): Accept {
  const {
    starter,
    spool,
    isTemporalAway,
    onSpooled,
    slots,
    replayGuard,
    startTimeoutMs,
    temporalOnlyTimeoutMs = TEMPORAL_ONLY_TIMEOUT_MS,
    log,
  } = options;

  const straight = async (received: VerifiedDelivery, release: () => void, ms: number): Promise<Started | 'failed'> => {
    try {
      return await starter.start(received, ms);
    } catch (error) {
      const fields = { eventId: received.delivery.eventId, cause: describeFailure(error) };
      log.write('warn', 'start', fields, 'a delivery could not be handed to Temporal');
      return 'failed';
    } finally {
      release();
    }
  };

  const waitForTemporal = async (received: VerifiedDelivery): Promise<Accepted> => {
    if (isTemporalAway()) return 'unavailable';
    const endsAt = performance.now() + temporalOnlyTimeoutMs;
    const release = await slots.take(received.lane, temporalOnlyTimeoutMs);
    if (release === 'timeout') return 'unavailable';
    const started = await straight(received, release, Math.max(1, endsAt - performance.now()));
    return started === 'failed' ? 'unavailable' : started;
  };

  const keep = async (received: VerifiedDelivery, into: DeliveryStore): Promise<Accepted> => {
    const put = await into.put(received);
    if (put.outcome === 'refused') return waitForTemporal(received);
    if (put.outcome === 'stored') {
      onSpooled();
      return isConflict(received.delivery) ? 'conflict' : 'spooled';
    }
    if (isContradiction(put.bodyDigest, received.delivery.bodyDigest)) return keep(asConflict(received), into);
    return isConflict(received.delivery) ? 'conflict' : 'duplicate';
  };

  return async (received) => {
    const sighting = replayGuard.note(received.delivery.signatureDigest, received.delivery.eventId);
    if (sighting === 'over') return 'replay-limit';
    const given: VerifiedDelivery = sighting === 'again' ? { ...received, lane: LOWEST_LANE } : received;
    if (spool === undefined) return waitForTemporal(given);
    const release = spool.isEmpty() ? slots.tryTake(given.lane) : undefined;
    if (release === undefined) return keep(given, spool);
    const started = await straight(given, release, startTimeoutMs);
    return started === 'failed' ? keep(given, spool) : started;
  };
}
