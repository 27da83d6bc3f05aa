import type { Pool } from 'pg';
import type { Notification, WebhookFaultKind, WebhookIncident } from '../../domain';
import { inTransaction } from '../pool';

export interface StoredIncident extends WebhookIncident {
  readonly id: number;
}

/** A message about an incident that people have not got yet. */
export interface WebhookNotice {
  readonly incidentId: number;
  readonly what: 'begun' | 'over';
  readonly notification: Notification;
}

export async function openIncidents(pool: Pick<Pool, 'query'>): Promise<readonly StoredIncident[]> {
  const { rows } = await pool.query<{
    id: string;
    kind: WebhookFaultKind;
    event: string | null;
    since: Date;
    says: string;
    last_at: Date | null;
  }>('select id, kind, event, since, says, last_at from webhook_incidents where closed_at is null order by id');
  return rows.map(({ id, kind, event, since, says, last_at: lastAt }) => ({
    ...{ id: Number(id), kind, event, says },
    since: since.getTime(),
    lastAt: lastAt === null ? null : lastAt.getTime(),
  }));
}

/** Open what has begun and close what is over, each with the message about it; null: nobody is notified of the end. */
export async function changeIncidents(
  pool: Pool,
  {
    begun,
    over,
  }: {
    readonly begun: readonly (WebhookIncident & { readonly notice: Notification })[];
    readonly over: readonly { readonly id: number; readonly notice: Notification | null }[];
  },
): Promise<void> {
  if (begun.length + over.length === 0) return;
  await inTransaction(pool, async (client) => {
    for (const { id, notice } of over)
      await client.query(
        'update webhook_incidents set closed_at = now(), end_notice = $2 where id = $1 and closed_at is null',
        [id, notice === null ? null : JSON.stringify(notice)],
      );
    for (const { kind, event, since, says, lastAt, notice } of begun)
      await client.query(
        `insert into webhook_incidents (kind, event, since, says, last_at, begin_notice) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing`,
        [kind, event, new Date(since), says, lastAt === null ? null : new Date(lastAt), JSON.stringify(notice)],
      );
  });
}

/** Of each incident the last message alone: who was not reached before it was over hears that it is. */
export async function dueWebhookNotices(pool: Pick<Pool, 'query'>): Promise<readonly WebhookNotice[]> {
  const { rows } = await pool.query<{ id: string; what: 'begun' | 'over'; notice: Notification }>(
    `select id, case when closed_at is null then 'begun' else 'over' end as what, coalesce(end_notice, begin_notice) as notice
     from webhook_incidents
     where (closed_at is null and begin_notified_at is null)
       or (closed_at is not null and end_notice is not null and end_notified_at is null)
     order by id limit 20`,
  );
  return rows.map(({ id, what, notice }) => ({ incidentId: Number(id), what, notification: notice }));
}

export async function markWebhookNotified(
  pool: Pick<Pool, 'query'>,
  { incidentId, what }: Pick<WebhookNotice, 'incidentId' | 'what'>,
): Promise<void> {
  const column = what === 'begun' ? 'begin_notified_at' : 'end_notified_at';
  await pool.query(`update webhook_incidents set ${column} = coalesce(${column}, now()) where id = $1`, [incidentId]);
}

/** Epoch ms; null: none has come since. */
export async function firstDeliveryAfter(pool: Pick<Pool, 'query'>, time: number | null): Promise<number | null> {
  const { rows } = await pool.query<{ at: Date | null }>(
    // What is later by less than a millisecond is the delivery of that time itself.
    `select min(received_at) as at from receipts where received_at >= $1::timestamptz + interval '1 millisecond'`,
    [new Date(time ?? 0)],
  );
  return rows[0]?.at?.getTime() ?? null;
}
