import { isGrpcServiceError, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { isConflict, isContradiction } from '../../domain';
import { asConflict, type VerifiedDelivery } from '../verify';
import { createEndingOf, type WorkflowEnding } from '../../temporal';
import { workflowStart, workflowTypeOf } from './start-options';
import { withTimeout } from '../../with-timeout';

/** `conflict`: the event id was known with other bytes, and these are kept now under the conflict's own workflow id. */
export type Started = 'started' | 'duplicate' | 'conflict';

/** Temporal did not answer in time: whether it started is unknown, and starting it again is harmless. */
export class StartTimeout extends Error {
  override readonly name = 'StartTimeout';
}

export interface WorkflowStarter {
  /**
   * Have the delivery's workflow started, exactly once for an event id, within `ms`.
   * @throws StartTimeout; whatever the client throws: Temporal does not take it now, or not at all.
   */
  readonly start: (verified: VerifiedDelivery, ms: number) => Promise<Started>;
}

/** An event came again whose workflow did not end by itself: by whose hand, as Temporal has it. */
export type OnEndedFromOutside = (workflowId: string, ending: WorkflowEnding) => void;

/** `client`: pending as long as Temporal has not been reached. */
export function createStarter(
  client: () => Promise<Client>,
  onEndedFromOutside: OnEndedFromOutside = () => undefined,
): WorkflowStarter {
  const tryToStart = async (connected: Client, verified: VerifiedDelivery): Promise<'started' | 'known'> => {
    try {
      await connected.workflow.start(workflowTypeOf(verified), workflowStart(verified));
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'known';
      throw error;
    }
  };

  const startOrCompare = async (verified: VerifiedDelivery, endsAt: number): Promise<Started> => {
    const connected = await client();
    return connected.withDeadline(endsAt, async () => {
      const outcome = await tryToStart(connected, verified);
      // The id of a conflict names its bytes.
      if (isConflict(verified.delivery)) return 'conflict';
      if (outcome === 'started') return 'started';
      const first = await describeFirst(connected, verified.workflowId);
      if (!isContradiction(first.bodyDigest, verified.delivery.bodyDigest)) {
        // The answer does not wait for it.
        if (first.mayBeEndedFromOutside) void report(connected, verified.workflowId);
        return 'duplicate';
      }
      await tryToStart(connected, asConflict(verified));
      return 'conflict';
    });
  };

  const report = async (connected: Client, workflowId: string): Promise<void> => {
    const ending = await createEndingOf(connected)(workflowId);
    if (ending !== null) onEndedFromOutside(workflowId, ending);
  };

  const start = async (verified: VerifiedDelivery, ms: number): Promise<Started> => {
    // The deadline bounds one attempt, not the SDK's own retries: 9 s for 1 s while connections are refused (tried).
    const outcome = await withTimeout(startOrCompare(verified, Date.now() + ms), ms);
    if (outcome === 'timeout') throw new StartTimeout();
    return outcome;
  };
  return { start };
}

interface First {
  /** Of the body that runs under this id; undefined when its start did not say. */
  readonly bodyDigest: string | undefined;
  readonly mayBeEndedFromOutside: boolean;
}

async function describeFirst(client: Client, workflowId: string): Promise<First> {
  const { memo, status } = await client.workflow.getHandle(workflowId).describe();
  const digest = memo?.['bodyDigest'];
  return {
    bodyDigest: typeof digest === 'string' ? digest : undefined,
    mayBeEndedFromOutside: ['TERMINATED', 'FAILED', 'TIMED_OUT'].includes(status.name),
  };
}

/**
 * What a failed start is about. `record`: this one delivery, whatever Temporal does. `everything`: no start passes now.
 * gRPC's codes (https://grpc.io/docs/guides/status-codes/): only INVALID_ARGUMENT is about the request itself.
 */
export function scopeOf(error: unknown): 'record' | 'everything' {
  const code = grpcOf(error)?.code;
  return code === 3 ? 'record' : 'everything';
}

/** gRPC's code and words are about the form of our request, not its content; of any other error only the name is safe. */
export function describeFailure(error: unknown): string {
  if (error instanceof StartTimeout) return 'no answer within the time limit';
  const grpc = grpcOf(error);
  if (grpc !== undefined) return `gRPC ${grpc.code}: ${grpc.details.slice(0, 200)}`;
  return error instanceof Error ? error.name : typeof error;
}

function grpcOf(error: unknown): { readonly code: number; readonly details: string } | undefined {
  const grpc = isGrpcServiceError(error) ? error : (error as { cause?: unknown } | undefined)?.cause;
  return isGrpcServiceError(grpc) ? grpc : undefined;
}
