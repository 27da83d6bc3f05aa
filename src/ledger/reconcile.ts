import type { Pool } from 'pg';
import { inTransaction } from './pool';

/** So long nothing is heard of a workflow before somebody asks whether it still runs. */
const QUIET = `interval '1 day'`;

/**
 * At most `limit` ids of workflows that the ledger takes for running and that were neither recorded nor seen for a day,
 * the quietest first: each that has an open case, and each whose receipt is open. Both, because either outlives the
 * other: a run that was reset opens its case again, and not every workflow has one.
 */
export async function staleWorkflows(pool: Pool, limit: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ workflow_id: string }>(
    `select workflow_id from (
       (select workflow_id, coalesce(seen_at, recorded_at) as heard_at from receipts
        where closed_at is null and coalesce(seen_at, recorded_at) < now() - ${QUIET} order by 2 limit $1)
       union all
       (select workflow_id, coalesce(seen_at, opened_at) as heard_at from open_workflows
        where closed_at is null and coalesce(seen_at, opened_at) < now() - ${QUIET} order by 2 limit $1)
     ) as quiet group by workflow_id order by min(heard_at), workflow_id limit $1`,
    [limit],
  );
  return rows.map(({ workflow_id: workflowId }) => workflowId);
}

/** They run: nobody has to ask again for a day. */
export async function markSeen(pool: Pool, workflowIds: readonly string[]): Promise<void> {
  for (const table of ['receipts', 'open_workflows'])
    await pool.query(`update ${table} set seen_at = now() where workflow_id = any($1) and closed_at is null`, [
      workflowIds,
    ]);
}

/**
 * Temporal does not run it any more, and it could not say so itself (terminated, deleted): its case is closed, so that
 * it is told nothing more, and so is its receipt, with outcome `gone`, so that it is forgotten in time. What has closed
 * meanwhile keeps its outcome.
 */
export async function closeGone(pool: Pool, workflowId: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `select pg_advisory_xact_lock(hashtextextended(coalesce(
         (select user_id from open_workflows where workflow_id = $1),
         (select coalesce(user_id, event_id) from receipts where workflow_id = $1 limit 1), $1), 0))`,
      [workflowId],
    );
    await client.query(
      'update open_workflows set closed_at = now(), gone = true where workflow_id = $1 and closed_at is null',
      [workflowId],
    );
    await client.query(
      `update receipts set closed_at = now(), outcome = 'gone' where workflow_id = $1 and closed_at is null`,
      [workflowId],
    );
  });
}
