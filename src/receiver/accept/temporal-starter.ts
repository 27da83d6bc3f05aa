import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { isConflict, isContradiction } from '../../domain/conflict';
import { asConflict, workflowStart, workflowTypeOf, type VerifiedDelivery } from './start-options';
import { withTimeout } from '../../with-timeout';

/** `conflict`: the event id was known with other bytes, and these are kept now under the conflict's own workflow id. */
export type Started = 'started' | 'duplicate' | 'conflict';

/** Temporal said nothing in time: whether it started is unknown, and starting it again is harmless. */
export class StartTimeout extends Error {
  override readonly name = 'StartTimeout';
}

export interface WorkflowStarter {
  /**
   * Have the delivery's workflow started, exactly once for an event id, within `ms`.
   * @throws StartTimeout; whatever the client throws: Temporal does not take it now, or not at all.
   */
  readonly start: (received: VerifiedDelivery, ms: number) => Promise<Started>;
}

/** `client`: pending as long as Temporal has not been reached. */
export function createStarter(client: () => Promise<Client>): WorkflowStarter {
  const tryToStart = async (connected: Client, received: VerifiedDelivery): Promise<'started' | 'known'> => {
    try {
      await connected.workflow.start(workflowTypeOf(received), workflowStart(received));
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'known';
      throw error;
    }
  };

  const startOrCompare = async (received: VerifiedDelivery, endsAt: number): Promise<Started> => {
    const connected = await client();
    return connected.withDeadline(endsAt, async () => {
      if ((await tryToStart(connected, received)) === 'started') return 'started';
      // The id of a conflict names its bytes.
      if (isConflict(received.delivery)) return 'conflict';
      const first = await firstDigest(connected, received.workflowId);
      if (!isContradiction(first, received.delivery.bodyDigest)) return 'duplicate';
      await tryToStart(connected, asConflict(received));
      return 'conflict';
    });
  };

  const start = async (received: VerifiedDelivery, ms: number): Promise<Started> => {
    // The deadline bounds one attempt, not the SDK's own retries: 9 s for 1 s while connections are refused (tried).
    const outcome = await withTimeout(startOrCompare(received, Date.now() + ms), ms);
    if (outcome === 'timeout') throw new StartTimeout();
    return outcome;
  };
  return { start };
}

/** Of the body that runs under this id; undefined when its start did not say. */
async function firstDigest(client: Client, workflowId: string): Promise<string | undefined> {
  const { memo } = await client.workflow.getHandle(workflowId).describe();
  const digest = memo?.['bodyDigest'];
  return typeof digest === 'string' ? digest : undefined;
}
