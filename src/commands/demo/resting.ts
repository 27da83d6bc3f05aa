import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { stateQuery, type Outcome, type Phase, type ProcessState } from '../../../workflows/messages';

/** Where a workflow came to rest: ended, or waiting for its person or deadline with nothing under way. */
export interface Rest {
  readonly workflowType: string;
  /** Temporal's status: RUNNING, COMPLETED, … */
  readonly status: string;
  readonly phase: Phase | null;
  readonly outcome: Outcome | null;
  readonly steps: ProcessState['steps'];
}

const POLL_MS = 200;
/** A workflow without state (module progress) answers no query. */
const NO_STATE = { phase: null, outcome: null, steps: [] } as const;

/**
 * Wait until the workflow rests, `lastStep` included, or `limitMs` are over; then it is as it is. Null: there is none.
 */
export async function untilResting(
  client: Client,
  workflowId: string,
  lastStep: string | undefined,
  limitMs: number,
): Promise<Rest | null> {
  const handle = client.workflow.getHandle(workflowId);
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const rest = await look(handle);
    if ((rest !== null && isResting(rest, lastStep)) || performance.now() >= endsAt) return rest;
    await sleep(POLL_MS);
  }
}

function isResting({ status, phase, steps }: Rest, lastStep: string | undefined): boolean {
  if (status !== 'RUNNING') return true;
  if (lastStep !== undefined && !steps.some(({ step }) => step === lastStep)) return false;
  return (phase === 'waiting' || phase === 'parked') && !steps.some((step) => step.status === 'running');
}

async function look(handle: WorkflowHandle): Promise<Rest | null> {
  try {
    const { type, status } = await handle.describe();
    const state = await handle.query(stateQuery).catch(() => resultOf(handle, status.name));
    return { workflowType: type, status: status.name, phase: state.phase, outcome: state.outcome, steps: state.steps };
  } catch {
    return null;
  }
}

async function resultOf(
  handle: WorkflowHandle,
  status: string,
): Promise<Pick<ProcessState, 'steps'> & Pick<Rest, 'phase' | 'outcome'>> {
  if (status !== 'COMPLETED') return NO_STATE;
  const { outcome } = (await handle.result()) as { outcome: Outcome };
  return { phase: 'done', outcome, steps: [] };
}
