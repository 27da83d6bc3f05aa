import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Pool } from 'pg';
import { connect, type ConnectorActivities, type StepContext } from '../../activities';
import type { ConnectorDeps } from '../../activities/connector';
import { createClaims, type WorkflowStatus } from '../../activities/ledger';
import type { Policy, System } from '../../src/domain';
import { effectsOf, recordEvent, type Ending, type StoredEffect } from '../../src/ledger';
import { readConfigFile, type SystemSettings } from '../../src/settings';
import { deprovisioned, request } from '../ledger/events';

export const TOKEN = 'a-token-of-the-tests';

/** Activities are handed over by name alone: none of them uses `this`. */
export type Functions<T> = {
  readonly [K in Exclude<keyof T, never>]: T[K] extends (...args: infer A) => infer R ? (...args: A) => R : never;
};

/** Temporal runs every workflow, or it runs none of `ended`, which ada terminated. */
export function statusOf(ended: readonly string[] = []): WorkflowStatus {
  const ending: Ending = { how: 'terminated', by: 'ada', reason: 'a mistake' };
  return {
    isRunning: (workflowId) => Promise.resolve(!ended.includes(workflowId)),
    endingOf: (workflowId) => Promise.resolve(ended.includes(workflowId) ? ending : null),
  };
}

/** The settings of each system at a URL: of its stand-in, or of what a test puts in its place. */
export const at = {
  scim: (url: string, token = TOKEN): SystemSettings['identity'] => ({ driver: 'scim', url, token: () => token }),
  okta: (url: string, token = TOKEN): SystemSettings['identity'] => ({ driver: 'okta', url, token: () => token }),
  mail: (url: string): SystemSettings['mail'] => ({ url: () => url, from: 'Enablement <enablement@example.com>' }),
  archive: (url: string): SystemSettings['archive'] => ({ url, pathStyle: true }),
  salesforce: (loginUrl: string, token = TOKEN): SystemSettings['salesforce'] => ({
    loginUrl,
    clientId: 'mindtickle',
    credential: { secret: () => token },
  }),
  /** `url` is the one of all stand-ins: Slack has two APIs. */
  slack: (url: string, token = TOKEN): SystemSettings['slack'] => ({
    url: `${url}/slack/api`,
    token: () => token,
    scimUrl: `${url}/slack/scim/v2`,
    scimToken: () => token,
  }),
  xapi: (url: string, token = TOKEN): SystemSettings['xapi'] => ({ url, key: 'mindtickle', secret: () => token }),
};

export interface ConnectorOptions extends Partial<Pick<ConnectorDeps, 'fetch' | 'timeoutMs' | 'now'>> {
  readonly policy?: Partial<Policy>;
  readonly status?: WorkflowStatus;
}

/** The activities of one real connector, as a worker makes them. */
export function connectTo<S extends System>(
  pool: Pool,
  system: S,
  settings: SystemSettings[S],
  { policy, status = statusOf(), ...options }: ConnectorOptions = {},
): Functions<ConnectorActivities[S]> {
  const claims = createClaims(pool, status);
  const deps = { pool, claims, policy: { ...readConfigFile(undefined).policy, ...policy }, ...options };
  return connect(system, settings, deps).activities as Functions<ConnectorActivities[S]>;
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
    const info = { workflowExecution: { workflowId, runId: 'run-1' }, isLocal, startToCloseTimeoutMs: 15_000 };
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

type StepActivity<A extends readonly unknown[], R> = (context: StepContext, ...args: A) => Promise<R>;

/** Run an activity as the one step of a workflow of its own. */
export async function runOnce<A extends readonly unknown[], R>(activity: StepActivity<A, R>, ...args: A): Promise<R> {
  const { run, step } = workflow();
  return run(activity, step('step'), ...args);
}

/** What such a step throws; a test in which it succeeds has failed. */
export async function failOnce<A extends readonly unknown[]>(
  activity: StepActivity<A, unknown>,
  ...args: A
): Promise<ApplicationFailure> {
  const { failure, step } = workflow();
  return failure(activity, step('step'), ...args);
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
    'truncate receipts, learners, departures, completions, quiz_results, progress, expiries, open_workflows, effects, alerts, alert_cases',
  );
}

/** How long the failure wants the next attempt to wait, in ms; NaN when it leaves that to the policy. */
export function delayOf(failure: ApplicationFailure | undefined): number {
  if (failure === undefined) return NaN;
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
