import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { reliesOn, type Fact, type RenewalRules } from '../../src/domain';
import {
  addAlertCase,
  admitLeaver,
  type AlertCase,
  type AlertClaim,
  type AlertDigest,
  type AlertStanding,
  claimAlert,
  admittedLately,
  closeWorkflow,
  confirmDeparture,
  type Conflict,
  type ConflictStanding,
  countOpen,
  dropAlertCase,
  dueDigests,
  endCase,
  findLearner,
  findUnfit,
  type Learner,
  markDigested,
  otherCases,
  programGroupsOf,
  readKnown,
  type Pruned,
  pruneLedger,
  type Receipt,
  type Recorded,
  recordEvent,
  reinstateLearner,
  releaseAlert,
  setLearnerEmail,
  settleConflict,
  sharersOf,
} from '../../src/ledger';
import type { WorkerSettings } from '../../src/settings';
import { askLedger, unavailable } from '../failure';
import { createBegin, type BeginRequest, type Begun } from './begin';
import type { Claims } from './claims';

export { createBegin, type Known } from './begin';
export { createClaims, type Claims, type WorkflowStatus } from './claims';
export { createReconcileActivities, type ReconcileActivities } from './reconcile';

/** One run is known by its first run id: `runId` changes on reset and continue-as-new. */
export interface OwnRun {
  readonly workflowId: string;
  readonly firstRunId: string;
}

export interface LedgerActivities {
  /** A workflow's first step: the policy as it is now, its event recorded, and what its next steps would look up. */
  beginCase(request: BeginRequest): Promise<Begun>;
  /** `begins`: the workflow's first step. `orphanedBy`: the workflow that it was to join, which does not run. */
  recordEvent(request: {
    receipt: Receipt;
    fact: Fact | null;
    begins?: boolean;
    orphanedBy?: string;
  }): Promise<Recorded>;
  /** `final`: the state that it ends with, for when Temporal has forgotten it. */
  closeWorkflow(request: OwnRun & { outcome: string; final?: object }): Promise<void>;
  markWorkflowGone(workflowId: string): Promise<void>;
  /** From now on no other workflow joins this one. */
  endCase(workflowId: string): Promise<void>;
  /** The groups that a learner's onboardings have joined, and nobody has left since. */
  findProgramGroups(userId: string): Promise<readonly string[]>;
  findLearner(userId: string): Promise<Learner | null>;
  /** Of these addresses those that no message about the learner may go to: their own, and those of people who have left. */
  findUnfit(request: { userId: string; addresses: readonly string[] }): Promise<readonly string[]>;
  /** How many of these workflows still wait. */
  countOpenWorkflows(workflowIds: readonly string[]): Promise<number>;
  /** Other learners, by id, who have the account of this one and have not left. `emails`: beside what the ledger knows. */
  findSharers(request: { userId: string; emails: readonly string[] }): Promise<readonly string[]>;
  setLearnerEmail(request: { userId: string; email: string }): Promise<void>;
  reinstateLearner(request: { userId: string; eventId: string }): Promise<void>;
  /** `at`: when the learner was hired, by the header; epoch ms. */
  confirmDeparture(request: { userId: string; eventId: string; workflowId: string; at: number }): Promise<void>;
  admitLeaver(eventId: string): Promise<boolean>;
  resolveConflict(conflict: Conflict): Promise<ConflictStanding>;
  /** Is this the case of its cause that people are notified of now? Else it is kept for the digest. */
  claimAlert(claim: AlertClaim): Promise<AlertStanding>;
  /** Nobody could be notified. */
  releaseAlert(claim: AlertClaim): Promise<void>;
  /** Name it in the next digest. */
  addAlertCase(one: AlertCase): Promise<void>;
  /** It waits no more. */
  dropAlertCase(one: Pick<AlertCase, 'workflowId' | 'step'>): Promise<void>;
  dueDigests(): Promise<readonly AlertDigest[]>;
  markDigested(request: Pick<AlertDigest, 'cause' | 'cases'> & { workflowId: string }): Promise<void>;
  /** Some thousand rows a call; `more` says to call again. */
  pruneLedger(): Promise<Pruned>;
}

/**
 * The ledger's steps. Each runs as a local activity first and, when the ledger does not answer, as a normal one.
 * @throws `ledger.unavailable` (retries).
 */
