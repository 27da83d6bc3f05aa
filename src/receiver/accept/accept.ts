import { isConflict, isContradiction } from '../../domain';
import type { CappedLog } from '../../telemetry';
import type { StartSlots } from './start-slots';
import type { ReplayGuard } from './replay-guard';
import { asConflict, type PendingDelivery, type VerifiedDelivery } from '../verify';
import { describeFailure, type Started, type WorkflowStarter } from './temporal-starter';

/**
 * `conflict`: known with other bytes, and these are kept too. `unavailable`: not known to be stored. It may be: then the
 * sender's next attempt is the duplicate.
 */
export type Accepted = Started | 'spooled' | 'replay-limit' | 'unavailable';

export type Accept = (verified: VerifiedDelivery) => Promise<Accepted>;

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

  const startNow = async (verified: VerifiedDelivery, release: () => void, ms: number): Promise<Started | 'failed'> => {
    try {
      return await starter.start(verified, ms);
    } catch (error) {
      const fields = { eventId: verified.delivery.eventId, cause: describeFailure(error) };
      log.write('warn', 'start', fields, 'a delivery could not be handed to Temporal');
      return 'failed';
    } finally {
      release();
    }
  };

  const waitForTemporal = async (verified: VerifiedDelivery): Promise<Accepted> => {
    if (isTemporalAway()) return 'unavailable';
    const endsAt = performance.now() + temporalOnlyTimeoutMs;
    const release = await slots.take(verified.lane, temporalOnlyTimeoutMs);
    if (release === 'timeout') return 'unavailable';
    const started = await startNow(verified, release, Math.max(1, endsAt - performance.now()));
    return started === 'failed' ? 'unavailable' : started;
  };

  const keep = async (verified: VerifiedDelivery, into: DeliveryStore): Promise<Accepted> => {
    const put = await into.put(verified);
    if (put.outcome === 'refused') return waitForTemporal(verified);
    if (put.outcome === 'stored') {
      onSpooled();
      return isConflict(verified.delivery) ? 'conflict' : 'spooled';
    }
    if (isContradiction(put.bodyDigest, verified.delivery.bodyDigest)) return keep(asConflict(verified), into);
    return isConflict(verified.delivery) ? 'conflict' : 'duplicate';
  };

  return async (verified) => {
    const sighting = replayGuard.note(verified.delivery.signatureDigest, verified.delivery.eventId);
    if (sighting === 'over') return 'replay-limit';
    const ranked: VerifiedDelivery = sighting === 'again' ? { ...verified, lane: LOWEST_LANE } : verified;
    if (spool === undefined) return waitForTemporal(ranked);
    const release = spool.isEmpty() ? slots.tryTake(ranked.lane) : undefined;
    if (release === undefined) return keep(ranked, spool);
    const started = await startNow(ranked, release, startTimeoutMs);
    return started === 'failed' ? keep(ranked, spool) : started;
  };
}
