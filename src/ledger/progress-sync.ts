import type { Pool } from 'pg';

/** A learner's current progress in a module, which Salesforce has otherwise or not at all. */
export interface DueProgress {
  readonly userId: string;
  readonly moduleId: string;
  readonly moduleName: string;
  readonly percent: number;
  readonly seconds: number;
  /** The learner's address, where one is known. */
  readonly email: string | null;
  /** Another one each time that the progress changes. */
  readonly version: string;
}

/** When a row was taken up last, exactly: a `Date` would round it. */
const VERSION = 'extract(epoch from p.sync_at)::text';

/** What is due, the longest waiting first. */
export async function dueProgress(pool: Pool, limit: number): Promise<readonly DueProgress[]> {
  const { rows } = await pool.query<DueProgress>(
    `select p.user_id as "userId", p.module_id as "moduleId", p.module_name as "moduleName", p.percent, p.seconds,
       l.email, ${VERSION} as version
     from progress p left join learners l on l.user_id = p.user_id
     where p.sync_at <= now() order by p.sync_at, p.user_id, p.module_id limit $1`,
    [limit],
  );
  return rows;
}

export async function countDueProgress(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ due: number }>(
    'select count(*)::int as due from progress where sync_at <= now()',
  );
  return rows[0]?.due ?? 0;
}

/** Salesforce has it, or it refused it with `code` and is asked again after so many seconds. */
export type SyncOutcome = { readonly code: null } | { readonly code: string; readonly againAfterSeconds: number };

/** What became of each. What has changed since it was read stays due as it is. */
export async function markProgress(
  pool: Pool,
  outcomes: readonly { readonly of: DueProgress; readonly outcome: SyncOutcome }[],
): Promise<void> {
  const column = <T>(value: (one: (typeof outcomes)[number]) => T): T[] => outcomes.map(value);
  await pool.query(
    `update progress p set sync_refusal = d.code,
       sync_at = case when d.code is null then null else now() + d.again * interval '1 second' end
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[])
       as d (user_id, module_id, version, code, again)
     where p.user_id = d.user_id and p.module_id = d.module_id and ${VERSION} = d.version`,
    [
      column(({ of }) => of.userId),
      column(({ of }) => of.moduleId),
      column(({ of }) => of.version),
      column(({ outcome }) => outcome.code),
      column(({ outcome }) => (outcome.code === null ? null : outcome.againAfterSeconds)),
    ],
  );
}
