import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Pool } from 'pg';
import { createConnectors, createOwnActivities } from '../../activities';
import type {
  ArchiveActivities,
  IdentityActivities,
  LedgerActivities,
  MailActivities,
  SalesforceActivities,
  StepContext,
} from '../../activities';
import type { SalesforceSettings } from '../../src/connector-settings';
import type { Policy } from '../../src/domain/policy';
import { effectsOf, type StoredEffect } from '../../src/ledger/effects';
import { recordEvent } from '../../src/ledger/record';
import { readConfig } from '../../src/policy';
import type { WorkerSettings } from '../../src/settings';
import { deprovisioned, request } from '../ledger/events';

export const TOKEN = 'a-token-of-the-tests';

/** Activities are handed over by name alone: none of them uses `this`. */
export type Functions<T> = {
  readonly [K in Exclude<keyof T, never>]: T[K] extends (...args: infer A) => infer R ? (...args: A) => R : never;
};

export type Connectors = Functions<
  IdentityActivities & MailActivities & ArchiveActivities & SalesforceActivities & LedgerActivities
>;

export interface ConnectorsOptions {
  readonly identityUrl?: string;
  readonly token?: string;
  readonly smtpUrl?: string;
  readonly archiveUrl?: string;
  readonly salesforce?: SalesforceSettings;
  readonly policy?: Partial<Policy>;
}

/** The real connectors as a worker makes them, pointed to where a test wants them. */
export function connectorsTo(pool: Pool, options: ConnectorsOptions): Connectors {
  const { identityUrl, smtpUrl, archiveUrl, salesforce, token = TOKEN, policy } = options;
  const settings: WorkerSettings = {
    companyId: 'acme',
    databaseUrl: 'not asked for here',
    connectors: {
      identity: identityUrl === undefined ? undefined : { driver: 'scim', url: identityUrl, token: () => token },
      mail: smtpUrl === undefined ? undefined : { url: () => smtpUrl, from: 'Enablement <enablement@example.com>' },
      archive: archiveUrl === undefined ? undefined : { url: archiveUrl },
      salesforce,
    },
    policy: { ...readConfig(undefined).policy, ...policy },
    modes: { identity: 'on', mail: 'on', archive: 'on' },
    receiptDays: 90,
    windowBackMs: 28_800_000,
    windowAheadMs: 300_000,
    logLevel: 'silent',
  };
  const read = () => ({ refused: 'nothing is read here' });
  return Object.assign(
    createOwnActivities(settings, pool, read, () => Promise.resolve('unknown')),
    ...Object.values(createConnectors(settings, pool)),
  ) as Connectors;
}

let workflows = 0;

/** One workflow that runs activities. Each has an id of its own, so that no test meets the rows of another. */
export interface Workflow {
  readonly workflowId: string;
  readonly run: <A extends readonly unknown[], R>(activity: (...args: A) => Promise<R>, ...args: A) => Promise<R>;
  /** What the activity throws; a test that it succeeds in has failed. */
  readonly failure: <A extends readonly unknown[]>(
    activity: (...args: A) => Promise<unknown>,
    ...args: A
  ) => Promise<ApplicationFailure>;
  readonly step: (step: string, options?: Partial<StepContext>) => StepContext;
}

export function workflow({ isLocal = false, workflowId = `workflow-${(workflows += 1)}` } = {}): Workflow {
  const run: Workflow['run'] = (activity, ...args) => {
    const info = { workflowExecution: { workflowId, runId: 'run-1' }, isLocal };
    // What fails here fails on purpose.
    const env = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
    return env.run(() => activity(...args));
  };
  return {
    workflowId,
    run,
    failure: async (activity, ...args) => {
      const result = await run(activity, ...args).then(
        (answer) => ({ answer }),
        (error: unknown) => error as ApplicationFailure,
      );
      if (result instanceof Error) return result;
      throw new Error(`it did not fail: ${JSON.stringify(result)}`);
    },
    step: (step, options = {}) => ({ step, userId: 'mt-omar', mode: 'on', ...options }),
  };
}

/** The rows of a workflow's writes, as far as tests look at them. */
export async function rowsOf(pool: Pool, { workflowId }: Workflow): Promise<Partial<StoredEffect>[]> {
  const rows = await effectsOf(pool, workflowId);
  return rows.map(({ step, naturalKey, status, would, before, mode }) => ({
    step,
    naturalKey,
    status,
    would,
    before,
    mode,
  }));
}

/** The ledger learns that the learner has left. */
export async function leaves(pool: Pool, userId: string): Promise<void> {
  await recordEvent(pool, request(`departure of ${userId}`, deprovisioned(userId)));
}

export async function emptyLedger(pool: Pool): Promise<void> {
  await pool.query(
    'truncate receipts, learners, departures, completions, quiz_results, progress, expiries, open_workflows, effects, alerts',
  );
}

/** How long the failure wants the next attempt to wait, in ms; NaN when it leaves that to the policy. */
export function delayOf(failure: ApplicationFailure): number {
  return Number(Reflect.get(failure, 'nextRetryDelay'));
}

/** All that of a failure gets into a workflow's history. */
export function written(failure: ApplicationFailure): string {
  return JSON.stringify([failure.message, failure.details, failure.stack, String(failure.cause ?? '')]);
}

/** A server of a few lines, for what no stand-in does. */
export async function serve(listener: RequestListener): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
