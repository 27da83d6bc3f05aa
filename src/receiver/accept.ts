import { isGrpcServiceError, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { CappedLog } from './capped-log';
import { createLine } from './line';
import type { ReplayMemory } from './replays';
import { routeOf, workflowStart, type Received } from './start';
import { within } from './time-limit';

/** `unavailable`: not known to be stored. It may be: then the sender's next attempt is the duplicate. */
export type Accepted = 'started' | 'duplicate' | 'unavailable' | 'replay-limit';

export type Accept = (received: Received) => Promise<Accepted>;

export interface AcceptOptions {
  /** The client, once there is one; may stay pending. */
  readonly client: () => Promise<Client>;
  /** For the whole of one delivery, its time in line included. */
  readonly startTimeoutMs: number;
  readonly startConcurrency: number;
  readonly replays: ReplayMemory;
  readonly log: CappedLog;
}

const LOWEST_LANE = 5;

/**
 * Make a delivery durable: start its workflow, exactly once for an event id. Never rejects, and always answers within
 * `startTimeoutMs`: a Temporal that is silent frees its turns.
 */
export function createAccept({ client, startTimeoutMs, startConcurrency, replays, log }: AcceptOptions): Accept {
  const line = createLine(startConcurrency);

  const start = async (received: Received, leftMs: () => number): Promise<Accepted> => {
    const connected = await client();
    const begin = () => connected.workflow.start(routeOf(received.contents).workflowType, workflowStart(received));
    try {
      await connected.withDeadline(Date.now() + leftMs(), begin);
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'duplicate';
      throw error;
    }
  };

  const startInTurn = async (received: Received): Promise<Accepted> => {
    const endsAt = performance.now() + startTimeoutMs;
    const leftMs = (): number => Math.max(1, endsAt - performance.now());
    const { eventId } = received.delivery;
    const leave = await line.enter(received.lane ?? routeOf(received.contents).lane, leftMs());
    if (leave === 'late') return unavailable(log, eventId, 'no turn within the time limit');
    try {
      // The deadline bounds one attempt, not the SDK's own retries: 9 s for 1 s while connections are refused (tried).
      const outcome = await within(start(received, leftMs), leftMs());
      return outcome === 'late' ? unavailable(log, eventId, 'no answer within the time limit') : outcome;
    } catch (error) {
      return unavailable(log, eventId, describe(error));
    } finally {
      leave();
    }
  };

  return async (received) => {
    const { signatureDigest, eventId } = received.delivery;
    const sighting = replays.note(signatureDigest, eventId);
    if (sighting === 'over') return 'replay-limit';
    return startInTurn(sighting === 'again' ? { ...received, lane: LOWEST_LANE } : received);
  };
}

function unavailable(log: CappedLog, eventId: string, cause: string): 'unavailable' {
  log.write('warn', 'unavailable', { eventId, cause }, 'a delivery could not be handed to Temporal');
  return 'unavailable';
}

/** gRPC's code and words are about our request's form, not its content; of any other error only the name is safe. */
function describe(error: unknown): string {
  const grpc = isGrpcServiceError(error) ? error : (error as { cause?: unknown }).cause;
  if (isGrpcServiceError(grpc)) return `gRPC ${grpc.code}: ${grpc.details.slice(0, 200)}`;
  return error instanceof Error ? error.name : typeof error;
}
