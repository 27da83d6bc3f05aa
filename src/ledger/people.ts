/** People as the operations page shows them. */
import type { Pool } from 'pg';
import { standingOf, type Learner } from './learners';

type Row = Omit<Learner, 'active' | 'standing'> & { readonly hiredAt: Date | null; readonly leftAt: Date | null };

/** Those whom the ledger knows, by one query for a whole page. */
export async function findLearners(pool: Pool, userIds: readonly string[]): Promise<readonly Learner[]> {
  if (userIds.length === 0) return [];
  const { rows } = await pool.query<Row>(
    `select user_id as "userId", email, role, team_id as "teamId", manager_email as "managerEmail",
       provisioned_at as "hiredAt", (
       select max(at) from departures d where d.user_id = l.user_id and d.withdrawn_by is null and d.at <= now()) as "leftAt"
     from learners l where user_id = any($1)`,
    [userIds],
  );
  return rows.map(({ hiredAt, leftAt, ...known }) => {
    const standing = standingOf(hiredAt?.getTime() ?? null, leftAt?.getTime() ?? null);
    return { ...known, active: standing === 'active', standing };
  });
}
