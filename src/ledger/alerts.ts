import type { Pool } from 'pg';
import { storable } from './pool';

/** One cause that stops many workflows, and one recipient who is notified of it. */
export interface Alert {
  /** What stops them; no names, no addresses. */
  readonly cause: string;
  /** A digest. */
  readonly recipient: string;
  /** The step that notifies: it may claim again after a lost answer. */
  readonly workflowId: string;
  readonly step: string;
}

/** True for the first step that claims a cause within so many hours, and for its own repeats; the others send nothing. */
export async function claimAlert(pool: Pool, alert: Alert, hours: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into alerts (cause, recipient, workflow_id, step) values ($1, $2, $3, $4)
     on conflict (cause, recipient) do update set
       claimed_at = now(), workflow_id = excluded.workflow_id, step = excluded.step
     where alerts.claimed_at < now() - $5 * interval '1 hour'
       or (alerts.workflow_id = excluded.workflow_id and alerts.step = excluded.step)`,
    [...valuesOf(alert), hours],
  );
  return rowCount === 1;
}

/** The notification could not be sent after all: the next workflow that the cause stops sends it. */
export async function releaseAlert(pool: Pool, alert: Alert): Promise<void> {
  await pool.query(
    'delete from alerts where cause = $1 and recipient = $2 and workflow_id = $3 and step = $4',
    valuesOf(alert),
  );
}

function valuesOf({ cause, recipient, workflowId, step }: Alert): string[] {
  return [storable(cause), recipient, workflowId, step];
}
