import type { Pool, PoolClient } from 'pg';
import { HOUR, opens, type Fact, type News, type OpenWorkflow, type RenewalRules } from '../domain';
import { storeFact } from './facts';
import { isOnboarded, joinCase, joinOffboarding, openCase, type Ending } from './open-workflows';
import { inTransaction, inTransactionOf } from './pool';
import { claimReceipt, storeAnswer, storeReplay, type EventDecision, type Claim, type Receipt } from './receipts';
import { settledBy, settles, type Settled } from './settling';

export type { Receipt } from './receipts';

export interface RecordRequest {
  readonly receipt: Receipt;
  /** Null: the event could not be read. The receipt alone is kept, until its own run comes back with the fact. */
  readonly fact: Fact | null;
  readonly rules: RenewalRules;
  /**
   * The workflow asks for the first time. One that was reset does so once more, and begins anew: what it took back of its event
   * when it was cancelled is true again.
   */
  readonly begins?: boolean;
  /** The workflow that this one joined, which did not answer: it does not run, and somebody else has to. */
  readonly orphanedBy?: string;
}

export type Recorded =
  | {
      readonly outcome: 'new';
      readonly answer: EventDecision;
      /** What is known already and means something to this workflow, which has begun to wait. */
      readonly settledBy: News | null;
      /** The waiting workflows to signal. */
      readonly settles: readonly Settled[];
    }
  | {
      /** The event id ran before under another run; or the same signed delivery did under another id. */
      readonly outcome: 'duplicate' | 'replayed';
      /** The event that ran. */
      readonly first: string;
      /** The event id is the same, and the body that ran was another: this one must not be lost. */
      readonly conflict?: true;
      /** The workflow of the event could not end by itself. */
      readonly ended?: Ending;
    };

/**
 * The first step of every workflow, one transaction: the receipt, the fact, this workflow's row when it waits, and what
 * the facts mean to the waiting workflows, both ways. Called again by its own run it returns the answer it gave, and reads the waiting
 * workflows afresh: an offboarding asks again when an announced departure has come.
 */
export async function recordEvent(
  pool: Pool,
  request: RecordRequest,
  transaction: typeof inTransactionOf = inTransactionOf,
): Promise<Recorded> {
  const { receipt, fact } = request;
  const userId = fact?.userId ?? null;
  return transaction(pool, userId ?? receipt.eventId, async (client) => {
    const claim = await claimReceipt(client, receipt, userId);
    if (!claim.isOwn) return repeat(client, receipt, claim);
    if (fact === null) return { outcome: 'new', answer: claim.answer ?? {}, settledBy: null, settles: [] };
    if (request.begins === true && claim.answer !== null) await beginAgain(client, receipt, fact);
    if (fact.kind === 'progressed' && claim.answer === null) return recordProgress(client, request, fact);
    const answer = await answerOf(client, request, fact, claim.answer);
    return { outcome: 'new', answer, ...(await correlate(client, request, fact, answer)) };
  });
}

/** The stored one, unless it relies on a workflow that is gone. */
async function answerOf(
  client: PoolClient,
  { receipt, orphanedBy }: RecordRequest,
  fact: Fact,
  stored: EventDecision | null,
): Promise<EventDecision> {
  const isOrphan = orphanedBy !== undefined && stored?.joins === orphanedBy;
  return stored === null || isOrphan ? apply(client, receipt, fact) : stored;
}

/** Most events by far are progress, of which nothing has to be decided: one round trip does it. */
async function recordProgress(
  client: PoolClient,
  { receipt, rules }: RecordRequest,
  fact: Fact & { kind: 'progressed' },
): Promise<Recorded> {
  const { eventId, workflowId } = receipt;
  // Sent in this order, and Postgres keeps it. Where one fails, those behind it do too, and are rolled back.
  const [, , found] = await Promise.all([
    storeFact(client, eventId, fact),
    storeAnswer(client, receipt, { userId: fact.userId, answer: {}, isLast: true }),
    settles(client, { eventId, fact }, workflowId, rules),
  ]);
  return { outcome: 'new', answer: {}, settledBy: null, settles: found };
}

/** The only step of one that keeps progress has closed its receipt already. */
async function beginAgain(client: PoolClient, { eventId }: Receipt, fact: Fact): Promise<void> {
  if (fact.kind === 'progressed') return;
  await client.query('update receipts set closed_at = null, outcome = null where event_id = $1', [eventId]);
  if (fact.kind === 'deprovisioned')
    await client.query('update departures set withdrawn_by = null where withdrawn_by = $1', [eventId]);
}

