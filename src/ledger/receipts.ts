import type { Pool, PoolClient } from 'pg';
import type { Ending } from './open-workflows';
import { inTransactionOf, storable } from './pool';

/** What is kept of a delivery, and the run that asks: (workflow id, first execution run id) outlives reset and continue-as-new. */
export interface Receipt {
  readonly eventId: string;
  /** Null: there was none to read. */
  readonly event: string | null;
  readonly workflowId: string;
  readonly firstRunId: string;
  /** SHA-256, hex, of the decoded HMAC. */
  readonly signatureDigest: string;
  /** SHA-256, hex. */
  readonly bodyDigest: string;
  /** ISO 8601. */
  readonly signedAt: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  /**
   * It contradicts an earlier delivery of its event id. Until it is run it takes no signature for itself: the genuine
   * event may still come with it, under an id of its own, and must not end as the repeat of one that waits for a person.
   */
  readonly isConflict?: true;
}

/** What was decided when the event was new; a repeat gets the same, since it would find itself among the earlier ones. */
export interface EventDecision {
  /** A completion: none of this course was known of the learner. */
  readonly firstCompletion?: boolean;
  /** A completion: the best score of the course, this one included. */
  readonly bestScore?: number;
  /** A completion: better than every other one known; the first is. */
  readonly improved?: boolean;
  /** A completion: the best score of the course without this one; absent when there was none. */
  readonly bestBefore?: number;
  /** A departure, a hire, a failed quiz: the running workflow of the same matter, by id, that it joins. */
  readonly joins?: string;
  /** A hire: the learner was onboarded before, and has not left since. */
  readonly isOnboarded?: boolean;
}

/** `answer` null: the fact has not been applied yet. */
export type Claim =
  | { readonly isOwn: true; readonly answer: EventDecision | null }
  | {
      readonly isOwn: false;
      /** The event that ran. */
      readonly first: string;
      /** The body that ran was the same, byte for byte. */
      readonly isSameBody: boolean;
      /** Its workflow could not end by itself. */
      readonly ended: Ending | null;
    };

/** Make the receipt, or find whose it is: by event id, else by signature. */
export async function claimReceipt(client: PoolClient, receipt: Receipt, userId: string | null): Promise<Claim> {
  const { eventId, workflowId, signatureDigest, isConflict } = receipt;
  if (isConflict === true) {
    const signed = await findReceipt(client, [null, signatureDigest]);
    if (signed !== undefined) return claimOn(signed, receipt);
  }
  const taken = isConflict === true ? workflowId : signatureDigest;
  if (await insertReceipt(client, receipt, userId, taken)) return { isOwn: true, answer: null };
  const row = await findReceipt(client, [eventId, taken]);
  // Pruned between the two statements: the next attempt makes it.
  if (row === undefined) throw new Error('the receipt that was in the way is gone');
  const claim = claimOn(row, receipt);
  return claim.isOwn && row.signature_digest !== taken ? takeSignature(client, receipt, claim) : claim;
}

async function insertReceipt(
  client: PoolClient,
  { eventId, event, workflowId, firstRunId, bodyDigest, signedAt, receivedAt }: Receipt,
  userId: string | null,
  signature: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into receipts
       (event_id, event, workflow_id, first_run_id, user_id, signature_digest, body_digest, signed_at, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [eventId, nameOf(event), workflowId, firstRunId, userId, signature, bodyDigest, signedAt, receivedAt],
  );
  return rowCount === 1;
}

async function findReceipt(
  client: PoolClient,
  idAndSignature: readonly [string | null, string],
): Promise<ReceiptRow | undefined> {
  const { rows } = await client.query<ReceiptRow>(
    `select event_id, workflow_id, first_run_id, signature_digest, body_digest, applied_at, answer, ended_by from receipts
     where event_id = $1 or signature_digest = $2 order by (event_id = $1) desc limit 1`,
    [...idAndSignature],
  );
  return rows[0];
}

/** Whose it is, its run says: a run that was kept as a conflict may have come by the event's own id since. */
function claimOn(row: ReceiptRow, { workflowId, firstRunId, bodyDigest }: Receipt): Claim {
  const isOwn = row.workflow_id === workflowId && row.first_run_id === firstRunId;
  if (!isOwn) return { isOwn, first: row.event_id, isSameBody: row.body_digest === bodyDigest, ended: row.ended_by };
  return { isOwn, answer: row.applied_at === null ? null : row.answer };
}

