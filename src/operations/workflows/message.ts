/** The operations of single messages: one for each, with its own body. */
import { z } from 'zod';
import { CASE_MESSAGE_NAMES, CASE_MESSAGES, type CaseMessageName } from '../../domain';
import { findCaseOfEvent } from '../../ledger';
import { defineOperation, isRefused, refuse, type Caller, type Operation, type Refused } from '../operation';
import type { ProcessState } from '../../../workflows/messages';
import { bodyOf, type Body } from './bodies';
import { asking, type Asking, type WorkflowDeps } from './context';
import { send, type Sent } from './send';
import { findLatest, NEVER, processState, workflowId } from './show';

const sent = z.object({ state: processState.nullable(), note: z.string() });

export function createMessages(deps: WorkflowDeps): readonly Operation[] {
  return CASE_MESSAGE_NAMES.map((message) =>
    defineOperation({
      id: `send${message.charAt(0).toUpperCase()}${message.slice(1)}`,
      method: 'POST',
      path: `/api/workflows/{workflowId}/messages/${message}`,
      role: 'operator',
      summary: CASE_MESSAGES[message].does,
      input: bodyOf(message).extend({ workflowId }),
      output: sent,
      handle: asking(deps, async (asked, body: Body, caller) => {
        const answer = await sendOne(asked, message, body, caller);
        const { workflowId: id } = body;
        const refused = isRefused(answer) ? answer.refused.detail : undefined;
        deps.log.info({ workflowId: id, message, by: caller.by, refused }, 'message of a person');
        if (refused === undefined) deps.onChange?.('workflows');
        return answer as z.input<typeof sent> | Refused;
      }),
    }),
  );
}

async function sendOne(asked: Asking, message: CaseMessageName, body: Body, { by }: Caller): Promise<Sent | Refused> {
  const id = String(body['workflowId']);
  const found = await findLatest(asked, id);
  if (found === null) {
    const known = await findCaseOfEvent(asked.sources.pool, id);
    return known === null ? refuse(404, NEVER) : refuse(409, 'it has ended, and Temporal has removed it since');
  }
  if (body['step'] === undefined && (message === 'retryStep' || message === 'skipStep'))
    return sendToParked(asked, message, body, by, found);
  return send(asked.temporal, found, { message, body, by });
}

/** Without a step it is about all that are parked. */
async function sendToParked(
  { temporal }: Asking,
  message: 'retryStep' | 'skipStep',
  body: Body,
  by: string,
  found: NonNullable<Awaited<ReturnType<typeof findLatest>>>,
): Promise<Sent | Refused> {
  const answer = await temporal.state(found.workflowId);
  if (found.status === 'running' && !('state' in answer))
    return refuse(503, 'no worker answers which steps are parked');
  const parked = 'state' in answer ? parkedIn(answer.state) : [];
  // Its validator says why.
  if (parked.length === 0) return send(temporal, found, { message, body: { ...body, step: '-' }, by });
  let last: Sent | Refused | undefined;
  for (const step of parked) {
    last = await send(temporal, found, { message, body: { ...body, step, requestId: requestOf(body, step) }, by });
    if (isRefused(last)) return last;
  }
  return last ?? refuse(409, 'no step is parked');
}

function requestOf({ requestId }: Body, step: string): string | undefined {
  return typeof requestId === 'string' ? `${requestId}.${step}` : undefined;
}

function parkedIn({ steps }: ProcessState): readonly string[] {
  return steps.filter(({ status }) => status === 'parked').map(({ step }) => step);
}
