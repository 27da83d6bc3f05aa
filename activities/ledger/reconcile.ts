import type { Pool } from 'pg';
import { markSeen, staleWorkflows } from '../../src/ledger';
import { askLedger } from '../failure';
import { createClaims, type IsRunning, type WorkflowStatus } from './claims';

/** How many workflows were checked, and how many of them are gone. */
export interface Reconciled {
  readonly asked: number;
  readonly closed: number;
  /** There may be more: call again. */
  readonly more: boolean;
}

export interface ReconcileActivities {
  /**
   * Check a hundred of the workflows that sent nothing for a day, and close those that are gone. One that Temporal does not
   * answer about stays as it is, for the next time. @throws `ledger.unavailable` (retries).
   */
  readonly reconcileOpenWorkflows: () => Promise<Reconciled>;
}

const BATCH = 100;
const AT_ONCE = 10;

export function createReconcileActivities(pool: Pool, status: WorkflowStatus): ReconcileActivities {
  const claims = createClaims(pool, status);
  return {
    reconcileOpenWorkflows: async () => {
      const quiet = await askLedger(() => staleWorkflows(pool, BATCH));
      const { running, ended, isAnswered } = await checkAll(quiet, status.isRunning);
      await askLedger(() => markSeen(pool, running));
      for (const workflowId of ended) await claims.close(workflowId);
      return {
        asked: running.length + ended.length,
        closed: ended.length,
        // A workflow without an answer would be checked again at once.
        more: quiet.length === BATCH && isAnswered,
      };
    },
  };
}

/** A few at once; when Temporal answers about none of them, the rest is not checked. */
async function checkAll(workflowIds: readonly string[], isRunning: IsRunning) {
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
