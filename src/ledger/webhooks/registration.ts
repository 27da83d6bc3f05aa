import type { Pool } from 'pg';

/** The webhook as it was registered last. */
export interface StoredWebhook {
  /** Null: it was entered by hand, and its id is not known. */
  readonly webhookId: string | null;
  readonly url: string | null;
  /** By when each was subscribed, ISO 8601. */
  readonly events: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly registeredAt: string | null;
  readonly by: string | null;
}

/** The key of rows in `effects` about the webhook, which no event's workflow has. */
export const webhookWorkflowId = (webhookId: string): string => `webhook:${webhookId}`;
export const REACTIVATE_STEP = 'reactivateWebhook';

/** Null: none was registered. */
export async function readWebhook(pool: Pick<Pool, 'query'>): Promise<StoredWebhook | null> {
  const { rows } = await pool.query<{
    webhookId: string | null;
    url: string | null;
    events: Readonly<Record<string, string>>;
    registeredAt: Date | null;
    by: string | null;
  }>(
    `select webhook_id as "webhookId", url, events, registered_at as "registeredAt", registered_by as by from webhook
     where registered_at is not null`,
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, registeredAt: row.registeredAt?.toISOString() ?? null };
}

/**
 * The webhook that is ours from now on. For the same webhook, an event that it had already keeps the time since when; another
 * one begins anew, with everything that was known of the former.
 */
export async function storeWebhook(
  pool: Pick<Pool, 'query'>,
  {
    webhookId,
    url,
    events,
    by,
  }: {
    readonly webhookId: string | null;
    readonly url: string | null;
    readonly events: readonly string[];
    readonly by: string;
  },
): Promise<void> {
  await pool.query(
    `insert into webhook (webhook_id, url, events, registered_at, registered_by)
     values ($1, $2, (select coalesce(jsonb_object_agg(event, now()), '{}') from unnest($3::text[]) as event), now(), $4)
     on conflict (is_ours) do update set
       webhook_id = excluded.webhook_id,
       url = excluded.url,
       registered_at = case when ${IS_SAME} then webhook.registered_at else now() end,
       registered_by = $4,
       events = case when ${IS_SAME}
         then (select coalesce(jsonb_object_agg(key, coalesce(webhook.events -> key, value)), '{}') from jsonb_each(excluded.events))
         else excluded.events end,
       came = case when ${IS_SAME} then webhook.came else '[]' end,
       remote = case when ${IS_SAME} then webhook.remote end,
       ready_at = case when ${IS_SAME} then webhook.ready_at end,
       is_ready = case when ${IS_SAME} then webhook.is_ready end,
       outage_from = case when ${IS_SAME} then webhook.outage_from end,
       outage_to = case when ${IS_SAME} then webhook.outage_to end`,
    [webhookId, url, events, by],
  );
}

const IS_SAME = `webhook.registered_at is not null and webhook.webhook_id is not distinct from excluded.webhook_id
  and webhook.url is not distinct from excluded.url`;
