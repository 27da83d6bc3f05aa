import type { Pool } from 'pg';
import { latestOfCases, type StoredEffect } from './effects';
import { lockLearner } from './lock';
import { inTransaction } from './pool';

/** What the cases of a learner of one kind hold together, as the membership of a group. */
export interface Share {
  readonly userId: string;
  /** As in `open_workflows`. */
  readonly kind: string;
  /** The one that asks. */
  readonly workflowId: string;
}

/**
 * The case lets go of what it shares; does another one still hold it? Both under the learner's lock: of cases that let go
 * at once, each open still, the last is told no. Repeat-safe: once let go it stays so, unless its run begins anew.
 */
export async function releaseShare(pool: Pool, { userId, kind, workflowId }: Share): Promise<{ isHeld: boolean }> {
  return inTransaction(pool, async (client) => {
    await lockLearner(client, userId);
    await client.query('update open_workflows set let_go = true where workflow_id = $1 and kind = $2', [
      workflowId,
      kind,
    ]);
    const { rowCount } = await client.query(
      `select from open_workflows where user_id = $1 and kind = $2 and workflow_id <> $3
       and closed_at is null and not gone and not let_go limit 1`,
      [userId, kind, workflowId],
    );
    return { isHeld: rowCount === 1 };
  });
}

/**
 * What the cases have changed by their steps `of` in a system and have not changed back: whoever lets go last takes it
 * back, whichever of them did it. `taking` is the step that does, whose own rows do not count.
 */
export async function changedTogether(
  pool: Pool,
  share: Share,
  { of, taking, system }: { readonly of: string; readonly taking: string; readonly system: string },
): Promise<readonly StoredEffect[]> {
  const rows = await latestOfCases(pool, { ...share, of, taking, system });
  return rows.filter(({ would, before }) => would['member'] === true && before?.['member'] === false);
}
