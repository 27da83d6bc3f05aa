import type { Pool } from 'pg';
import { READ_EFFECTS, storedEffect, type EffectRow, type StoredEffect } from './effects';
import { inTransactionOf } from './pool';

/** What the cases of a learner of one kind share, such as the membership of a group. */
export interface Share {
  readonly userId: string;
  /** As in `open_workflows`. */
  readonly kind: string;
  /** The one that asks. */
  readonly workflowId: string;
}

/**
 * The case gives up what it shares. Which other cases still need it? Both under the learner's lock: of cases that release at
 * once the last gets none. Repeat-safe: released stays released, unless its run begins anew.
 */
export async function releaseShare(pool: Pool, { userId, kind, workflowId }: Share): Promise<readonly string[]> {
  return inTransactionOf(pool, userId, async (client) => {
    await client.query('update open_workflows set share_released = true where workflow_id = $1 and kind = $2', [
      workflowId,
      kind,
    ]);
    const { rows } = await client.query<{ workflow_id: string }>(
      `select workflow_id from open_workflows where user_id = $1 and kind = $2 and workflow_id <> $3
       and closed_at is null and not gone and not share_released`,
      [userId, kind, workflowId],
    );
    return rows.map(({ workflow_id: holder }) => holder);
  });
}

/** The groups that a learner's onboardings have joined and nobody has left since: of each the latest change counts. */
export async function programGroupsOf(pool: Pool, userId: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ group_name: string }>(
    `select group_name from (
       select distinct on (natural_key) natural_key, step, would ->> 'group' as group_name,
         would -> 'member' = 'true' and before -> 'member' = 'false' as is_ours
       from effects where user_id = $1 and system = 'identity' and natural_key like 'member:%' and status in ('done', 'pending')
       order by natural_key, begun_at desc) as latest
     where is_ours and step ~ '^joinProgram[0-9]*$' order by group_name`,
    [userId],
  );
  return rows.map(({ group_name: group }) => group);
}

/**
 * The memberships that the cases' steps `of` have made in a system and that no case has taken back: whichever case releases
 * its share last takes them back. Of each, the latest change that any step of the cases made, or may have made, counts; but
 * for those of the step `taking` of the case that asks.
 */
export async function changedTogether(
  pool: Pool,
  { userId, kind, workflowId }: Share,
  { of, taking, system }: { readonly of: string; readonly taking: string; readonly system: string },
): Promise<readonly StoredEffect[]> {
  const { rows } = await pool.query<EffectRow>(
    `with changes as (
       ${READ_EFFECTS} where system = $6 and status in ('done', 'pending') and not (workflow_id = $3 and step = $5)
         and (workflow_id = $3 or workflow_id in (select workflow_id from open_workflows where user_id = $1 and kind = $2)))
     select distinct on ("naturalKey") * from changes
     where "naturalKey" in (select "naturalKey" from changes where step = $4)
     order by "naturalKey", begun_at desc`,
    [userId, kind, workflowId, of, taking, system],
  );
  return rows.map(storedEffect).filter(({ would, before }) => would['member'] === true && before?.['member'] === false);
}
