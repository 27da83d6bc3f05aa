/** "Still ended?": every system is read again for a leaver, by a workflow that changes nothing. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SECOND } from '../../domain';
import { addNote, findCases } from '../../ledger';
import { TASK_QUEUE } from '../../temporal';
import type { accessCheck } from '../../../workflows';
import type { AccessReport } from '../../../workflows/access-check';
import { defineOperation, refuse, type Operation } from '../operation';
import { readPeople } from '../person';
import { asking, type WorkflowDeps } from './context';
import { NO_WORKER } from './send';
import { workflowId } from './show';
import { isNoAnswer } from './temporal';

/** Less than what a request may take; the workflow itself gives up after 45 s. */
const LIMIT_MS = 25 * SECOND;

const answer = z.object({
  state: z.enum(['ended', 'open', 'absent', 'not supported', 'off', 'unknown']),
  groups: z.array(z.string()).readonly().optional(),
  why: z.string().optional(),
});

export function createAccessCheck(deps: WorkflowDeps): Operation {
  const { pool } = deps;
  return defineOperation({
    id: 'checkAccess',
    method: 'POST',
    path: '/api/leavers/{workflowId}/check',
    role: 'operator',
    summary:
      'Read the systems again: is the access of this leaver still ended? The answer is kept as a note on the case.',
    input: z.object({ workflowId }),
    output: z.object({ systems: z.record(z.string(), answer), note: z.string() }),
    handle: asking(deps, async ({ temporal: { client, within } }, input: { workflowId: string }, { by }) => {
      const [known] = await findCases(pool, [input.workflowId]);
      const userId = known?.userId ?? null;
      if (userId === null) return refuse(404, 'The ledger knows no leaver of this workflow id.');
      const email = (await readPeople(pool, [userId])).get(userId)?.email ?? null;
      // No name and no address in it: ids are public to everybody who sees the namespace.
      const checkId = `access-check:${randomUUID()}`;
      try {
        const { systems } = await within(LIMIT_MS, () =>
          client.workflow.execute<typeof accessCheck>('accessCheck', {
            workflowId: checkId,
            taskQueue: TASK_QUEUE,
            args: [{ userId, email }],
            staticSummary: 'Is access still ended?',
            workflowExecutionTimeout: '2 minutes',
            priority: { priorityKey: 1 },
          }),
        );
        const note = describeCheck(systems);
        await addNote(pool, { workflowId: input.workflowId, text: note, by });
        return { systems: { ...systems }, note };
      } catch (error) {
        if (isNoAnswer(error)) return refuse(503, NO_WORKER);
        throw error;
      }
    }),
  });
}

const LABELS = { identity: 'Sign-in', salesforce: 'CRM', slack: 'Chat' } as const;

const STATES = {
  ended: 'ended',
  open: 'OPEN AGAIN',
  absent: 'no account found',
  'not supported': 'cannot be read',
  off: 'not connected',
  unknown: 'not known',
} as const;

/** One line for a person: `Access was read again. Sign-in: ended, in 2 groups; CRM: OPEN AGAIN; …` */
export function describeCheck(systems: AccessReport['systems']): string {
  const all = (['identity', 'salesforce', 'slack'] as const).map((system) => {
    const found = systems[system];
    const groups = ('groups' in found ? found.groups : undefined)?.length ?? 0;
    const member = groups > 0 ? `, still in ${groups} group${groups === 1 ? '' : 's'}` : '';
    const why = 'why' in found ? ` (${found.why})` : '';
    return `${LABELS[system]}: ${STATES[found.state]}${member}${why}`;
  });
  return `Access was read again. ${all.join('; ')}.`;
}
