import type { Pool } from 'pg';
import { storable } from './pool';

/** Refused deliveries of one minute that are alike: the same rule broken, from the same address, for the same likely cause. */
export interface RefusalRow {
  /** The minute's beginning, ISO 8601. */
  readonly minute: string;
  readonly rule: string;
  readonly address: string;
  readonly cause: string;
  /** The HTTP status that was answered. */
  readonly status: number;
  readonly count: number;
  /** Our clock minus the delivery's timestamp, of one of them; null when it cannot be read. */
  readonly skewSeconds: number | null;
  /** Lengths as they came, of one of them; null when there was none. */
  readonly signatureLength: number | null;
  readonly timestampLength: number | null;
  readonly bodyLength: number | null;
  /** ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Refusals are written by strangers: a year of them must not fill the disk. */
const KEPT_ROWS = 10_000;

/**
 * Add counts to what is there, in one statement. Rows that are older than these are dropped beyond the newest `keep`, so
 * that the table never has more rows than that and what one call adds.
 */
export async function addRefusals(pool: Pool, rows: readonly RefusalRow[], keep = KEPT_ROWS): Promise<void> {
  if (rows.length === 0) return;
  await pool.query(ADD_REFUSALS, [
    rows.map(({ minute }) => minute),
    rows.map(({ rule }) => storable(rule)),
    rows.map(({ address }) => storable(address)),
    rows.map(({ cause }) => storable(cause)),
    rows.map(({ status }) => status),
    rows.map(({ count }) => count),
    rows.map(({ skewSeconds }) => skewSeconds),
    rows.map(({ signatureLength }) => signatureLength),
    rows.map(({ timestampLength }) => timestampLength),
    rows.map(({ bodyLength }) => bodyLength),
    rows.map(({ firstAt }) => firstAt),
    rows.map(({ lastAt }) => lastAt),
    keep,
  ]);
}

/** In the order of the key: two receivers that add at once wait for each other, and never in a circle. */
const ADD_REFUSALS = `
  with given as (
    select minute, rule, address, cause, max(status) as status, sum(count)::int as count,
      max(skew_seconds) as skew_seconds, max(signature_length) as signature_length,
      max(timestamp_length) as timestamp_length, max(body_length) as body_length,
      min(first_at) as first_at, max(last_at) as last_at
    from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::float8[], $8::int[],
        $9::int[], $10::int[], $11::timestamptz[], $12::timestamptz[])
      as row (minute, rule, address, cause, status, count, skew_seconds, signature_length, timestamp_length,
        body_length, first_at, last_at)
    group by minute, rule, address, cause
    order by minute, rule, address, cause
  ),
  surplus as (
    delete from refusals
    where minute < (select min(minute) from given) and (minute, rule, address, cause) <=
      (select minute, rule, address, cause from refusals
       order by minute desc, rule desc, address desc, cause desc offset $13 limit 1)
  )
  insert into refusals
    (minute, rule, address, cause, status, count, skew_seconds, signature_length, timestamp_length, body_length,
      first_at, last_at)
  select * from given
  on conflict (minute, rule, address, cause) do update set
    status = excluded.status,
    count = refusals.count + excluded.count,
    skew_seconds = coalesce(refusals.skew_seconds, excluded.skew_seconds),
    signature_length = coalesce(refusals.signature_length, excluded.signature_length),
    timestamp_length = coalesce(refusals.timestamp_length, excluded.timestamp_length),
    body_length = coalesce(refusals.body_length, excluded.body_length),
    first_at = least(refusals.first_at, excluded.first_at),
    last_at = greatest(refusals.last_at, excluded.last_at)`;

/** The newest first, `limit` of them at most. */
export async function listRefusals(pool: Pool, limit: number): Promise<readonly RefusalRow[]> {
  const { rows } = await pool.query<StoredRefusal>(
    `select minute, rule, address, cause, status, count, skew_seconds as "skewSeconds",
       signature_length as "signatureLength", timestamp_length as "timestampLength", body_length as "bodyLength",
       first_at as "firstAt", last_at as "lastAt"
     from refusals order by minute desc, last_at desc, rule, address, cause limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    ...row,
    minute: row.minute.toISOString(),
    firstAt: row.firstAt.toISOString(),
    lastAt: row.lastAt.toISOString(),
  }));
}

type StoredRefusal = Omit<RefusalRow, 'minute' | 'firstAt' | 'lastAt'> & {
  readonly minute: Date;
  readonly firstAt: Date;
  readonly lastAt: Date;
};
