import type { Pool } from 'pg';
import { storedEffect, type EffectRow, type StoredEffect } from '../effects';
import { storable } from '../pool';

/** A change, or what would have been one, with its place in the list: times to the microsecond are more than a Date holds. */
export interface ChangeRow extends StoredEffect {
  readonly position: ChangePosition;
}

export type ChangePosition = readonly [
  begunAt: string,
  workflowId: string,
  step: string,
  system: string,
  naturalKey: string,
];

export interface ChangeQuery {
  readonly userId?: string | undefined;
  /** Begun then or later, ISO 8601. */
  readonly since?: string | undefined;
  readonly system?: string | undefined;
  readonly isObserved?: boolean | undefined;
  readonly limit: number;
  readonly after?: ChangePosition | undefined;
}

/** The newest first. */
export async function listChanges(pool: Pool, query: ChangeQuery): Promise<readonly ChangeRow[]> {
  const { userId, since, system, isObserved = false, limit, after } = query;
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: (place: string) => string, value: unknown): void => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (userId !== undefined) where((place) => `user_id = ${place}`, storable(userId));
  if (since !== undefined) where((place) => `begun_at >= ${place}`, since);
  if (system !== undefined) where((place) => `system = ${place}`, storable(system));
  if (isObserved) conditions.push(`mode = 'observe'`);
  if (after !== undefined) {
    const places = after.map((_, index) => `$${values.length + index + 1}`).join(', ');
    values.push(...after);
    conditions.push(`(${KEY}) < (${places})`);
  }
  const filter = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const { rows } = await pool.query<EffectRow & { readonly position: ChangePosition }>(
    `select ${COLUMNS} from effects ${filter}
     order by ${KEY.split(', ')
       .map((column) => `${column} desc`)
       .join(', ')} limit $${values.length + 1}`,
    [...values, limit],
  );
  return rows.map(({ position, ...row }) => ({ ...storedEffect(row), position }));
}

const KEY = 'begun_at, workflow_id, step, system, natural_key';

const COLUMNS = `workflow_id as "workflowId", step, system, natural_key as "naturalKey", event_id as "eventId",
  user_id as "userId", mode, status, would, before, result, actor, reason, begun_at, finished_at, attempts,
  jsonb_build_array(begun_at::text, workflow_id, step, system, natural_key) as position`;

/** How many writes of each system were only observed. */
export async function countObserved(
  pool: Pool,
): Promise<readonly { readonly system: string; readonly count: number }[]> {
  const { rows } = await pool.query<{ system: string; count: number }>(
    `select system, count(*)::int as count from effects where mode = 'observe' group by system order by system`,
  );
  return rows;
}
