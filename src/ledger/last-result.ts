import type { Pool } from 'pg';

/** What came of the last write to a system; null where there is none. */
export async function lastResult(pool: Pool, system: string): Promise<unknown> {
  const { rows } = await pool.query<{ result: unknown }>(
    `select result from effects where system = $1 and status = 'done' order by finished_at desc nulls last limit 1`,
    [system],
  );
  return rows[0]?.result ?? null;
}
