import type { Pool, PoolClient } from 'pg';
import { type Fact, type OpenWorkflow, SHARED_CAUSES, type WaitingKind } from '../domain';
import { inTransaction, inTransactionOf, storableJson } from './pool';

/** A workflow that was not seen for this long is checked: does it still run? A leaver's at each housekeeping: access may be open. */
const STALE_AFTER = `interval '1 day'`;
const STALE_OFFBOARDING_AFTER = `interval '10 minutes'`;

/**
 * At most `limit` ids of workflows that run as far as the ledger knows, and that were neither recorded nor seen for a day (an
 * offboarding: for ten minutes), the longest unseen first: each that has an open case, and each whose receipt is open. Both, because either outlives the
 * other: a run that was reset opens its case again, and not every workflow has one.
 */
export async function staleWorkflows(pool: Pool, limit: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ workflow_id: string }>(
    `select workflow_id from (
       (select workflow_id, coalesce(seen_at, recorded_at) as heard_at from receipts
        where closed_at is null and coalesce(seen_at, recorded_at) < now() - ${STALE_AFTER} order by 2 limit $1)
       union all
       (select workflow_id, coalesce(seen_at, opened_at) as heard_at from open_workflows
        where closed_at is null and coalesce(seen_at, opened_at)
          < now() - case kind when 'offboarding' then ${STALE_OFFBOARDING_AFTER} else ${STALE_AFTER} end
        order by 2 limit $1)
     ) as stale group by workflow_id order by min(heard_at), workflow_id limit $1`,
    [limit],
  );
  return rows.map(({ workflow_id: workflowId }) => workflowId);
}

/** They run: nobody has to ask again for a day. */
export async function markSeen(pool: Pool, workflowIds: readonly string[]): Promise<void> {
  for (const table of ['receipts', 'open_workflows'])
    await pool.query(`update ${table} set seen_at = now() where workflow_id = any($1) and closed_at is null`, [
      workflowIds,
    ]);
}

/** Whose hand ended a workflow that could not say so itself, as Temporal has it. */
export interface Ending {
  /** `terminated`, `failed`, `timed out`. */
  readonly how: string;
  readonly by: string | null;
  readonly reason: string | null;
}

/**
 * Temporal does not run it any more, and it could not say so itself (terminated, deleted): its case is closed, so that
 * it gets no more signals and nobody relies on it, and so is its receipt, with outcome `gone`, so that it is pruned in time.
 * What has closed meanwhile keeps its outcome. An offboarding that did not end by itself is named in the next digest.
 */
export async function closeGone(pool: Pool, workflowId: string, ending: Ending | null = null): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `select pg_advisory_xact_lock(hashtextextended(coalesce(
         (select user_id from open_workflows where workflow_id = $1),
         (select coalesce(user_id, event_id) from receipts where workflow_id = $1 limit 1), $1), 0))`,
      [workflowId],
    );
    await client.query(
      `with gone as (
         update open_workflows set closed_at = now(), gone = true where workflow_id = $1 and closed_at is null
         returning workflow_id, user_id, kind
       )
       insert into alert_cases (workflow_id, step, cause, about)
       select workflow_id, 'offboarding', $2, 'Offboarding of ' || user_id || $3 from gone where kind = 'offboarding'
       on conflict (workflow_id, step) do nothing`,
      [workflowId, SHARED_CAUSES.offboardingGone, describeEnding(ending)],
    );
    await client.query(
      `update receipts set closed_at = now(), outcome = 'gone', ended_by = $2 where workflow_id = $1 and closed_at is null`,
      [workflowId, ending === null ? null : storableJson(ending)],
    );
  });
}

/** Never the reason: a person wrote it. */
function describeEnding(ending: Ending | null): string {
  if (ending === null) return '';
  return ending.by === null ? `: ${ending.how}` : `: ${ending.how} by ${ending.by}`;
}

/** Other workflows of a learner that wait as far as the ledger knows: of these kinds, about `key`. */
export async function otherCases(
  pool: Pool,
  { userId, kinds, key, except }: { userId: string; kinds: readonly WaitingKind[]; key: string; except: string },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ workflow_id: string }>(
    `select workflow_id from open_workflows where user_id = $1 and kind = any($2) and key = $3 and workflow_id <> $4
       and closed_at is null and not gone`,
    [userId, kinds, key, except],
  );
  return rows.map(({ workflow_id: workflowId }) => workflowId);
}

/** A learner's workflows that wait, oldest first. */
export async function waitingOf(client: PoolClient, userId: string): Promise<readonly OpenWorkflow[]> {
  const { rows } = await client.query<{ workflow_id: string; kind: WaitingKind; key: string; opened_by: Date }>(
    `select workflow_id, kind, key, opened_by from open_workflows
     where user_id = $1 and closed_at is null and not gone order by opened_at, workflow_id`,
    [userId],
  );
  return rows.map(({ workflow_id: workflowId, kind, key, opened_by: openedBy }) => ({
    workflowId,
    kind,
    key,
    openedBy: openedBy.getTime(),
  }));
}

/** Write down that `workflowId` waits. Its own run says so again: it runs, so it is open, whatever the row said since. */
export async function openCase(client: PoolClient, fact: Fact, open: OpenWorkflow): Promise<void> {
  await client.query(
    `insert into open_workflows (workflow_id, user_id, kind, key, opened_by) values ($1, $2, $3, $4, $5)
     on conflict (workflow_id) do update set closed_at = null, gone = false, share_released = false, is_ending = false`,
    [open.workflowId, fact.userId, open.kind, open.key, new Date(open.openedBy)],
  );
}

/**
 * The offboarding of the learner that a departure (at `at`) joins: one that runs, that nobody has taken back, that works
 * as soon as this departure wants it, and that no hire in between has put in question. From then on it is the
 * offboarding of the later of the two.
 */
