/** How activities are called: which task queue, how long, how often. The one place where retries are decided. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
  type ActivityOptions,
} from '@temporalio/workflow';
import type {
  ConnectorActivities,
  LedgerActivities,
  PolicySnapshotActivities,
  ReconcileActivities,
  RereadActivities,
} from '../../activities';
import { SYSTEMS, type System } from '../../src/domain';

/** Waits for a running attempt: a step and its undo must not run side by side. */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** One attempt of a connector's call; a killed worker's attempt is given up after it. */
const ATTEMPT = '15 seconds';

/** Out of it, a step parks: somebody has to look. */
const BUDGET = '1 day';

/** Access that should end must not wait out a long backoff, and an alert not either. */
const QUICK = { initialInterval: '1 second', maximumInterval: '15 seconds' } as const;
const PATIENT = { initialInterval: '1 second', maximumInterval: '1 minute' } as const;

function connector(system: System, options: ActivityOptions = {}): ActivityOptions {
  return {
    taskQueue: `mindtickle-${system}`,
    startToCloseTimeout: ATTEMPT,
    scheduleToCloseTimeout: BUDGET,
    retry: PATIENT,
    cancellationType,
    ...options,
  };
}

export const identity = proxyActivities<ConnectorActivities['identity']>(connector('identity', { retry: QUICK }));
export const mail = proxyActivities<ConnectorActivities['mail']>(connector('mail'));
export const archive = proxyActivities<ConnectorActivities['archive']>(connector('archive'));
export const xapi = proxyActivities<ConnectorActivities['xapi']>(connector('xapi'));

export const salesforce = proxyActivities<ConnectorActivities['salesforce']>(
  // A sign-in and up to four calls.
  connector('salesforce', { startToCloseTimeout: '30 seconds' }),
);

export const slack = proxyActivities<ConnectorActivities['slack']>(
  // A message may take several calls, each of which has its own limit: person, conversation, history, post.
  connector('slack', { startToCloseTimeout: '30 seconds', retry: QUICK }),
);

/** Part of housekeeping: what Salesforce does not accept within its time is tried again by the next one. */
export const { syncProgressRecords: syncProgressRecords } = proxyActivities<ConnectorActivities['salesforce']>(
  connector('salesforce', {
    startToCloseTimeout: '4 minutes',
    scheduleToCloseTimeout: '10 minutes',
    // A collection may take thirty seconds, and once more after a new sign-in.
    heartbeatTimeout: '90 seconds',
  }),
);

export const { rereadEnvelope } = proxyActivities<RereadActivities>({
  startToCloseTimeout: ATTEMPT,
  summary: 'Read the body again',
});

export const { readPolicySnapshot: readPolicySnapshot } = proxyLocalActivities<PolicySnapshotActivities>({
  startToCloseTimeout: '2 seconds',
});

const localLedger = proxyLocalActivities<LedgerActivities>({
  startToCloseTimeout: '2 seconds',
  retry: { maximumAttempts: 2, initialInterval: '50 milliseconds' },
});

const ledgerQueue = proxyActivities<LedgerActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
  cancellationType,
});

interface Step<K extends keyof LedgerActivities> {
  readonly executeWithOptions: (
    options: { summary: string },
    args: Parameters<LedgerActivities[K]>,
  ) => Promise<Awaited<ReturnType<LedgerActivities[K]>>>;
}

/**
 * A step of the ledger: a local activity, and when the ledger does not answer, the same as a normal one that retries
 * without end, whatever the error: an event is never lost to a fault of ours. A local one that retried would hold a
 * workflow-task slot of the worker while it waits.
 */
export async function askLedger<K extends keyof LedgerActivities>(
  name: K,
  summary: string,
  ...args: Parameters<LedgerActivities[K]>
): Promise<Awaited<ReturnType<LedgerActivities[K]>>> {
  const [local, queued] = [localLedger[name], ledgerQueue[name]] as [Step<K>, Step<K>];
  try {
    return await inTurn(() => local.executeWithOptions({ summary }, args));
  } catch (error) {
    if (isCancellation(error)) throw error;
    return await queued.executeWithOptions({ summary: `${summary} (again: the ledger did not answer)` }, args);
  }
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * One local activity at a time. Two that run side by side end one by one, but a replay learns of both at once, and then
 * what comes after them may come in another order (tried: `upsertTraining` before `findContact`, and the other way round).
 */
function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const answer = turn.then(call, call);
  turn = answer.catch(() => undefined);
  return answer;
}

/** Longer work in the ledger than a step: nobody waits for it, and a local activity would hold a slot. */
export const { pruneLedger } = proxyActivities<LedgerActivities>({
  startToCloseTimeout: '1 minute',
  retry: PATIENT,
  cancellationType,
});

export const { closeGone } = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '2 minutes',
  retry: PATIENT,
  cancellationType,
});

/** Credentials that a system refuses stop every process that needs it. */
export function sharedCause({ cause }: ActivityFailure): string | undefined {
  if (!isOurs(cause)) return undefined;
  const [details] = (cause.details ?? []) as readonly ({ readonly status?: unknown } | undefined)[];
  return details?.status === 401 || details?.status === 403 ? cause.message : undefined;
}

/**
 * Why a step failed, as a sentence without names or values. Only failures that we throw ourselves have such a message; any
 * other, such as a `TypeError` that Temporal wraps, may quote what it failed on, and is named by its type alone.
 */
export function whyFailed(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (isOurs(cause)) return cause.message;
  if (cause instanceof ApplicationFailure) return `failed: ${cause.type ?? 'unknown'}`;
  if (cause instanceof TimeoutFailure) return 'gave no result within its time';
  return 'failed';
}

const OUR_SYSTEMS: readonly string[] = [...SYSTEMS, 'ledger', 'quarantine'];

/** Our types are `<system>.<reason>`. */
function isOurs(cause: unknown): cause is ApplicationFailure {
  if (!(cause instanceof ApplicationFailure)) return false;
  const [system = '', reason] = cause.type?.split('.') ?? [];
  return reason !== undefined && OUR_SYSTEMS.includes(system);
}
