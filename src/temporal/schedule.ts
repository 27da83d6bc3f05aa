import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import { TASK_QUEUE } from './names';

/** Fast enough that the ledger forgets in small pieces; nobody waits for it. */
const EVERY = '15 minutes';

/** After an outage the next time is soon enough: what was missed is not made up for. */
const CATCH_UP = '1 minute';

/**
 * See to it that the workflow `housekeeping` is started every quarter of an hour, never twice at once. Idempotent, and
 * repairs what was changed; one that somebody has paused stays paused.
 * @throws Error when the server refuses.
 */
export async function ensureHousekeeping(
  client: Pick<Client, 'schedule'>,
  companyId: string,
): Promise<{ readonly id: string; readonly was: 'created' | 'kept' }> {
  const wanted = housekeepingSchedule(companyId);
  const id = wanted.scheduleId;
  try {
    await client.schedule.create(wanted);
    return { id, was: 'created' };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const { spec, action, policies } = wanted;
  await client.schedule.getHandle(id).update(({ state }) => ({ spec, action, policies, state }));
  return { id, was: 'kept' };
}

/** Whether it is started, and why not where somebody has paused it. @throws Error as the server refuses. */
export async function readHousekeeping(
  client: Pick<Client, 'schedule'>,
  companyId: string,
): Promise<{ readonly is: 'running' | 'missing' } | { readonly is: 'paused'; readonly note: string }> {
  try {
    const { state } = await client.schedule.getHandle(housekeepingId(companyId)).describe();
    return state.paused ? { is: 'paused', note: state.note ?? '' } : { is: 'running' };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return { is: 'missing' };
    throw error;
  }
}

function housekeepingId(companyId: string): string {
  return `housekeeping:${companyId}`;
}

/** Temporal adds the time to the workflow id of each start. */
function housekeepingSchedule(companyId: string) {
  const id = housekeepingId(companyId);
  return {
    scheduleId: id,
    spec: { intervals: [{ every: EVERY }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'housekeeping',
      workflowId: id,
      taskQueue: TASK_QUEUE,
      args: [],
      staticSummary: 'Housekeeping: the ledger forgets what is old',
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
  } as const satisfies ScheduleOptions;
}