export function createLedgerActivities({
  pool,
  policy,
  modes,
  receiptDays,
  auditDays,
  claims,
}: Pick<WorkerSettings, 'policy' | 'modes' | 'receiptDays' | 'auditDays'> & {
  readonly pool: Pool;
  readonly claims: Claims;
}): LedgerActivities {
  const breaker = createBreaker();
  const rules: RenewalRules = {
    courses: policy.course.renews,
    renewalLeadDays: policy.recertification.renewalLeadDays,
  };
  const ask = <T>(call: () => Promise<T>): Promise<T> => breaker(() => askLedger(call));

  const record = createRecord(pool, claims, rules);
  const { limitPerHour } = policy.offboarding;
  const begin = createBegin({
    read: (userId, asked) => readKnown(pool, userId, asked),
    policy,
    modes,
    record,
    // One that is over the limit asks again, and then Temporal is asked about the others: not while a local activity runs.
    admit: (eventId) => admitLeaver(pool, { eventId, limitPerHour }),
  });

  return {
    beginCase: (request) => ask(() => begin(request)),
    recordEvent: (request) => ask(() => record(request)),
    closeWorkflow: (request) => ask(() => closeWorkflow(pool, request)),
    markWorkflowGone: (workflowId) => ask(() => claims.close(workflowId)),
    endCase: (workflowId) => ask(() => endCase(pool, workflowId)),
    findProgramGroups: (userId) => ask(() => programGroupsOf(pool, userId)),
    findLearner: (userId) => ask(() => findLearner(pool, userId)),
    findUnfit: (request) => ask(() => findUnfit(pool, request)),
    countOpenWorkflows: (workflowIds) => ask(() => countOpen(pool, workflowIds)),
    findSharers: (request) => ask(() => sharersOf(pool, request)),
    setLearnerEmail: ({ userId, email }) => ask(() => setLearnerEmail(pool, userId, email)),
    reinstateLearner: (request) =>
      ask(async () => {
        const { userId, eventId } = request;
        const others = { userId, kinds: ['offboarding'], key: '', except: eventId } as const;
        await claims.running(await otherCases(pool, others));
        await reinstateLearner(pool, request);
      }),
    confirmDeparture: (request) => ask(() => confirmDeparture(pool, request)),
    admitLeaver: (eventId) => ask(() => admit(pool, claims, { eventId, limitPerHour })),
    resolveConflict: (conflict) => ask(() => settleConflict(pool, conflict)),
    claimAlert: (claim) => ask(() => claimAlert(pool, claim)),
    releaseAlert: (claim) => ask(() => releaseAlert(pool, claim)),
    addAlertCase: (one) => ask(() => addAlertCase(pool, one)),
    dropAlertCase: (one) => ask(() => dropAlertCase(pool, one)),
    dueDigests: () => ask(() => dueDigests(pool)),
    markDigested: ({ workflowId, ...digest }) => ask(() => markDigested(pool, digest, workflowId)),
    pruneLedger: () => ask(() => pruneLedger(pool, { olderThanDays: receiptDays, auditDays })),
  };
}

function createRecord(pool: Pool, claims: Claims, rules: RenewalRules): LedgerActivities['recordEvent'] {
  /** What the event's own workflow may rely on must be there: it joins it, or leaves the matter to it. */
  async function checkRivals({ receipt, fact, begins }: Parameters<LedgerActivities['recordEvent']>[0]): Promise<void> {
    const relied = fact !== null && begins === true ? reliesOn(fact) : null;
    if (fact === null || relied === null) return;
    const rivals = { userId: fact.userId, ...relied, except: receipt.workflowId };
    await claims.running(await otherCases(pool, rivals));
  }

  return async (request) => {
    if (request.orphanedBy !== undefined) await claims.close(request.orphanedBy);
    await checkRivals(request);
    return recordEvent(pool, { ...request, rules });
  };
}

async function admit(pool: Pool, claims: Claims, admission: Parameters<typeof admitLeaver>[1]): Promise<boolean> {
  if (await admitLeaver(pool, admission)) return true;
  // Some may have been terminated, and do not count any more.
  await claims.running(await admittedLately(pool));
  return admitLeaver(pool, admission);
}

const FAILURES_TO_OPEN = 3;
const OPEN_MS = 5000;

/**
 * A local activity that waits occupies one of the worker's few workflow-task slots: after a few failures in a row the local
 * ones fail at once for a while, and the normal ones, which occupy none, find out when the ledger is back.
 */
function createBreaker() {
  let failures = 0;
  let openUntil = 0;
  return async <T>(call: () => Promise<T>): Promise<T> => {
    const now = performance.now();
    if (Context.current().info.isLocal && failures >= FAILURES_TO_OPEN) {
      if (now < openUntil) throw unavailable('ledger', 'is not called: it did not answer recently');
      // One local call finds out for all: forty that hang together would be the outage again.
      openUntil = now + OPEN_MS;
    }
    try {
      const answer = await call();
      failures = 0;
      return answer;
    } catch (error) {
      // Any other error is an answer: one event that cannot be recorded must not block the others.
      failures = isOutage(error) ? failures + 1 : 0;
      if (failures >= FAILURES_TO_OPEN) openUntil = performance.now() + OPEN_MS;
      throw error;
    }
  };
}

function isOutage(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === 'ledger.unavailable';
}
