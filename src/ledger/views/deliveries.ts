import type { Pool } from 'pg';

export interface DeliveryMinute {
  /** The minute's beginning, ISO 8601. */
  readonly at: string;
  readonly accepted: number;
  /** Signed deliveries that came before under another event id. */
  readonly duplicates: number;
  readonly refused: number;
}

export interface RefusalSummary {
  readonly rule: string;
  readonly cause: string;
  readonly count: number;
  readonly lastAt: string;
  /** Of the last one. */
  readonly address: string;
}

export interface RecentDelivery {
  readonly eventId: string;
  readonly event: string | null;
  readonly receivedAt: string;
  readonly outcome: string | null;
  readonly userId: string | null;
  readonly workflowId: string;
}

/** Of the last sixty minutes, by the database's clock; one without deliveries too. */
export async function deliveryMinutes(pool: Pool): Promise<readonly DeliveryMinute[]> {
  const { rows } = await pool.query<Omit<DeliveryMinute, 'at'> & { readonly at: Date }>(
    `with minutes as (
       select generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), interval '1 minute') as at),
     accepted as (
       select date_trunc('minute', received_at) as at, count(*)::int as count from receipts
       where received_at >= date_trunc('minute', now()) - interval '59 minutes' group by 1),
     replayed as (
       select date_trunc('minute', recorded_at) as at, count(*)::int as count from replays
       where recorded_at >= date_trunc('minute', now()) - interval '59 minutes' group by 1),
     refused as (
       select minute as at, sum(count)::int as count from refusals
       where minute >= date_trunc('minute', now()) - interval '59 minutes' group by 1)
     select at, coalesce(accepted.count, 0) as accepted, coalesce(replayed.count, 0) as duplicates,
       coalesce(refused.count, 0) as refused
     from minutes left join accepted using (at) left join replayed using (at) left join refused using (at) order by at`,
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
}

/** Of the last day, the latest first. */
export async function summariseRefusals(pool: Pool, limit: number): Promise<readonly RefusalSummary[]> {
  const { rows } = await pool.query<Omit<RefusalSummary, 'lastAt'> & { readonly lastAt: Date }>(
    `select rule, cause, sum(count)::int as count, max(last_at) as "lastAt",
       (array_agg(address order by last_at desc))[1] as address
     from refusals where minute >= now() - interval '1 day' group by rule, cause order by max(last_at) desc limit $1`,
    [limit],
  );
  return rows.map(({ lastAt, ...row }) => ({ ...row, lastAt: lastAt.toISOString() }));
}

/** The newest first. */
export async function recentDeliveries(pool: Pool, limit: number): Promise<readonly RecentDelivery[]> {
  const { rows } = await pool.query<Omit<RecentDelivery, 'receivedAt'> & { readonly receivedAt: Date }>(
    `select event_id as "eventId", event, received_at as "receivedAt", outcome, user_id as "userId", workflow_id as "workflowId"
     from receipts order by received_at desc, event_id desc limit $1`,
    [limit],
  );
  return rows.map(({ receivedAt, ...row }) => ({ ...row, receivedAt: receivedAt.toISOString() }));
}
