/** What is known of the state of a workflow: what it says while it runs, what it said at its end, else nothing. */
import { z } from 'zod';
import type { FinalState } from '../../ledger';
import type { HistoryEntry, Notified, ProcessState, StepState } from '../../../workflows/messages';

export interface KnownState {
  readonly source: 'running' | 'ended';
  readonly steps: readonly StepState[];
  readonly history: readonly HistoryEntry[];
  readonly notified: readonly Notified[];
  readonly phase: string | null;
  /** What it waits for, as a sentence. */
  readonly waitingFor: string | null;
  readonly deadline: string | null;
  /** How many entries the history has lost. */
  readonly forgotten: number;
  /** As it answered, while it runs. */
  readonly answer: ProcessState | null;
}

function runningState(answer: ProcessState): KnownState {
  const { steps, history, notified, phase, waitingFor, deadline, forgotten = 0 } = answer;
  return { source: 'running', steps, history, notified, phase, waitingFor, deadline, forgotten, answer };
}

const steps = z.array(
  z.object({
    step: z.string(),
    title: z.string(),
    status: z.enum(['running', 'done', 'would do', 'skipped', 'parked', 'undone', 'dropped']),
    detail: z.string().nullable(),
    at: z.string(),
  }),
);
const history = z.array(z.object({ at: z.string(), what: z.string(), by: z.string(), reason: z.string().nullable() }));
const notified = z.array(z.object({ role: z.string(), channel: z.string(), notification: z.string(), at: z.string() }));

/** As far as it can be read: a newer release may write more, an older one less. Undefined: nothing. */
export function endedState(final: FinalState | null): KnownState | undefined {
  const read = steps.safeParse(final?.steps);
  if (final === null || !read.success) return undefined;
  return {
    source: 'ended',
    steps: read.data,
    history: history.safeParse(final.history).data ?? [],
    notified: notified.safeParse(final.notified).data ?? [],
    phase: 'done',
    waitingFor: null,
    deadline: null,
    answer: null,
    forgotten: z.number().safeParse((final as { forgotten?: unknown }).forgotten).data ?? 0,
  };
}

/** How many are asked at the same time: each may wake a workflow on a worker. */
const LANES = 8;

/** Ask each of these, a few at a time. Those that answer. */
export async function askAll(
  workflowIds: readonly string[],
  stateOf: (workflowId: string) => Promise<ProcessState | undefined>,
): Promise<ReadonlyMap<string, KnownState>> {
  const answers = new Map<string, KnownState>();
  const queue = workflowIds.values();
  const lane = async (): Promise<void> => {
    for (const workflowId of queue) {
      const state = await stateOf(workflowId);
      if (state !== undefined) answers.set(workflowId, runningState(state));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return answers;
}
