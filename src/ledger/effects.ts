import type { Pool } from 'pg';
import { storable, storableJson } from './pool';

/** One write: which step of which workflow, to which system, about what. */
export interface EffectKey {
  readonly workflowId: string;
  readonly step: string;
  readonly system: string;
  readonly naturalKey: string;
}

type Json = Readonly<Record<string, unknown>>;

export interface NewEffect extends EffectKey {
  readonly eventId: string;
  readonly userId: string | null;
  /** `observe`: it is not written; the row is all that becomes of it. */
  readonly mode: 'observe' | 'on';
  /** What is or would be written; no names, no addresses. */
  readonly would: Json;
  /** What stood there before, as far as it is known before the write. */
  readonly before?: Json | null;
  readonly actor?: string | null;
  readonly reason?: string | null;
  /** It was done, and somebody has looked: it is so no more. */
  readonly isReversed?: boolean;
}

/** `undone`: it was taken back, and means nothing any more. */
export type EffectStatus = 'pending' | 'done' | 'observed' | 'failed' | 'undone';

export interface BegunEffect {
  readonly status: EffectStatus;
  /** How often it was begun, this time included. */
  readonly attempts: number;
  /** As it was found the first time. */
  readonly before: Json | null;
  /** What `finishEffect` was given. */
  readonly result: unknown;
}

export interface StoredEffect extends BegunEffect, EffectKey {
  readonly eventId: string;
  readonly userId: string | null;
  readonly mode: 'observe' | 'on';
  readonly would: Json;
  readonly actor: string | null;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly begunAt: string;
  readonly finishedAt: string | null;
}

/**
 * Before a write: the row that says it may have happened. Begun before and not finished, it keeps what stood there the first
 * time: after a lost answer that is the one thing that nobody can read any more. What was taken back meanwhile, by us (undone) or
 * by somebody else (`isReversed`), begins anew, with what stands there now.
 */
export async function beginEffect(pool: Pool, effect: NewEffect): Promise<BegunEffect> {
  const { workflowId, step, system, naturalKey, eventId, userId, mode, would, before, actor, reason, isReversed } =
    effect;
  const { rows } = await pool.query<BegunEffect>(
    `insert into effects (workflow_id, step, system, natural_key, event_id, user_id, mode, would, before, actor, reason,
       status, finished_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
       case when $7 = 'observe' then 'observed' else 'pending' end, case when $7 = 'observe' then now() end)
     on conflict (workflow_id, step, system, natural_key) do update set
       attempts = effects.attempts + 1,
       before = case when ${IS_ANEW} then excluded.before else coalesce(effects.before, excluded.before) end,
       would = case when effects.status in ('done', 'observed') and not (${IS_ANEW}) then effects.would else excluded.would end,
       mode = case when ${IS_ANEW} then excluded.mode else effects.mode end,
       actor = case when ${IS_ANEW} then excluded.actor else effects.actor end,
       reason = case when ${IS_ANEW} then excluded.reason else effects.reason end,
       begun_at = case when ${IS_ANEW} then excluded.begun_at else effects.begun_at end,
       result = case when ${IS_ANEW} then null else effects.result end,
       finished_at = case when ${IS_ANEW} then null else effects.finished_at end,
       status = case when ${IS_ANEW} then excluded.status else effects.status end
     returning status, attempts, before, result`,
    [
      ...keyValues({ workflowId, step, system, naturalKey }),
      ...[eventId, userId, mode, storableJson(would), json(before), said(actor), said(reason), isReversed === true],
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an effect was begun and has no row');
  return row;
}

/** In the statement above. */
const IS_ANEW = `excluded.mode = 'on' and (effects.status in ('undone', 'observed') or effects.status = 'done' and $12)`;

/** What became of a write. Done stays done, and undone undone: an attempt that was given up may still report. @throws Error for one never begun. */
export async function finishEffect(
  pool: Pool,
  key: EffectKey,
  {
    status,
    result,
    before,
  }: {
    readonly status: Exclude<EffectStatus, 'pending' | 'undone'>;
    readonly result?: unknown;
    readonly before?: Json;
  },
): Promise<void> {
  const { rowCount } = await pool.query(
    `update effects set
       status = case when status in ('done', 'undone') then status else $5 end,
       result = case when status = 'done' and $5 <> 'done' then result else coalesce($6, result) end,
       before = coalesce(before, $7),
       finished_at = coalesce(case when status = 'done' then finished_at end, now())
     where ${THIS_EFFECT}`,
    [...keyValues(key), status, json(result), json(before)],
  );
  if (rowCount !== 1) throw new Error('an effect is finished that was never begun');
}

/** It was taken back: what was done, or may have been. */
export async function undoEffects(pool: Pool, keys: readonly EffectKey[]): Promise<void> {
  for (const key of keys)
    await pool.query(
      `update effects set status = 'undone' where ${THIS_EFFECT} and status in ('done', 'pending')`,
      keyValues(key),
    );
}

/**
 * Found done: true when this step's row says that we had begun it, so that it was us. The row then says so. What was undone
 * since was done by somebody else.
 */
export async function confirmEffect(pool: Pool, key: EffectKey): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update effects set status = 'done', finished_at = coalesce(finished_at, now())
     where ${THIS_EFFECT} and mode = 'on' and status <> 'undone'`,
    keyValues(key),
  );
  return rowCount === 1;
}

/** All that a workflow has written or would have, in the order of beginning. */
export async function effectsOf(pool: Pool, workflowId: string): Promise<readonly StoredEffect[]> {
  const { rows } = await pool.query<EffectRow>(`${READ_EFFECTS} where workflow_id = $1 ${IN_ORDER}`, [workflowId]);
  return rows.map(storedEffect);
}

/** Those of one step to one system, in the order of beginning. */
export async function effectsOfStep(
  pool: Pool,
  workflowId: string,
  step: string,
  system: string,
): Promise<readonly StoredEffect[]> {
  const { rows } = await pool.query<EffectRow>(
    `${READ_EFFECTS} where workflow_id = $1 and step = $2 and system = $3 ${IN_ORDER}`,
    [workflowId, step, system],
  );
  return rows.map(storedEffect);
}

const THIS_EFFECT = 'workflow_id = $1 and step = $2 and system = $3 and natural_key = $4';
const IN_ORDER = 'order by begun_at, step, system, natural_key';
export const READ_EFFECTS = `select workflow_id as "workflowId", step, system, natural_key as "naturalKey", event_id as "eventId",
  user_id as "userId", mode, status, would, before, result, actor, reason, begun_at, finished_at, attempts from effects`;

export type EffectRow = Omit<StoredEffect, 'begunAt' | 'finishedAt'> & {
  readonly begun_at: Date;
  readonly finished_at: Date | null;
};

export function storedEffect({ begun_at: begunAt, finished_at: finishedAt, ...row }: EffectRow): StoredEffect {
  return { ...row, begunAt: begunAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null };
}

function keyValues({ workflowId, step, system, naturalKey }: EffectKey): string[] {
  return [workflowId, step, system, storable(naturalKey)];
}

/** A message may contain any character. */
function said(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storable(text);
}

/** `pg` writes a text as it is and an array as one of Postgres: a jsonb column wants JSON of either. */
function json(value: unknown): string | null {
  return value === undefined || value === null ? null : storableJson(value);
}
