import type { Pool } from 'pg';
import { lockLearner } from './lock';
import { inTransaction } from './pool';

/** A delivery that came under the id of an event with other bytes. */
export interface Conflict {
  /** As it came; the conflict's own receipt has another. */
  readonly eventId: string;
  /** SHA-256, hex. */
  readonly bodyDigest: string;
  /** The run that keeps it. */
  readonly run: { readonly workflowId: string; readonly firstRunId: string };
}

/**
 * `stands`: the event id is another run's for good. `free`: what came first was a replay of something else, so that the
 * event id was nobody's, and is this run's from now on. `unknown`: the first one has not been recorded yet.
 */
export type ConflictStanding = 'stands' | 'free' | 'unknown';

/**
 * Whose is the event id? Asked again by the run that has got it, the answer is `free` again: its own receipt bears the
 * id, and `recordEvent` knows it by that.
 */
export async function settleConflict(pool: Pool, { eventId, bodyDigest, run }: Conflict): Promise<ConflictStanding> {
  return inTransaction(pool, async (client) => {
    await lockLearner(client, eventId);
    const { rows } = await client.query<{ is_own: boolean }>(
      'select workflow_id = $2 and first_run_id = $3 as is_own from receipts where event_id = $1',
      [eventId, run.workflowId, run.firstRunId],
    );
    const [holder] = rows;
    if (holder !== undefined) return holder.is_own ? 'free' : 'stands';
    const { rowCount } = await client.query(
      `update receipts set event_id = $1 where workflow_id = $2 and first_run_id = $3
       and exists (select from replays where event_id = $1 and body_digest <> $4)`,
      [eventId, run.workflowId, run.firstRunId, bodyDigest],
    );
    return rowCount === 1 ? 'free' : 'unknown';
  });
}