/** A run that was kept as a conflict runs its event now, unless that has come by another way meanwhile. */
async function takeSignature(
  client: PoolClient,
  { workflowId, firstRunId, signatureDigest, bodyDigest }: Receipt,
  claim: Claim,
): Promise<Claim> {
  const other = await findReceipt(client, [null, signatureDigest]);
  await client.query(
    other === undefined
      ? 'update receipts set signature_digest = $3 where workflow_id = $1 and first_run_id = $2'
      : `update receipts set closed_at = now(), outcome = 'replayed' where workflow_id = $1 and first_run_id = $2`,
    other === undefined ? [workflowId, firstRunId, signatureDigest] : [workflowId, firstRunId],
  );
  return other === undefined
    ? claim
    : { isOwn: false, first: other.event_id, isSameBody: other.body_digest === bodyDigest, ended: other.ended_by };
}

/** The name of an unknown event is any text at all, and its receipt must not fail of it. */
function nameOf(event: string | null): string | null {
  return event === null ? null : storable(event);
}

interface ReceiptRow {
  readonly event_id: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly signature_digest: string;
  readonly body_digest: string;
  readonly applied_at: Date | null;
  readonly answer: EventDecision;
  readonly ended_by: Ending | null;
}

export interface Applied {
  readonly userId: string;
  readonly answer: EventDecision;
  /** The workflow has nothing to do after this, and closes no case: its receipt is closed here. */
  readonly isLast: boolean;
}

/** The fact of the receipt is applied, in the same transaction as this. */
export async function storeAnswer(
  client: PoolClient,
  { eventId, event }: Receipt,
  { userId, answer, isLast }: Applied,
): Promise<void> {
  await client.query(
    `update receipts set applied_at = now(), event = $2, user_id = $3, answer = $4,
       closed_at = case when $5 then now() end, outcome = case when $5 then 'done' end
     where event_id = $1`,
    [eventId, nameOf(event), userId, JSON.stringify(answer), isLast],
  );
}

/**
 * The run that came with this event id ended as `replayed`: the id is not taken by it, and another delivery that waits
 * for its verdict may have it.
 */
export async function storeReplay(client: PoolClient, { eventId, bodyDigest }: Receipt, first: string): Promise<void> {
  await client.query('insert into replays (event_id, first, body_digest) values ($1, $2, $3) on conflict do nothing', [
    eventId,
    first,
    bodyDigest,
  ]);
}

/** A delivery that came under the id of an event with other bytes. */
export interface Conflict {
  /** As it came; the conflict's own receipt has another. */
  readonly eventId: string;
  /** SHA-256, hex. */
  readonly bodyDigest: string;
  /** The run that keeps it. */
  readonly run: { readonly workflowId: string; readonly firstRunId: string };
}

/**
 * `stands`: the event id is another run's permanently. `free`: what came first was a replay of something else, so that the
 * event id was nobody's, and is this run's from now on. `unknown`: the first one has not been recorded yet.
 */
export type ConflictStanding = 'stands' | 'free' | 'unknown';
/**
 * Whose is the event id? Asked again by the run that has got it, the answer is `free` again: its own receipt bears the
 * id, and `recordEvent` knows it by that.
 */
export async function settleConflict(pool: Pool, { eventId, bodyDigest, run }: Conflict): Promise<ConflictStanding> {
  return inTransactionOf(pool, eventId, async (client) => {
    const { rows } = await client.query<{ is_own: boolean }>(
      'select workflow_id = $2 and first_run_id = $3 as is_own from receipts where event_id = $1',
      [eventId, run.workflowId, run.firstRunId],
    );
    const [holder] = rows;
    if (holder !== undefined) return holder.is_own ? 'free' : 'stands';
    const { rowCount } = await client.query(
      `update receipts set event_id = $1 where workflow_id = $2 and first_run_id = $3
       and exists (select from replays where event_id = $1 and body_digest <> $4)`,
      [eventId, run.workflowId, run.firstRunId, bodyDigest],
    );
    return rowCount === 1 ? 'free' : 'unknown';
  });
}
