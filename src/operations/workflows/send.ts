/** One message to one workflow: what can go wrong is told apart, in bounded time. */
import { createHash, randomUUID } from 'node:crypto';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowHandle,
} from '@temporalio/client';
import { CASE_MESSAGES, SECOND, takesMessage, type CaseMessageName } from '../../domain';
import { refuse, type Refused } from '../operation';
import type { ProcessState } from '../../../workflows/messages';
import { payloadOf, type Body } from './bodies';
import { codeOf, isNoAnswer, type Listed, type Temporal } from './temporal';

/** How long a worker has to take an update, and then to carry it out. */
const TAKEN_WITHIN_MS = 5 * SECOND;
const DONE_WITHIN_MS = 7 * SECOND;

export interface Sending {
  readonly message: CaseMessageName;
  readonly body: Body;
  /** The name of the credential. */
  readonly by: string;
}

export interface Sent {
  /** Null: no worker has answered what came of it. */
  readonly state: ProcessState | null;
  readonly note: string;
}

const DONE = 'done';
const UNDER_WAY = 'it is taken, and under way';

/** Of a workflow that runs. `found`: as it was described just now. */
export async function send(temporal: Temporal, found: Listed, sending: Sending): Promise<Sent | Refused> {
  const { message } = sending;
  if (found.status !== 'running') return refuse(409, `it has ended (${found.status}): \`${message}\` comes too late`);
  if (!takesMessage(found.workflowType, message))
    return refuse(409, `a workflow of type ${found.workflowType} does not take \`${message}\``);
  try {
    return await (CASE_MESSAGES[message].kind === 'signal' ? signal : update)(temporal, found, sending);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || codeOf(error) === GRPC_NOT_FOUND)
      return refuse(409, `it ended just now: \`${message}\` came too late`);
    throw error;
  }
}

const GRPC_NOT_FOUND = 5;

/** Temporal keeps a signal until a worker comes; the workflow drops the same words within an hour. */
async function signal(
  temporal: Temporal,
  { workflowId, runId }: Listed,
  { message, body, by }: Sending,
): Promise<Sent> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  await temporal.within(TAKEN_WITHIN_MS, () => handle.signal(message, payloadOf(message, body, by)));
  const answer = await temporal.state(workflowId);
  if ('state' in answer) return { state: answer.state, note: DONE };
  return { state: null, note: `it is kept in Temporal for the run ${runId}; no worker answers what came of it yet` };
}

async function update(
  temporal: Temporal,
  { workflowId }: Listed,
  { message, body, by }: Sending,
): Promise<Sent | Refused> {
  const payload = payloadOf(message, body, by);
  const updateId = updateIdOf(message, body, by);
  const handle: WorkflowHandle = temporal.client.workflow.getHandle(workflowId);
  try {
    const taken = await temporal.within(TAKEN_WITHIN_MS, () =>
      handle.startUpdate<ProcessState, [Body]>(message, { args: [payload], updateId, waitForStage: 'ACCEPTED' }),
    );
    const state = await temporal.within(DONE_WITHIN_MS, () => taken.result()).catch(ifUnderWay);
    return { state: state ?? null, note: state === undefined ? UNDER_WAY : DONE };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return refuse(409, messageOf(error.cause));
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isNoAnswer(error)) return refuse(503, NO_WORKER);
    throw error;
  }
}

export const NO_WORKER =
  'no worker answered within five seconds. It may still be carried out once one runs; asked again with the same requestId, it is done once';

/**
 * Temporal keeps the answer to an update id: of a caller that names its request, a repetition gets the first answer. Without
 * one each call is an update of its own, which the workflow's validators judge: a step may be retried many times.
 */
function updateIdOf(message: CaseMessageName, body: Body, by: string): string {
  const { requestId } = body;
  if (typeof requestId !== 'string') return randomUUID();
  return createHash('sha256')
    .update(JSON.stringify([by, message, requestId]))
    .digest('hex')
    .slice(0, 40);
}

function ifUnderWay(error: unknown): undefined {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isNoAnswer(error)) return undefined;
  throw error;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'the workflow refused it';
}
