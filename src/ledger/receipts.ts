import type { PoolClient } from 'pg';

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
}

/** What was decided when the event was new; a repeat gets the same, since it would find itself among the earlier ones. */
export interface Answer {
  /** A completion: none of this course was known of the learner. */
  readonly firstCompletion?: boolean;
  /** A completion: the best score of the course, this one included. */
  readonly bestScore?: number;
  /** A completion: better than every other one known; the first is. */
  readonly improved?: boolean;
  /** A departure: the running offboarding, by workflow id, that it joins. */
  readonly joins?: string;
}

/** `isOwn` false: `first` is the event that ran. `answer` null: the fact has not been applied yet. */
export type Claim =
  { readonly isOwn: false; readonly first: string } | { readonly isOwn: true; readonly answer: Answer | null };

/** Make the receipt, or find whose it is: by event id, else by signature. */
export async function claimReceipt(client: PoolClient, receipt: Receipt, userId: string | null): Promise<Claim> {
  const { eventId, event, workflowId, firstRunId, signatureDigest, bodyDigest, signedAt, receivedAt } = receipt;
  const inserted = await client.query(
    `insert into receipts
       (event_id, event, workflow_id, first_run_id, user_id, signature_digest, body_digest, signed_at, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [eventId, event, workflowId, firstRunId, userId, signatureDigest, bodyDigest, signedAt, receivedAt],
  );
  if (inserted.rowCount === 1) return { isOwn: true, answer: null };
  const { rows } = await client.query<ReceiptRow>(
    `select event_id, workflow_id, first_run_id, applied_at, answer from receipts
     where event_id = $1 or signature_digest = $2 order by (event_id = $1) desc limit 1`,
    [eventId, signatureDigest],
  );
  const [row] = rows;
  // Pruned between the two statements: the next attempt makes it.
  if (row === undefined) throw new Error('the receipt that was in the way is gone');
  const isOwn = row.event_id === eventId && row.workflow_id === workflowId && row.first_run_id === firstRunId;
  return isOwn ? { isOwn, answer: row.applied_at === null ? null : row.answer } : { isOwn, first: row.event_id };
}

interface ReceiptRow {
  readonly event_id: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly applied_at: Date | null;
  readonly answer: Answer;
}

/** The fact of the receipt is applied, in the same transaction as this. */
export async function storeAnswer(
  client: PoolClient,
  { eventId, event }: Receipt,
  userId: string,
  answer: Answer,
): Promise<void> {
  await client.query(
    'update receipts set applied_at = now(), event = $2, user_id = $3, answer = $4 where event_id = $1',
    [eventId, event, userId, JSON.stringify(answer)],
  );
}
