import {
  allHandlersFinished,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RereadActivities } from '../../activities';
import { type Cause, isDeeper, isInvalidRequest, MAX_DEPTH, readTextFields } from '../../src/domain';
import type { Delivery, EventDelivery } from '../../src/events';
import { discardUpdate, redriveUpdate, type Outcome, type ProcessState, type RedriveRequest } from '../messages';
import {
  bodyArgument,
  bodyLength,
  MAX_BODY_BYTES,
  openProcess,
  refusal,
  rereadEnvelope,
  resolveConflict,
  whyFailed,
} from '../process';
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
    said: null,
    body: async () => {
      const stopAlert = alert(process, delivery, body, carried === undefined);
      const asks = isConflict && carried === undefined;
      if (asks) process.inBackground(() => resolve(process, delivery, body, decision));
      const what = asks ? `what became of the first delivery of its event id; or ${BY_A_PERSON}` : BY_A_PERSON;
      const checkpoint = (): Checkpoint => ({ isFree: decision.isFree });
      await process
        .wait({ what, cause: causeOf(isConflict), until: () => isMade(decision), checkpoint })
        .finally(stopAlert);
      return decision.outcome ?? 'redriven';
    },
    goesOn: (outcome) => outcome === 'redriven',
  });
  if (result.outcome !== 'redriven' || decision.redrive === null) return result;
  await condition(allHandlersFinished);
  // A contradicting one that a person runs does not get the event's id: the ledger keeps both facts.
  const eventId = isConflict && !decision.isFree ? workflowInfo().workflowId : delivery.eventId;
  return goOnAs(decision.redrive, delivery, eventId);
}

function causeOf(isConflict: boolean): Cause {
  return isConflict ? 'conflict' : 'quarantined';
}

function goOnAs({ reread, body, by, corrected }: Redrive, delivery: Delivery, eventId: string): Promise<never> {
  const { workflowType, event, data, unread } = reread;
  const redriven = { by, corrected, problem: delivery.problem?.detail ?? 'unknown' };
  return makeContinueAsNewFunc<(delivery: EventDelivery, body: unknown) => Promise<ProcessResult>>({ workflowType })(
    { ...readable(delivery, eventId, event), data, ...(unread !== undefined && { unread }), redriven },
    bodyArgument(body),
  );
}

/** Beside the messages: does the first delivery stand? If not, this is the event. */
async function resolve(process: Process, delivery: Delivery, body: unknown, decision: Decision): Promise<void> {
  const resolution = await resolveConflict(delivery);
  decision.isFree = resolution === 'free';
  process.note({ what: FOUND[resolution], by: 'mindtickle', reason: null });
  if (resolution === 'free') await runByItself(process, delivery, body, decision);
  if (!isMade(decision)) process.recorder.setWaiting({ what: BY_A_PERSON, cause: 'conflict' });
}

const FOUND = {
  stands: 'the first delivery of the event id stands',
  free: 'the first delivery of the event id was a replay: this one has the id',
} as const satisfies Record<ConflictResolution, string>;

async function runByItself(process: Process, { signedAt }: Delivery, body: unknown, decision: Decision): Promise<void> {
  try {
    const reread = await rereadEnvelope(bodyArgument(body), signedAt);
    if (isMade(decision)) return;
    decision.redrive = { reread, body, by: 'mindtickle', corrected: [] };
    process.note({ what: `redrive as ${reread.workflowType}`, by: 'mindtickle', reason: null });
  } catch (error) {
    if (isCancellation(error)) throw error;
    process.note({ what: 'it cannot be read', by: 'mindtickle', reason: whyFailed(error) });
  }
}

/** @throws a refusal that says what is wrong with it. */
async function readAgain(envelope: unknown, { signedAt }: Delivery): Promise<Reread> {
  try {
    return await rereadEnvelope(bodyArgument(envelope), signedAt);
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw refusal(whyFailed(error));
  }
}

/** Where it is at rest: what has been found out. */
type Checkpoint = Pick<Decision, 'isFree'>;

/** What is run instead: the body, corrected or as it is, what was read of it, who decided it, and the fields that differ. */
interface Redrive {
  readonly reread: Reread;
  readonly body: unknown;
  readonly by: string;
  readonly corrected: readonly string[];
}

interface Decision {
  outcome: Outcome | null;
  redrive: Redrive | null;
  /** The event id, which another delivery came with first, is this one's. */
  isFree: boolean;
}

function isMade({ outcome, redrive }: Decision): boolean {
  return outcome !== null || redrive !== null;
}

function listen(
  process: Process,
  delivery: Delivery,
  body: unknown,
  checkpoint: Checkpoint = { isFree: false },
): Decision {
  const decision: Decision = { outcome: null, redrive: null, isFree: checkpoint.isFree };
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
      const envelope = corrected(delivery, body, request);
      const reread = await readAgain(envelope, delivery);
      requireOpen();
      decision.redrive = { reread, body: envelope, by: request.by.trim(), corrected: changedFields(body, envelope) };
      process.note({
        what: `redrive as ${reread.workflowType}`,
        by: request.by,
        reason: request.reason ?? (request.data === undefined ? null : 'corrected'),
      });
      return process.recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTextFields(request, ['by'], ['reason']);
        if (isInvalidRequest(read)) throw refusal(read.problem);
        requireFitting(corrected(delivery, body, request as RedriveRequest));
        requireWaiting();
      },
      description: 'Validate and run it, as it is or corrected: { by, data?, reason? }',
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

/** What the receiver takes, too: with more, the run could not go on. */
function requireFitting(envelope: unknown): void {
  if (isDeeper(envelope, MAX_DEPTH)) throw refusal(`\`data\` is nested more than ${MAX_DEPTH} deep`);
  if (bodyLength(envelope) > MAX_BODY_BYTES) throw refusal('the corrected body is longer than 1 MiB');
}
