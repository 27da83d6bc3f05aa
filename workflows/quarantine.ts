import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  setHandler,
} from '@temporalio/workflow';
import type { ReadingActivities } from '../activities';
import { isRefusal, readTexts } from '../src/domain/requests';
import type { Delivery } from '../src/events';
import { discardUpdate, redriveUpdate, type Outcome, type ProcessState, type RedriveRequest } from './messages';
import { openProcess, type Process, type ProcessResult } from './process';
import { rereadEnvelope, whyFailed } from './retries';

type Reread = Awaited<ReturnType<ReadingActivities['rereadEnvelope']>>;

/** An authentic event that we cannot read: kept with the reason, until a person has it run again or throws it away. */
export async function quarantine(delivery: Delivery, body: unknown): Promise<ProcessResult> {
  const about = `Quarantine of ${delivery.event ?? 'an unreadable body'}: ${delivery.problem?.detail ?? 'unknown'}`;
  const process = openProcess({ delivery, userId: '', about, messages: ['redrive', 'discard'] });
  const decision = listen(process, delivery, body);
  const result = await process.run(
    () => null,
    async () => {
      const what = 'redrive or discard by a person';
      await process.wait({ what, until: () => decision.outcome !== null || decision.reread !== null });
      return decision.outcome ?? 'redriven';
    },
    { goesOn: (outcome) => outcome === 'redriven' },
  );
  if (result.outcome !== 'redriven' || decision.reread === null) return result;
  const { workflowType, event, envelope } = decision.reread;
  await condition(allHandlersFinished);
  return makeContinueAsNewFunc<(delivery: Delivery, envelope: unknown) => Promise<ProcessResult>>({ workflowType })(
    readable(delivery, event),
    envelope,
  );
}

/** @throws a refusal that says what is wrong with it. */
async function readAgain(envelope: unknown): Promise<Reread> {
  try {
    return await rereadEnvelope(envelope);
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw refusal(whyFailed(error));
  }
}

/** Thrown by a handler it fails the update alone, with this sentence as its message. */
function refusal(why: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'quarantine.refused', message: why, nonRetryable: true });
}

interface Decision {
  outcome: Outcome | null;
  reread: Reread | null;
}

function listen(process: Process, delivery: Delivery, body: unknown): Decision {
  const decision: Decision = { outcome: null, reread: null };
  const requireOpen = (): void => {
    if (decision.outcome !== null || decision.reread !== null) throw refusal('it is decided already');
  };
  setHandler(
    redriveUpdate,
    async (request): Promise<ProcessState> => {
      const reread = await readAgain(corrected(delivery, body, request));
      requireOpen();
      decision.reread = reread;
      process.note({
        what: `redrive as ${reread.workflowType}`,
        by: request.by,
        reason: request.data === undefined ? null : 'corrected',
      });
      return process.recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTexts(request, ['by']);
        if (isRefusal(read)) throw new Error(read.refused);
        requireOpen();
      },
      description: 'Validate and run it, as it is or corrected: { by, data? }',
    },
  );
  setHandler(
    discardUpdate,
    ({ by, reason }): ProcessState => {
      decision.outcome = 'discarded';
      process.note({ what: 'discard', by, reason });
      return process.recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTexts(request, ['by', 'reason']);
        if (isRefusal(read)) throw new Error(read.refused);
        requireOpen();
      },
      description: 'Throw it away: { by, reason }',
    },
  );
  return decision;
}

/** `data` replaces the event's data; a whole envelope (with `event` and `data`) replaces all of it. */
function corrected({ problem }: Delivery, body: unknown, { data }: RedriveRequest): unknown {
  if (data === undefined) return body;
  const isWhole = typeof data === 'object' && data !== null && 'event' in data && 'data' in data;
  if (isWhole || problem?.kind === 'not-json' || problem?.kind === 'no-envelope') return data;
  return { ...(body as object), data };
}

/** The delivery as it would have come, had it been readable. */
function readable({ eventId, signedAt, receivedAt, signatureDigest, bodyDigest }: Delivery, event: string): Delivery {
  return { eventId, event, signedAt, receivedAt, signatureDigest, bodyDigest };
}
