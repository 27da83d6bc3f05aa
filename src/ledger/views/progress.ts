import type { Pool } from 'pg';
import { storable } from '../pool';

export interface ModuleSummary {
  readonly moduleId: string;
  readonly moduleName: string;
  readonly learners: number;
  readonly averagePercent: number;
  /** Learners at 100 per cent. */
  readonly completed: number;
}

export interface ProgressRow {
  readonly userId: string;
  readonly moduleId: string;
  readonly moduleName: string;
  readonly percent: number;
  readonly seconds: number;
  /** ISO 8601. */
  readonly at: string;
}

export interface ProgressQuery {
  readonly teamId?: string | undefined;
  readonly moduleId?: string | undefined;
  readonly userId?: string | undefined;
}

export interface ProgressPosition {
  readonly at: string;
  readonly userId: string;
  readonly moduleId: string;
}

const MODULES = 200;

/** Of each module, how far its learners are; the most learners first. */
export async function summariseModules(pool: Pool, query: ProgressQuery): Promise<readonly ModuleSummary[]> {
  const { rows } = await pool.query<ModuleSummary>(
    `select module_id as "moduleId", coalesce((
         select n.module_name from progress n where n.module_id = modules.module_id limit 1), module_id) as "moduleName",
       learners, round(average::numeric, 1)::float8 as "averagePercent", completed
     from (
       select module_id, count(*)::int as learners, avg(percent) as average,
         (count(*) filter (where percent >= 100))::int as completed
       from progress p where ${FILTER} group by module_id order by count(*) desc, module_id limit ${MODULES}) as modules
     order by learners desc, module_id`,
    filterOf(query),
  );
  return rows;
}

/** Learners' progress, the latest first. */
export async function listProgress(
  pool: Pool,
  query: ProgressQuery & { readonly limit: number; readonly after?: ProgressPosition | undefined },
): Promise<readonly ProgressRow[]> {
  const { limit, after } = query;
  const { rows } = await pool.query<Omit<ProgressRow, 'at'> & { readonly at: Date }>(
    `select user_id as "userId", module_id as "moduleId", module_name as "moduleName", percent, seconds, at
     from progress p where ${FILTER}
       and ($4::timestamptz is null or (at, user_id, module_id) < ($4::timestamptz, $5, $6))
     order by at desc, user_id desc, module_id desc limit $7`,
    [...filterOf(query), after?.at ?? null, after?.userId ?? null, after?.moduleId ?? null, limit],
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
}

const FILTER = `($1::text is null or p.user_id in (select user_id from learners where team_id = $1))
  and ($2::text is null or p.module_id = $2) and ($3::text is null or p.user_id = $3)`;

function filterOf({ teamId, moduleId, userId }: ProgressQuery): (string | null)[] {
  return [teamId, moduleId, userId].map((value) => (value === undefined ? null : storable(value)));
}
