import type { Pool } from 'pg';
import { storable } from '../pool';

/** What an offboarding was at its end, as its workflow said; null: it runs, or ended before that was kept. */
export interface FinalState {
  readonly steps?: unknown;
  readonly history?: unknown;
  readonly notified?: unknown;
}

/** One offboarding: what the event said, and what the ledger knows of its workflow. Times ISO 8601. */
export interface LeaverRow {
  /** Of the event. */
  readonly eventId: string;
  readonly workflowId: string;
  readonly userId: string;
  /** `''`: it gave none. */
  readonly reason: string;
  readonly leftAt: string;
  /** The event, `reinstated` or another, that took the departure back. */
  readonly withdrawnBy: string | null;
  /** Null: the receipt was pruned. */
  readonly receipt: ReceiptFacts | null;
  /** It runs, as far as the ledger knows. */
  readonly isOpen: boolean;
}

export interface ReceiptFacts {
  readonly signedAt: string;
  readonly receivedAt: string;
  readonly recordedAt: string;
  readonly bodyDigest: string;
  readonly closedAt: string | null;
  readonly outcome: string | null;
  readonly endedBy: { readonly how: string; readonly by: string | null; readonly reason: string | null } | null;
  readonly final: FinalState | null;
}

export interface LeaverQuery {
  /** Of leaving, ISO 8601; `to` exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Of these learners alone. */
  readonly userIds?: readonly string[] | undefined;
  readonly workflowId?: string | undefined;
  readonly isOpen?: boolean | undefined;
}

export interface LeaverPage extends LeaverQuery {
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: { readonly at: string; readonly eventId: string } | undefined;
}

/** Offboardings, the latest leaver first. A departure that joined another one's offboarding is part of that. */
export async function listLeavers(pool: Pool, query: LeaverPage): Promise<readonly LeaverRow[]> {
  const { limit, after } = query;
  const { where, values } = filterOf(query, after);
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} ${LEAVERS} where ${where} order by d.at desc, d.event_id desc limit $${values.length + 1}`,
    [...values, limit],
  );
  return rows.map(leaverOf);
}

/** How many there are in all. */
export async function countLeavers(pool: Pool, query: LeaverQuery): Promise<number> {
  const { where, values } = filterOf(query);
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count ${LEAVERS} where ${where}`,
    values,
  );
  return rows[0]?.count ?? 0;
}

/** Deliveries of a departure that could not be read, or contradicted another, and that nobody has run yet. */
export async function countUnreadDepartures(
  pool: Pool,
  { from, to }: Pick<LeaverQuery, 'from' | 'to'>,
): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from receipts where event = 'user.deprovisioned' and applied_at is null
       and closed_at is null and received_at >= coalesce($1::timestamptz, '-infinity')
       and received_at < coalesce($2::timestamptz, 'infinity')`,
    [from ?? null, to ?? null],
  );
  return rows[0]?.count ?? 0;
}

/** Only what is asked for: what may be absent would hide from the planner which index serves. */
function filterOf(
  { from, to, userIds, workflowId, isOpen }: LeaverQuery,
  after?: LeaverPage['after'],
): { readonly where: string; readonly values: unknown[] } {
  const given: readonly (readonly [condition: (place: string) => string, value: unknown])[] = [
    [(place) => `d.at >= ${place}`, from],
    [(place) => `d.at < ${place}`, to],
    [(place) => `d.user_id = any(${place})`, userIds?.map(storable)],
    [eventsOf, workflowId && storable(workflowId)],
    [(place) => `d.at <= ${place}`, after?.at],
  ];
  const used = given.filter(([, value]) => value !== undefined);
  const values = used.map(([, value]) => value);
  const conditions = used.map(([condition], index) => condition(`$${index + 1}`));
  if (isOpen !== undefined) conditions.push(`d.event_id ${isOpen ? 'in' : 'not in'} (${OPEN})`);
  if (after !== undefined) {
    conditions.push(`(d.at < $${values.length} or d.event_id < $${values.length + 1})`);
    values.push(after.eventId);
  }
  return { where: ["not coalesce(r.answer ? 'joins', false)", ...conditions].join(' and '), values };
}

/** A workflow of a conflict has another id than its event. */
const eventsOf = (place: string): string =>
  `d.event_id in (select ${place}::text union all select event_id from receipts where workflow_id = ${place})`;

/** An open offboarding by its own row: of them there are few, of departures many. */
const OPEN = `select r.event_id from open_workflows o join receipts r on r.workflow_id = o.workflow_id
  where o.kind = 'offboarding' and o.closed_at is null and not o.gone`;

const LEAVERS = 'from departures d left join receipts r on r.event_id = d.event_id';

const COLUMNS = `d.event_id, coalesce(r.workflow_id, d.event_id) as workflow_id, d.user_id, d.reason, d.at, d.withdrawn_by,
  r.signed_at, r.received_at, r.recorded_at, r.body_digest, r.closed_at, r.outcome, r.ended_by, r.final, exists (
    select from open_workflows o where o.workflow_id = coalesce(r.workflow_id, d.event_id)
      and o.kind = 'offboarding' and o.closed_at is null and not o.gone) as is_open`;

interface Row {
  readonly event_id: string;
  readonly workflow_id: string;
  readonly user_id: string;
  readonly reason: string;
  readonly at: Date;
  readonly withdrawn_by: string | null;
  readonly signed_at: Date | null;
  readonly received_at: Date | null;
  readonly recorded_at: Date | null;
  readonly body_digest: string | null;
  readonly closed_at: Date | null;
  readonly outcome: string | null;
  readonly ended_by: ReceiptFacts['endedBy'];
  readonly final: FinalState | null;
  readonly is_open: boolean;
}

function leaverOf(row: Row): LeaverRow {
  return {
    eventId: row.event_id,
    workflowId: row.workflow_id,
    userId: row.user_id,
    reason: row.reason,
    leftAt: row.at.toISOString(),
    withdrawnBy: row.withdrawn_by,
    receipt: receiptOf(row),
    isOpen: row.is_open,
  };
}

function receiptOf(row: Row): ReceiptFacts | null {
  const { signed_at: signedAt, received_at: receivedAt, recorded_at: recordedAt, body_digest: bodyDigest } = row;
  if (signedAt === null || receivedAt === null || recordedAt === null || bodyDigest === null) return null;
  return {
    signedAt: signedAt.toISOString(),
    receivedAt: receivedAt.toISOString(),
    recordedAt: recordedAt.toISOString(),
    bodyDigest,
    closedAt: row.closed_at?.toISOString() ?? null,
    outcome: row.outcome,
    endedBy: row.ended_by,
    final: row.final,
  };
}
