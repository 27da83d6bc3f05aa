import type { Pool } from 'pg';
import { closeGone, type Ending } from '../../src/ledger';
import { askLedger, unavailable } from '../failure';

/** Does Temporal run it? `unknown`: it did not say. Never rejects, and answers within a few seconds. */
export type IsRunning = (workflowId: string) => Promise<boolean | 'unknown'>;

/** What Temporal knows of workflows. */
export interface WorkflowStatus {
  readonly isRunning: IsRunning;
  /** Whose hand ended it; null: nobody's, or Temporal does not say. Never rejects. */
  readonly endingOf: (workflowId: string) => Promise<Ending | null>;
}

/** What a row of the ledger claims for its workflow is true only as long as that runs: it may have been terminated. */
export interface Claims {
  /**
   * Of these workflows those that run. The others are closed in the ledger, so that nobody relies on them.
   * @throws `temporal.unavailable` (retries) while Temporal does not say.
   */
  readonly running: (workflowIds: readonly string[]) => Promise<readonly string[]>;
  /** It does not run. */
  readonly close: (workflowId: string) => Promise<void>;
}

const AT_ONCE = 10;

export function createClaims(pool: Pool, { isRunning, endingOf }: WorkflowStatus): Claims {
  async function close(workflowId: string): Promise<void> {
    const ending = await endingOf(workflowId);
    await askLedger(() => closeGone(pool, workflowId, ending));
  }

  async function isAlive(workflowId: string): Promise<boolean> {
    const runs = await isRunning(workflowId);
    if (runs === 'unknown') throw unavailable('temporal', 'did not say whether a workflow runs');
    if (!runs) await close(workflowId);
    return runs;
  }

  async function running(workflowIds: readonly string[]): Promise<readonly string[]> {
    const alive: string[] = [];
    for (let next = 0; next < workflowIds.length; next += AT_ONCE) {
      const some = workflowIds.slice(next, next + AT_ONCE);
      const answers = await Promise.all(some.map(isAlive));
      alive.push(...some.filter((_, index) => answers[index]));
    }
    return alive;
  }

  return { running, close };
}
