import type { Pool } from 'pg';
import { READ_EFFECTS, storedEffect, type EffectRow, type StoredEffect } from '../effects';
import { storable } from '../pool';

/** All that these workflows have written or would have, each in the order of beginning. */
export async function effectsOfAll(
  pool: Pool,
  workflowIds: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredEffect[]>> {
  if (workflowIds.length === 0) return new Map();
  const { rows } = await pool.query<EffectRow>(
    `${READ_EFFECTS} where workflow_id = any($1) order by begun_at, step, system, natural_key`,
    [workflowIds.map(storable)],
  );
  const byWorkflow = new Map<string, StoredEffect[]>();
  for (const effect of rows.map(storedEffect)) {
    const known = byWorkflow.get(effect.workflowId);
    if (known === undefined) byWorkflow.set(effect.workflowId, [effect]);
    else known.push(effect);
  }
  return byWorkflow;
}
