import type { Pool } from 'pg';
import { closeGone, markSeen, staleWorkflows } from '../../src/ledger';
import { askLedger } from './call';

/** Does Temporal run it? `unknown`: it did not say. Never rejects, and answers within a few seconds. */
export type IsRunning = (workflowId: string) => Promise<boolean | 'unknown'>;

/** How many workflows were asked after, and how many of them are gone. */
export interface Looked {
  readonly asked: number;
  readonly closed: number;
  /** There may be more that have been quiet: ask again. */
  readonly more: boolean;
}

export interface QuietActivities {
  /**
   * Look after a hundred of the workflows of which nothing was heard for a day, and close what is gone. One that Temporal
   * says nothing of stays as it is, for the next time. @throws `ledger.unavailable` (retries).
   */
  closeGone(): Promise<Looked>;
}

export interface QuietDeps {
  readonly pool: Pool;
  readonly isRunning: IsRunning;
}

const BATCH = 100;
const AT_ONCE = 10;

export function createQuietActivities({ pool, isRunning }: QuietDeps): QuietActivities {
  return {
    closeGone: async () => {
      const quiet = await askLedger(() => staleWorkflows(pool, BATCH));
      const { running, ended, isAnswered } = await lookAfter(quiet, isRunning);
      await askLedger(() => markSeen(pool, running));
      for (const workflowId of ended) await askLedger(() => closeGone(pool, workflowId));
      return {
        asked: running.length + ended.length,
        closed: ended.length,
        // What was not answered is quiet still, and would be asked at once again.
        more: quiet.length === BATCH && isAnswered,
      };
    },
  };
}

interface Found {
  readonly running: readonly string[];
  readonly ended: readonly string[];
  /** Of every one it is known. */
  readonly isAnswered: boolean;
}

/** A few at once; where Temporal says nothing of any of them, it is not asked for the rest. */
async function lookAfter(workflowIds: readonly string[], isRunning: IsRunning): Promise<Found> {
  const found: { readonly workflowId: string; readonly runs: boolean | 'unknown' }[] = [];
  for (let next = 0; next < workflowIds.length; next += AT_ONCE) {
    const asked = workflowIds.slice(next, next + AT_ONCE);
    const answers = await Promise.all(
      asked.map(async (workflowId) => ({ workflowId, runs: await isRunning(workflowId) })),
    );
    found.push(...answers);
    if (answers.every(({ runs }) => runs === 'unknown')) break;
  }
  const those = (wanted: boolean): readonly string[] =>
    found.filter(({ runs }) => runs === wanted).map(({ workflowId }) => workflowId);
  const [running, ended] = [those(true), those(false)];
  return { running, ended, isAnswered: running.length + ended.length === workflowIds.length };
}
