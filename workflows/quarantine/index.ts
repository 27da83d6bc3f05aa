import {
  allHandlersFinished,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RereadActivities } from '../../activities';
import { isInvalidRequest, readTextFields } from '../../src/domain';
import type { Delivery } from '../../src/events';
import { discardUpdate, redriveUpdate, type Outcome, type ProcessState } from '../messages';
import { openProcess, refusal, rereadEnvelope, resolveConflict, whyFailed } from '../process';
import type { Carried, ConflictResolution, Process, ProcessResult } from '../process';
import { alert, personIn } from './alert';
import { changedFields, corrected, readable } from './redrive';

type Reread = Awaited<ReturnType<RereadActivities['rereadEnvelope']>>;

const BY_A_PERSON = 'redrive or discard by a person';

/**
 * An authentic event that we cannot read, or one that contradicts another of its event id: kept with the reason, until a
 * person has it run again or throws it away. A contradicting one runs by itself when the first turns out to be a replay.
 */
export async function quarantine(
  delivery: Delivery,
  body: unknown,
  carried?: Carried<Checkpoint>,
): Promise<ProcessResult> {
  const isConflict = delivery.problem?.kind === 'conflict';
  const about = `Quarantine of ${delivery.event ?? 'an unreadable body'}: ${delivery.problem?.detail ?? 'unknown'}`;
  const process = openProcess({
    delivery,
    body,
    ...personIn(body),
    about,
    messages: ['redrive', 'discard'],
    carried,
  });
  const decision = listen(process, delivery, body, carried?.checkpoint);
  const result = await process.run({
    fact: () => null,
    body: async () => {
      const stopAlert = alert(process, delivery, body, carried === undefined);
      const asks = isConflict && carried === undefined;
      if (asks) process.inBackground(() => resolve(process, delivery, body, decision));
      const what = asks ? `what became of the first delivery of its event id; or ${BY_A_PERSON}` : BY_A_PERSON;
      const checkpoint = (): Checkpoint => ({ isFree: decision.isFree });
      await process.wait({ what, until: () => isMade(decision), checkpoint }).finally(stopAlert);
      return decision.outcome ?? 'redriven';
    },
    goesOn: (outcome) => outcome === 'redriven',
  });
  if (result.outcome !== 'redriven' || decision.reread === null) return result;
  await condition(allHandlersFinished);
  // A contradicting one that a person runs does not get the event's id: the ledger keeps both facts.
  const eventId = isConflict && !decision.isFree ? workflowInfo().workflowId : delivery.eventId;
  return goOnAs(decision.reread, delivery, eventId, decision.redriven);
}

function goOnAs(
  { workflowType, event, envelope }: Reread,
  delivery: Delivery,
  eventId: string,
  { by, corrected }: Redriven,
): Promise<never> {
  const redriven = { by, corrected, problem: delivery.problem?.detail ?? 'unknown' };
  return makeContinueAsNewFunc<(delivery: Delivery, envelope: unknown) => Promise<ProcessResult>>({ workflowType })(
    { ...readable(delivery, eventId, event), redriven },
    envelope,
  );
}

/** Beside the messages: does the first delivery stand? If not, this is the event. */
async function resolve(process: Process, delivery: Delivery, body: unknown, decision: Decision): Promise<void> {
  const resolution = await resolveConflict(delivery);
  decision.isFree = resolution === 'free';
  process.note({ what: FOUND[resolution], by: 'mindtickle', reason: null });
  if (resolution === 'free') await runByItself(process, body, decision);
  if (!isMade(decision)) process.recorder.setWaiting(BY_A_PERSON, null);
}

const FOUND = {
  stands: 'the first delivery of the event id stands',
  free: 'the first delivery of the event id was a replay: this one has the id',
} as const satisfies Record<ConflictResolution, string>;

async function runByItself(process: Process, body: unknown, decision: Decision): Promise<void> {
  try {
    const reread = await rereadEnvelope(body);
    if (isMade(decision)) return;
    decision.reread = reread;
    process.note({ what: `redrive as ${reread.workflowType}`, by: 'mindtickle', reason: null });
  } catch (error) {
    if (isCancellation(error)) throw error;
    process.note({ what: 'it cannot be read', by: 'mindtickle', reason: whyFailed(error) });
  }
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

/** Where it is at rest: what has been found out. */
type Checkpoint = Pick<Decision, 'isFree'>;

interface Decision {
  outcome: Outcome | null;
  reread: Reread | null;
  redriven: Redriven;
  /** The event id, which another delivery came with first, is this one's. */
  isFree: boolean;
}

/** Who had it run again, and the fields that they corrected. */
interface Redriven {
  readonly by: string;
  readonly corrected: readonly string[];
}

function isMade({ outcome, reread }: Decision): boolean {
  return outcome !== null || reread !== null;
}

function listen(
  process: Process,
  delivery: Delivery,
  body: unknown,
  checkpoint: Checkpoint = { isFree: false },
): Decision {
  const decision: Decision = {
    outcome: null,
    reread: null,
    redriven: { by: 'mindtickle', corrected: [] },
    isFree: checkpoint.isFree,
  };
  const requireOpen = (): void => {
    if (isMade(decision)) throw refusal('it is decided already');
  };
  const requireWaiting = (): void => {
    requireOpen();
    if (process.recorder.phase() === 'undoing') throw refusal('it is cancelled');
  };
  setHandler(
    redriveUpdate,
    async (request): Promise<ProcessState> => {
      const reread = await readAgain(corrected(delivery, body, request));
      requireOpen();
      decision.reread = reread;
      decision.redriven = { by: request.by.trim(), corrected: changedFields(body, reread.envelope) };
      process.note({
        what: `redrive as ${reread.workflowType}`,
        by: request.by,
        reason: request.data === undefined ? null : 'corrected',
      });
      return process.recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTextFields(request, ['by']);
        if (isInvalidRequest(read)) throw refusal(read.problem);
        requireWaiting();
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
        const read = readTextFields(request, ['by', 'reason']);
        if (isInvalidRequest(read)) throw refusal(read.problem);
        requireWaiting();
      },
      description: 'Throw it away: { by, reason }',
    },
  );
  return decision;
}