async function repeat(
  client: PoolClient,
  receipt: Receipt,
  { first, isSameBody, ended }: Claim & { readonly isOwn: false },
): Promise<Recorded> {
  if (first === receipt.eventId)
    return { outcome: 'duplicate', first, ...(!isSameBody && { conflict: true }), ...(ended !== null && { ended }) };
  await storeReplay(client, receipt, first);
  return { outcome: 'replayed', first };
}

async function correlate(
  client: PoolClient,
  { receipt: { eventId, workflowId }, rules }: RecordRequest,
  fact: Fact,
  { joins }: EventDecision,
): Promise<{ settledBy: News | null; settles: readonly Settled[] }> {
  const open = joins === undefined ? caseOf(workflowId, fact) : null;
  if (open !== null) await openCase(client, fact, open);
  return {
    settledBy: open === null ? null : await settledBy(client, fact.userId, open, rules),
    settles: await settles(client, { eventId, fact }, workflowId, rules),
  };
}

async function apply(client: PoolClient, receipt: Receipt, fact: Fact): Promise<EventDecision> {
  await storeFact(client, receipt.eventId, fact);
  const answer = await decide(client, receipt, fact);
  await storeAnswer(client, receipt, { userId: fact.userId, answer, isLast: fact.kind === 'progressed' });
  return answer;
}

async function decide(client: PoolClient, { eventId, workflowId }: Receipt, fact: Fact): Promise<EventDecision> {
  if (fact.kind === 'completed') return compareScores(client, eventId, fact);
  const opened = opens(fact);
  if (opened === null || opened.kind === 'recertification') return {};
  const joins =
    fact.kind === 'deprovisioned'
      ? await joinOffboarding(client, fact, workflowId)
      : await joinCase(client, fact, opened, workflowId);
  if (joins !== null) return { joins };
  return fact.kind === 'provisioned' && (await isOnboarded(client, fact, workflowId)) ? { isOnboarded: true } : {};
}

async function compareScores(
  client: PoolClient,
  eventId: string,
  { userId, courseId, score }: Fact & { kind: 'completed' },
): Promise<EventDecision> {
  const { rows } = await client.query<{ best: number | null }>(
    'select max(score) as best from completions where user_id = $1 and course_id = $2 and event_id <> $3',
    [userId, courseId, eventId],
  );
  const best = rows[0]?.best ?? null;
  if (best === null) return { firstCompletion: true, bestScore: score, improved: true };
  return { firstCompletion: false, bestScore: Math.max(best, score), improved: score > best, bestBefore: best };
}

function caseOf(workflowId: string, fact: Fact): OpenWorkflow | null {
  const opened = opens(fact);
  return opened === null ? null : { workflowId, ...opened, openedBy: fact.at };
}

export interface Admission {
  readonly eventId: string;
  /** Offboardings that may begin within an hour. */
  readonly limitPerHour: number;
  /** Epoch ms. */
  readonly now?: number;
}

/** Offboardings that began within an hour and run as far as the ledger knows, some of them. */
export async function admittedLately(pool: Pool, now = Date.now()): Promise<readonly string[]> {
  const { rows } = await pool.query<{ workflow_id: string }>(
    'select workflow_id from receipts where admitted_at > $1 and closed_at is null order by admitted_at limit 100',
    [new Date(now - HOUR)],
  );
  return rows.map(({ workflow_id: workflowId }) => workflowId);
}

/**
 * May this departure's offboarding begin? A leaked secret or a bad HR sync must not empty the company. Those that were
 * terminated or taken back do not count. Once admitted it stays so. @throws Error when the event has no receipt.
 */
export async function admitLeaver(
  pool: Pool,
  { eventId, limitPerHour, now = Date.now() }: Admission,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    // In the key space of two numbers: no learner's lock is there.
    await client.query('select pg_advisory_xact_lock(1, 1)');
    const { rows } = await client.query<{ admitted_at: Date | null; lately: number }>(
      `select admitted_at, (
         select count(*)::int from receipts where admitted_at > $2 and coalesce(outcome, '') not in ('gone', 'cancelled')
       ) as lately from receipts where event_id = $1`,
      [eventId, new Date(now - HOUR)],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('admission is asked for an event without a receipt');
    if (row.admitted_at !== null) return true;
    if (row.lately >= limitPerHour) return false;
    await client.query('update receipts set admitted_at = $2 where event_id = $1', [eventId, new Date(now)]);
    return true;
  });
}
