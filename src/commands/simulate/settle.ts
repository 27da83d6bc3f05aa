import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { JournalLine } from '../../dev/stand-ins';
import { check, type ListedRun, type Verdict } from './checker';
import type { Mindtickle } from './mindtickle';
import { eventPrefix, type Plan } from './plan';
import type { Progress } from './progress';

/** A list of a thousand workflows is not asked for every moment. */
const pollMsFor = (count: number): number => Math.min(5000, Math.max(300, 20 * count));
/** Nothing has changed for so long: what is missing does not come any more. */
const IDLE_LIMIT_MS = 60_000;
/** The development server under seventy offboardings at once was seen to list none for a minute, and to go on. */
const SILENT_LIMIT_MS = 300_000;
/** Its effects follow a workflow's rest, and Temporal's list follows both. */
const LATE_EFFECTS_MS = 10_000;

interface SettleOptions {
  readonly client: Client;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly mindtickle: Mindtickle;
  /** Of deliveries that have all come to their end. */
  readonly journal: readonly JournalLine[];
  readonly plan: Plan;
  readonly run: string;
}

/** Wait until every workflow is at rest with its effects, or nothing goes on any more. */
export async function settle(options: SettleOptions): Promise<Verdict> {
  const { client, progress, signal, mindtickle, journal, plan, run } = options;
  let last = { text: '', at: performance.now() };
  let answeredAt = performance.now();
  for (;;) {
    const idleMs = (): number => performance.now() - last.at;
    // A busy Temporal is asked again.
    const seen = await Promise.all([listRuns(client, run), mindtickle.state()]).catch((error: unknown) => {
      if (signal.aborted || performance.now() - answeredAt > SILENT_LIMIT_MS) throw error;
      // Nothing is known of this time.
      last = { ...last, at: performance.now() };
      return undefined;
    });
    if (seen !== undefined) {
      answeredAt = performance.now();
      const [runs, state] = seen;
      const verdict = check({ events: plan.events, journal, runs, state });
      const text = JSON.stringify(verdict);
      if (text !== last.text) last = { text, at: performance.now() };
      progress.show(restLine(verdict));
      if (verdict.isAtRest && (verdict.faults.length === 0 || idleMs() > LATE_EFFECTS_MS)) return verdict;
      if (idleMs() > IDLE_LIMIT_MS) return verdict;
    }
    await sleep(pollMsFor(plan.events.length), undefined, { signal });
  }
}

function restLine({ total }: Verdict): string {
  const { started, ended, waiting, parked, effects, expectedEffects } = total;
  return `${started} started · ${ended + waiting + parked} at rest · ${effects} of ${expectedEffects} effects`;
}

async function listRuns(client: Client, run: string): Promise<readonly ListedRun[]> {
  const runs: ListedRun[] = [];
  for await (const listed of client.workflow.list({ query: `WorkflowId STARTS_WITH "${eventPrefix(run)}"` })) {
    const phase = listed.typedSearchAttributes.getAll().find(({ key }) => key.name === 'MindticklePhase')?.value;
    runs.push({
      workflowId: listed.workflowId,
      status: listed.status.name,
      phase: typeof phase === 'string' ? phase : null,
    });
  }
  return runs;
}
