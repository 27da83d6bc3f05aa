import type { Pool } from 'pg';
import type { RemoteFacts } from '../../domain';

/** So long without being found ready is an outage of ours. Checks are a quarter of an hour apart. */
const OUTAGE = `interval '1 hour'`;

/**
 * What was found out now: what MindTickle says (null: it was not asked), whether the receiver is ready, and which events have
 * come since the last time.
 */
export async function observeWebhook(
  pool: Pick<Pool, 'query'>,
  { remote, isReady }: { readonly remote: RemoteFacts | null; readonly isReady: boolean | null },
): Promise<void> {
  await pool.query('insert into webhook (is_ours) values (true) on conflict do nothing');
  await pool.query(
    `update webhook set
       remote = $1,
       is_ready = $2,
       outage_from = case when ${IS_BACK} then ready_at else outage_from end,
       outage_to = case when ${IS_BACK} then now() else outage_to end,
       ready_at = case when $2 then now() else ready_at end,
       came = (
         select coalesce(jsonb_agg(distinct event), '[]') from (
           select jsonb_array_elements_text(came) as event
           union all
           select event from receipts
           where received_at >= greatest(coalesce(watched_at, registered_at), registered_at) - interval '1 hour'
             and received_at >= registered_at and event = any(array(select jsonb_object_keys(events)))
         ) as known),
       watched_at = now()`,
    [remote === null ? null : JSON.stringify(remote), isReady],
  );
}

const IS_BACK = `$2 and ready_at < now() - ${OUTAGE}`;
