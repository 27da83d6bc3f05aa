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
/** The learners of a team, `limit` at most. */
export async function userIdsOfTeam(pool: Pool, teamId: string, limit: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ userId: string }>(
    'select user_id as "userId" from learners where team_id = $1 order by user_id limit $2',
    [teamId, limit],
  );
  return rows.map(({ userId }) => userId);
}

/** What the ledger knows of a workflow, whether Temporal has forgotten it or not. */
export interface KnownCase {
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly eventId: string;
  readonly event: string | null;
  readonly userId: string | null;
  readonly outcome: string | null;
  /** The title of its certificate, quiz, course or module. */
  readonly about: string | null;
  readonly receivedAt: Date;
  readonly signedAt: Date;
  readonly closedAt: Date | null;
}

/** By workflow id, by one query for a whole page. */
export async function findCases(pool: Pool, workflowIds: readonly string[]): Promise<readonly KnownCase[]> {
  if (workflowIds.length === 0) return [];
  const { rows } = await pool.query<KnownCase>(`${READ_CASES} where r.workflow_id = any($1)`, [workflowIds]);
  return rows;
}

/** The state that it ended with; null: it runs, or the ledger has forgotten it. */
export async function finalStateOf(pool: Pool, workflowId: string): Promise<object | null> {
  const { rows } = await pool.query<{ final: object }>(
    'select final from receipts where workflow_id = $1 and final is not null limit 1',
    [workflowId],
  );
  return rows[0]?.final ?? null;
}

/** The case of an event id: its own, or the one whose signature it repeats. Null: neither is known. */
export async function findCaseOfEvent(pool: Pool, eventId: string): Promise<KnownCase | null> {
  const { rows } = await pool.query<KnownCase>(
    `${READ_CASES} where r.event_id in ($1, (select first from replays where event_id = $1))
     order by (r.event_id = $1) desc limit 1`,
    [eventId],
  );
  return rows[0] ?? null;
}

const READ_CASES = `select r.workflow_id as "workflowId", r.first_run_id as "firstRunId", r.event_id as "eventId", r.event, r.user_id as "userId", r.outcome,
  coalesce(x.cert_name, q.quiz_name, c.course_name, p.module_name) as about,
  r.received_at as "receivedAt", r.signed_at as "signedAt", r.closed_at as "closedAt"
  from receipts r left join expiries x on x.event_id = r.event_id left join quiz_results q on q.event_id = r.event_id
  left join completions c on c.event_id = r.event_id
  left join progress p on p.event_id = r.event_id and p.user_id = r.user_id`;
