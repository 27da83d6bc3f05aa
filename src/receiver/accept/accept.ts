import type { CappedLog } from '../../telemetry/capped-log';
import { describeFailure } from './failures';
import type { Line } from './start-slots';
import type { ReplayMemory } from './replay-guard';
import { asConflict, type Received } from './start-options';
import type { Spool } from '../spool';
import type { Started, Starter } from './temporal-starter';

/**
 * `conflict`: known with other bytes, and these are kept too. `unavailable`: not known to be stored. It may be: then the
 * sender's next attempt is the duplicate.
 */
export type Accepted = Started | 'spooled' | 'replay-limit' | 'unavailable';

export type Accept = (received: Received) => Promise<Accepted>;

export interface AcceptOptions {
  readonly starter: Starter;
  /** Undefined: only Temporal acknowledges. */
  readonly spool: Spool | undefined;
  /** Is Temporal known not to take anything now? */
  readonly isAway: () => boolean;
  /** Called when a record has come into the spool. */
  readonly onSpooled: () => void;
  /** Shared with the drain: how many starts are under way. */
  readonly line: Line;
  readonly replays: ReplayMemory;
  /** How long a start may take before the delivery is spooled instead. */
  readonly startTimeoutMs: number;
  /** The same where only Temporal can take it: there is no spool, or it is full. */
  readonly patienceMs?: number;
  readonly log: CappedLog;
}

const PATIENCE_MS = 5000;
const LOWEST_LANE = 5;

/**
 * Make a delivery durable in at least one store: straight in Temporal while the spool is empty and a start is to be had
 * at once, else in the spool. Never rejects.
 */
export function createAccept(options: AcceptOptions): Accept {
  const { starter, spool, isAway, onSpooled, line, replays, startTimeoutMs, patienceMs = PATIENCE_MS, log } = options;

  const straight = async (received: Received, leave: () => void, ms: number): Promise<Started | 'failed'> => {
    try {
      return await starter.start(received, ms);
    } catch (error) {
      const fields = { eventId: received.delivery.eventId, cause: describeFailure(error) };
      log.write('warn', 'start', fields, 'a delivery could not be handed to Temporal');
      return 'failed';
    } finally {
      leave();
    }
  };

  const waitForTemporal = async (received: Received): Promise<Accepted> => {
    if (isAway()) return 'unavailable';
    const endsAt = performance.now() + patienceMs;
    const leave = await line.enter(received.lane, patienceMs);
    if (leave === 'late') return 'unavailable';
    const started = await straight(received, leave, Math.max(1, endsAt - performance.now()));
    return started === 'failed' ? 'unavailable' : started;
  };

  const keep = async (received: Received, into: Spool): Promise<Accepted> => {
    const put = await into.put(received);
    if (put.outcome === 'refused') return waitForTemporal(received);
    if (put.outcome === 'stored') {
      onSpooled();
      return isConflict(received) ? 'conflict' : 'spooled';
    }
    if (put.bodyDigest === received.delivery.bodyDigest) return isConflict(received) ? 'conflict' : 'duplicate';
    return keep(asConflict(received), into);
  };

  return async (received) => {
    const sighting = replays.note(received.delivery.signatureDigest, received.delivery.eventId);
    if (sighting === 'over') return 'replay-limit';
    const given: Received = sighting === 'again' ? { ...received, lane: LOWEST_LANE } : received;
    if (spool === undefined) return waitForTemporal(given);
    const leave = spool.isEmpty() ? line.tryEnter(given.lane) : undefined;
    if (leave === undefined) return keep(given, spool);
    const started = await straight(given, leave, startTimeoutMs);
    return started === 'failed' ? keep(given, spool) : started;
  };
}

function isConflict({ delivery }: Received): boolean {
  return delivery.problem?.kind === 'conflict';
}
