/** How activities are called: which task queue, how long, how often. The one place where retries are decided. */
import {
  ActivityCancellationType,
  ActivityFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  type ActivityOptions,
} from '@temporalio/workflow';
import type {
  ConnectorActivities,
  LedgerActivities,
  PolicySnapshotActivities,
  ReconcileActivities,
  RereadActivities,
  WebhookActivities,
} from '../../activities';
import { type Cause, DAY, MINUTE, SECOND, type System } from '../../src/domain';
import { causeOf, isOurs, whyFailed } from './failures';

/** Waits for a running attempt: a step and its undo must not run side by side. */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** One attempt of a connector's call; a killed worker's attempt is given up after it. */
const ATTEMPT = '15 seconds';

/** Out of it, a step parks: somebody has to look. */
const BUDGET = DAY;

/** Access that should end must not wait out a long backoff, and an alert not either. */
const QUICK = { initialInterval: SECOND, maximumInterval: 15 * SECOND } as const;
const PATIENT = { initialInterval: SECOND, maximumInterval: MINUTE } as const;

const RETRIES = {
  identity: QUICK,
  slack: QUICK,
  mail: PATIENT,
  archive: PATIENT,
  salesforce: PATIENT,
  xapi: PATIENT,
} as const satisfies Record<System, object>;

function connector(system: System, options: ActivityOptions = {}): ActivityOptions {
  return {
    taskQueue: `mindtickle-${system}`,
    startToCloseTimeout: ATTEMPT,
    scheduleToCloseTimeout: BUDGET,
    retry: RETRIES[system],
    cancellationType,
    ...options,
  };
}

export const identity = proxyActivities<ConnectorActivities['identity']>(connector('identity'));
export const mail = proxyActivities<ConnectorActivities['mail']>(connector('mail'));
export const archive = proxyActivities<ConnectorActivities['archive']>(connector('archive'));
export const xapi = proxyActivities<ConnectorActivities['xapi']>(connector('xapi'));

export const salesforce = proxyActivities<ConnectorActivities['salesforce']>(
  // A sign-in and up to four calls.
  connector('salesforce', { startToCloseTimeout: '30 seconds' }),
);

export const slack = proxyActivities<ConnectorActivities['slack']>(
  // A message may take several calls, each of which has its own limit: person, conversation, history, post.
  connector('slack', { startToCloseTimeout: '30 seconds' }),
);

