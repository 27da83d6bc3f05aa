import type { Pool } from 'pg';
import { storable } from './pool';

/** One workflow that waits for a person, by its step, for a cause that may stop many. No names, no addresses. */
export interface AlertCase {
  readonly cause: string;
  readonly workflowId: string;
  readonly step: string;
  /** What it is about, for the message that names it. */
  readonly about: string;
}

/** `round`: which time the step parks, so that a repeated call is not taken for another case. */
export interface AlertClaim extends AlertCase {
  readonly round: number;
}

/** `first`: this case is the one that people are notified of now. Else: when, and with which workflow, they were. */
export type AlertStanding = 'first' | { readonly notifiedAt: string; readonly workflowId: string };

/** Of one cause, one message within so long. */
const QUIET = `interval '1 hour'`;

/** Digests are due every hour. Where none went out (housekeeping is paused), the next case is a message again. */
const DIGEST_MISSED = `interval '2 hours'`;

/**
 * The first case of a cause is notified of at once; each further one within the hour is kept for the digest, which names
 * them all. So is one that comes while others still wait for their digest.
 */
export async function claimAlert(pool: Pool, claim: AlertClaim): Promise<AlertStanding> {
  const { workflowId, step, round } = claim;
  const cause = storable(claim.cause);
  const { rowCount } = await pool.query(
    `insert into alerts (cause, workflow_id, step, round) values ($1, $2, $3, $4)
     on conflict (cause) do update set
       notified_at = now(), workflow_id = excluded.workflow_id, step = excluded.step, round = excluded.round
     where (alerts.workflow_id, alerts.step, alerts.round) = (excluded.workflow_id, excluded.step, excluded.round)
       or alerts.notified_at < now() - ${DIGEST_MISSED}
       or (alerts.notified_at < now() - ${QUIET} and not exists (select from alert_cases where cause = $1))`,
    [cause, workflowId, step, round],
  );
  if (rowCount === 1) return 'first';
  await addAlertCase(pool, claim);
  const { rows } = await pool.query<{ notifiedAt: Date; workflowId: string }>(
    'select notified_at as "notifiedAt", workflow_id as "workflowId" from alerts where cause = $1',
    [cause],
  );
  const [row] = rows;
  // Given back since: then nobody was notified.
  return row === undefined
    ? claimAlert(pool, claim)
    : { notifiedAt: row.notifiedAt.toISOString(), workflowId: row.workflowId };
}

/** The next digest names it. */
export async function addAlertCase(pool: Pool, { cause, workflowId, step, about }: AlertCase): Promise<void> {
  await pool.query(
    `insert into alert_cases (workflow_id, step, cause, about) values ($1, $2, $3, $4)
     on conflict (workflow_id, step) do update set cause = excluded.cause, about = excluded.about, since = now()`,
    [workflowId, step, storable(cause), storable(about)],
  );
}

/** It waits no more: no digest names it. */
export async function dropAlertCase(
  pool: Pool,
  { workflowId, step }: Pick<AlertCase, 'workflowId' | 'step'>,
): Promise<void> {
  await pool.query('delete from alert_cases where workflow_id = $1 and step = $2', [workflowId, step]);
}

/** Nobody could be notified after all: the next case of the cause is the first one again. */
export async function releaseAlert(pool: Pool, { cause, workflowId, step, round }: AlertClaim): Promise<void> {
  await pool.query('delete from alerts where cause = $1 and workflow_id = $2 and step = $3 and round = $4', [
    storable(cause),
    workflowId,
    step,
    round,
  ]);
}

/** The cases of one cause that nobody was notified of by name, oldest first. */
export interface AlertDigest {
  readonly cause: string;
  readonly cases: readonly (Omit<AlertCase, 'cause'> & { readonly since: string })[];
  /** More of them, which the next digest names. */
  readonly more: number;
}

/** A message stays one that a mailbox takes. */
const MAX_CASES = 500;
const MAX_DIGESTS = 20;

/** Of each cause that nobody was notified of within the hour. */
export async function dueDigests(pool: Pool): Promise<readonly AlertDigest[]> {
  const { rows: causes } = await pool.query<{ cause: string; count: number }>(
    `select c.cause, count(*)::int as count from alert_cases c left join alerts a on a.cause = c.cause
     where a.notified_at is null or a.notified_at < now() - ${QUIET}
     group by c.cause order by min(c.since) limit ${MAX_DIGESTS}`,
  );
  const digests: AlertDigest[] = [];
  for (const { cause, count } of causes) {
    const { rows } = await pool.query<{ workflowId: string; step: string; about: string; since: Date }>(
      `select workflow_id as "workflowId", step, about, since from alert_cases where cause = $1
       order by since, workflow_id, step limit ${MAX_CASES}`,
      [cause],
    );
    const cases = rows.map(({ since, ...one }) => ({ ...one, since: since.toISOString() }));
    digests.push({ cause, cases, more: Math.max(count - cases.length, 0) });
  }
  return digests;
}

/** People were notified of these cases, by `workflowId`. One that has parked again since stays for the next digest. */
export async function markDigested(
  pool: Pool,
  { cause, cases }: Pick<AlertDigest, 'cause' | 'cases'>,
  workflowId: string,
): Promise<void> {
  await pool.query(
    `delete from alert_cases c using unnest($2::text[], $3::text[], $4::timestamptz[]) as told (workflow_id, step, since)
     where c.cause = $1 and c.workflow_id = told.workflow_id and c.step = told.step
       and date_trunc('milliseconds', c.since) <= told.since`,
    [cause, cases.map((one) => one.workflowId), cases.map(({ step }) => step), cases.map(({ since }) => since)],
  );
  await pool.query(
    `insert into alerts (cause, workflow_id, step, round) values ($1, $2, 'digest', 0)
     on conflict (cause) do update set
       notified_at = now(), workflow_id = excluded.workflow_id, step = excluded.step, round = excluded.round`,
    [cause, workflowId],
  );
}