export async function joinOffboarding(
  client: PoolClient,
  { userId, at }: Fact & { kind: 'deprovisioned' },
  ownWorkflowId: string,
): Promise<string | null> {
  const { rows } = await client.query<{ workflow_id: string }>(
    `update open_workflows set opened_by = greatest(opened_by, $3)
     where workflow_id = (
       select o.workflow_id from open_workflows o left join learners l on l.user_id = o.user_id
       where o.user_id = $1 and o.kind = 'offboarding' and o.workflow_id <> $2 and o.closed_at is null and not o.gone
         and (o.opened_by = $3 or greatest(o.opened_by, $3) <= now())
         and (o.opened_by >= $3 or l.provisioned_at is null or l.provisioned_at <= o.opened_by)
         and not exists (
           select from receipts r join departures d on d.event_id = r.event_id
           where r.workflow_id = o.workflow_id and d.withdrawn_by is not null)
       order by o.opened_at, o.workflow_id limit 1)
     returning workflow_id`,
    [userId, ownWorkflowId, new Date(at)],
  );
  return rows[0]?.workflow_id ?? null;
}

/**
 * The case of the learner that another fact of the same kind and key joins: one that runs and is not about to end. An onboarding
 * ends with a departure that came after its hire, a coaching with a pass that came after its failure. From then on it is the
 * case of the later of the two facts.
 */
export async function joinCase(
  client: PoolClient,
  { userId, at }: Fact,
  { kind, key }: Pick<OpenWorkflow, 'kind' | 'key'>,
  ownWorkflowId: string,
): Promise<string | null> {
  const { rows } = await client.query<{ workflow_id: string }>(
    `update open_workflows set opened_by = greatest(opened_by, $3)
     where workflow_id = (
       select workflow_id from open_workflows o
       where o.user_id = $1 and o.kind = $4 and o.key = $5 and o.workflow_id <> $2
         and o.closed_at is null and not o.gone and not o.is_ending
         and (o.kind <> 'onboarding' or not exists (
           select from departures d
           where d.user_id = $1 and d.withdrawn_by is null and d.at <= now() and d.at >= o.opened_by))
         and (o.kind <> 'quizCoaching' or not exists (
           select from quiz_results q
           where q.user_id = $1 and q.quiz_id = o.key and q.result = 'passed' and q.at >= o.opened_by))
       order by o.opened_at, o.workflow_id limit 1)
     returning workflow_id`,
    [userId, ownWorkflowId, new Date(at), kind, key],
  );
  return rows[0]?.workflow_id ?? null;
}

/** It is being undone: what comes from now on is not its matter. */
export async function endCase(pool: Pool, workflowId: string): Promise<void> {
  await pool.query('update open_workflows set is_ending = true where workflow_id = $1', [workflowId]);
}

/** Was the learner onboarded before, and has not left since? */
export async function isOnboarded(client: PoolClient, { userId, at }: Fact, ownWorkflowId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from open_workflows o
     where o.user_id = $1 and o.kind = 'onboarding' and o.workflow_id <> $2 and o.closed_at is not null and not o.gone
       and not exists (select from receipts r where r.workflow_id = o.workflow_id and r.outcome <> 'done')
       and not exists (
         select from departures d
         where d.user_id = $1 and d.withdrawn_by is null and d.at >= o.opened_by and d.at <= greatest(now(), $3)) limit 1`,
    [userId, ownWorkflowId, new Date(at)],
  );
  return rowCount === 1;
}

/** The offboarding goes on although its learner was hired at `at`: from now on they left after that. */
export async function confirmDeparture(
  pool: Pool,
  { userId, eventId, workflowId, at }: { userId: string; eventId: string; workflowId: string; at: number },
): Promise<void> {
  await inTransactionOf(pool, userId, async (client) => {
    const hiredAt = new Date(at);
    await client.query('update departures set at = greatest(at, $2) where event_id = $1', [eventId, hiredAt]);
    await client.query('update open_workflows set opened_by = greatest(opened_by, $2) where workflow_id = $1', [
      workflowId,
      hiredAt,
    ]);
  });
}

/** The last transaction of a workflow: its case is closed, and its state kept as `final`. Repeat-safe; of a run that does not own the receipt it closes nothing. */
export async function closeWorkflow(
  pool: Pool,
  {
    workflowId,
    firstRunId,
    outcome,
    final,
  }: { readonly workflowId: string; readonly firstRunId: string; readonly outcome: string; readonly final?: object },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    // Sent in this order, and Postgres keeps it.
    await Promise.all([
      client.query(
        `select pg_advisory_xact_lock(hashtextextended(coalesce(user_id, event_id), 0)) from receipts
       where workflow_id = $1 and first_run_id = $2`,
        [workflowId, firstRunId],
      ),
      client.query(
        `update open_workflows set closed_at = now() where workflow_id = $1 and closed_at is null
       and exists (select from receipts where workflow_id = $1 and first_run_id = $2)`,
        [workflowId, firstRunId],
      ),
      client.query(
        `update receipts set closed_at = now(), outcome = $3, final = coalesce($4, final)
       where workflow_id = $1 and first_run_id = $2 and (closed_at is null or outcome is distinct from $3)`,
        [workflowId, firstRunId, outcome, final === undefined ? null : storableJson(final)],
      ),
    ]);
  });
}

/** How many of these workflows still wait: neither closed nor gone. */
export async function countOpen(pool: Pool, workflowIds: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ open: number }>(
    `select count(*)::int as open from open_workflows
     where workflow_id = any($1) and closed_at is null and not gone`,
    [workflowIds],
  );
  return rows[0]?.open ?? 0;
}