/** Part of housekeeping: what Salesforce does not accept within its time is tried again by the next one. */
export const { syncProgressRecords } = proxyActivities<ConnectorActivities['salesforce']>(
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

export const { readPolicySnapshot } = proxyLocalActivities<PolicySnapshotActivities>({
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

/** A step of the ledger: it retries without end, whatever the error, since an event is never lost to a fault of ours. */
export function askLedger<K extends keyof LedgerActivities>(
  name: K,
  summary: string,
  ...args: Parameters<LedgerActivities[K]>
): Promise<Awaited<ReturnType<LedgerActivities[K]>>> {
  return (ledgerQueue[name] as Step<K>).executeWithOptions({ summary }, args);
}

/**
 * The same where nothing else of the workflow is under way: as a local activity, which costs the server nothing, and as a
 * normal one when the ledger does not answer; a local one that retried would hold a slot of the worker while it waits.
 * Beside others it would not replay: its answer may reach a busy worker one workflow task later than its marker says, and
 * what ended meanwhile comes before it then, and after it in a replay (tried: `findContact` beside `findLearner`).
 */
export async function askLedgerAlone<K extends keyof LedgerActivities>(
  name: K,
  summary: string,
  ...args: Parameters<LedgerActivities[K]>
): Promise<Awaited<ReturnType<LedgerActivities[K]>>> {
  try {
    return await (localLedger[name] as Step<K>).executeWithOptions({ summary }, args);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return await askLedger(name, `${summary} (again: the ledger did not answer)`, ...args);
  }
}

/** The same for the first step; undefined: the ledger did not answer. */
export async function beginCaseAlone(
  ...args: Parameters<LedgerActivities['beginCase']>
): Promise<Awaited<ReturnType<LedgerActivities['beginCase']>> | undefined> {
  try {
    return await localLedger.beginCase.executeWithOptions(
      { summary: 'Record the event, look up who it is about' },
      args,
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
}

/** Longer work in the ledger than a step: nobody waits for it, and a local activity would hold a slot. */
export const { pruneLedger } = proxyActivities<LedgerActivities>({
  startToCloseTimeout: '1 minute',
  retry: PATIENT,
  cancellationType,
});

export const { reconcileOpenWorkflows } = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '2 minutes',
  retry: PATIENT,
  cancellationType,
});

/** Part of housekeeping: what cannot be looked at now is looked at the next time. */
export const { watchWebhook, markWebhookNotified } = proxyActivities<WebhookActivities>({
  // MindTickle and the receiver are asked, each within its own limit.
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '5 minutes',
  retry: PATIENT,
  cancellationType,
});

/** How one activity of a step is called. */
export type CallOptions = Pick<ActivityOptions, 'retry' | 'scheduleToCloseTimeout' | 'priority'> & {
  readonly summary: string;
};

/**
 * Of a call that a person waits for: what they decide about one workflow does not wait behind the steps of all the others, of
 * which there may be thousands. Temporal serves the lowest key of a queue first; without it, a call has its workflow's.
 */
export const FOR_A_PERSON = { priority: { priorityKey: 1 } } as const;

/** A call that failed and is tried again: `nextAt` epoch ms; null: it is under way. */
export interface Retrying {
  readonly attempts: number;
  readonly why: string;
  readonly cause: Cause;
  readonly nextAt: number | null;
}

const FIRST_ATTEMPTS = 2;

/** At fifteen seconds each, half an hour: a day of attempts is some fifty activities in the history. */
const MAX_ATTEMPTS = 128;

/**
 * Call an activity until it succeeds, is refused, or its time is over. A workflow does not see the attempts of an activity
 * that is retried: so it is given a few at a time, and `saying` is called between them.
 */
export async function tryPatiently<T>(
  system: System,
  summary: string,
  call: (options: CallOptions) => Promise<T>,
  saying: (retrying: Retrying) => void,
): Promise<T> {
  const { initialInterval, maximumInterval } = RETRIES[system];
  const intervalAfter = (attempts: number): number => Math.min(initialInterval * 2 ** attempts, maximumInterval);
  const givenUpAt = Date.now() + BUDGET;
  let attempts = 0;
  for (let maximumAttempts = FIRST_ATTEMPTS; ; maximumAttempts = Math.min(2 * maximumAttempts, MAX_ATTEMPTS)) {
    const retry = { initialInterval: intervalAfter(attempts), maximumInterval, maximumAttempts };
    try {
      return await call({ summary, retry, scheduleToCloseTimeout: givenUpAt - Date.now() });
    } catch (error) {
      attempts += maximumAttempts;
      const nextAt = Date.now() + (askedFor(error) ?? intervalAfter(attempts - 1));
      if (!hasMoreAttempts(error) || nextAt >= givenUpAt) throw error;
      const failed = { attempts, why: whyFailed(error), cause: causeOf(error, system) };
      saying({ ...failed, nextAt });
      await sleep(nextAt - Date.now(), { summary: `${summary}: then try again` });
      saying({ ...failed, nextAt: null });
    }
  }
}

function hasMoreAttempts(error: unknown): boolean {
  return error instanceof ActivityFailure && error.retryState === 'MAXIMUM_ATTEMPTS_REACHED';
}

/** The pause that a system asks for, in ms: Temporal keeps it, but does not give it to the workflow. */
function askedFor(error: unknown): number | undefined {
  if (!(error instanceof ActivityFailure) || !isOurs(error.cause)) return undefined;
  const [details] = (error.cause.details ?? []) as readonly ({ readonly retryAfterMs?: unknown } | undefined)[];
  return typeof details?.retryAfterMs === 'number' ? details.retryAfterMs : undefined;
}
