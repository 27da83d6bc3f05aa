import type { Pool } from 'pg';
import type { DeliveryFacts, RemoteFacts, WebhookFacts } from '../../domain';
import { REACTIVATE_STEP, webhookWorkflowId } from './registration';

/** Refusals that may be about deliveries of MindTickle; the others are wrong addresses, methods and requests. */
const OF_DELIVERIES = [
  ...['missing', 'malformed', 'mismatch', 'stale', 'event-id', 'company', 'encoding', 'size'],
  ...['overload', 'unavailable', 'failure'],
];

const WEEKS = 8;

/**
 * What the ledger knows of the webhook now, by its own clock: what was registered, what came and was refused, and what was
 * found when it was last looked at. `namedId`: of MINDTICKLE_WEBHOOK_ID, which wins over what was registered.
 */
export async function readWebhookFacts(pool: Pick<Pool, 'query'>, namedId?: string): Promise<WebhookFacts> {
  const { rows } = await pool.query<Row>(
    `select now() as now, watched.* from (select 1) as one left join (
       select webhook_id, url, events, came, registered_at, remote, is_ready, ready_at, outage_from, outage_to from webhook
     ) as watched on true`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the ledger did not say what time it is');
  const id = namedId ?? row.webhook_id;
  return {
    now: row.now.getTime(),
    webhook: webhookOf(row, id),
    deliveries: await readDeliveryFacts(pool, row.came ?? []),
    remote: row.remote,
    receiver: {
      isReady: row.is_ready,
      readyAt: at(row.ready_at),
      outage:
        row.outage_from === null || row.outage_to === null
          ? null
          : { from: row.outage_from.getTime(), to: row.outage_to.getTime() },
    },
    reactivations: id === null ? [] : await readReactivations(pool, id),
  };
}

interface Row {
  readonly now: Date;
  readonly webhook_id: string | null;
  readonly url: string | null;
  readonly events: Readonly<Record<string, string>> | null;
  readonly came: readonly string[] | null;
  readonly registered_at: Date | null;
  readonly remote: RemoteFacts | null;
  readonly is_ready: boolean | null;
  readonly ready_at: Date | null;
  readonly outage_from: Date | null;
  readonly outage_to: Date | null;
}

function webhookOf({ url, events, registered_at }: Row, id: string | null): WebhookFacts['webhook'] {
  if (id === null && registered_at === null) return null;
  const since = Object.entries(events ?? {}).map(([event, iso]) => [event, Date.parse(iso)] as const);
  return { id, url, events: Object.fromEntries(since), registeredAt: at(registered_at) };
}

function at(time: Date | null): number | null {
  return time === null ? null : time.getTime();
}

async function readDeliveryFacts(pool: Pick<Pool, 'query'>, came: readonly string[]): Promise<DeliveryFacts> {
  const { rows: counts } = await pool.query<{ firstAt: Date | null; lastAt: Date | null; accepted: number }>(
    `select min(received_at) as "firstAt", max(received_at) as "lastAt",
       (select count(*)::int from receipts where received_at > now() - interval '1 hour') as accepted from receipts`,
  );
  const { firstAt = null, lastAt = null, accepted = 0 } = counts[0] ?? {};
  const { rows: refused } = await pool.query<{ cause: string; count: number }>(
    `select cause, sum(count)::int as count from refusals
     where minute > now() - interval '1 hour' and rule = any($1) group by cause order by 2 desc, 1`,
    [OF_DELIVERIES],
  );
  const usualSilencesMs = await readUsualSilences(pool, firstAt);
  return { firstAt: at(firstAt), lastAt: at(lastAt), usualSilencesMs, accepted, refused, came };
}

/** Of each past week that the ledger knows: the longest silence there was within an hour of the same hour of the week. */
async function readUsualSilences(pool: Pick<Pool, 'query'>, firstAt: Date | null): Promise<readonly number[]> {
  if (firstAt === null) return [];
  const { rows } = await pool.query<{ ms: number }>(
    `select max(extract(epoch from at - (select max(received_at) from receipts where received_at <= at)) * 1000)::float8 as ms
     from generate_series(1, ${WEEKS}) as week, generate_series(-1, 1) as hour,
       lateral (select now() - week * interval '168 hours' + hour * interval '1 hour' as at) as moment
     where now() - week * interval '168 hours' - interval '1 hour' >= $1
     group by week order by week`,
    [firstAt],
  );
  return rows.map(({ ms }) => ms);
}

async function readReactivations(pool: Pick<Pool, 'query'>, webhookId: string): Promise<readonly number[]> {
  const { rows } = await pool.query<{ at: Date }>(
    `select begun_at as at from effects where workflow_id = $1 and step = $2 and status in ('done', 'pending') order by 1`,
    [webhookWorkflowId(webhookId), REACTIVATE_STEP],
  );
  return rows.map((row) => row.at.getTime());
}
