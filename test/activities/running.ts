import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Pool } from 'pg';
import { createConnectors, createOwnActivities } from '../../activities';
import { createConfirm, createWrite } from '../../activities/write-once';
import { createHttp } from '../../activities/http';
import { createSlackActivities } from '../../activities/slack';
import { createXapiActivities } from '../../activities/xapi';
import type {
  ArchiveActivities,
  IdentityActivities,
  LedgerActivities,
  MailActivities,
  SalesforceActivities,
  SlackActivities,
  StepContext,
  XapiActivities,
} from '../../activities';
import { readConfigFile, type SystemSettings, type WorkerSettings } from '../../src/settings';
import type { Policy } from '../../src/domain';
import { effectsOf, recordEvent, type StoredEffect } from '../../src/ledger';
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
  /** Okta instead of SCIM. */
  readonly oktaUrl?: string;
  readonly identity?: Partial<SystemSettings['identity']>;
  readonly token?: string;
  readonly smtpUrl?: string;
  readonly archiveUrl?: string;
  readonly salesforce?: SystemSettings['salesforce'];
  readonly policy?: Partial<Policy>;
}

/** The real connectors as a worker makes them, pointed to where a test wants them. */
export function connectorsTo(pool: Pool, options: ConnectorsOptions): Connectors {
  const { identityUrl, oktaUrl, smtpUrl, archiveUrl, salesforce, token = TOKEN, policy } = options;
  const url = oktaUrl ?? identityUrl;
  const driver = oktaUrl === undefined ? 'scim' : 'okta';
  const settings = settingsOf(
    {
      identity: url === undefined ? undefined : { driver, url, token: () => token, ...options.identity },
      mail: smtpUrl === undefined ? undefined : { url: () => smtpUrl, from: 'Enablement <enablement@example.com>' },
      archive: archiveUrl === undefined ? undefined : { url: archiveUrl, pathStyle: true },
      salesforce,
    },
    policy,
  );
  const read = () => ({ refused: 'nothing is read here' });
  return Object.assign(
    createOwnActivities(settings, pool, read, () => Promise.resolve('unknown')),
    ...Object.values(createConnectors(settings, pool)),
  ) as Connectors;
}

/** The real connectors of these settings, by system. */
export function connectorsOf(
  pool: Pool,
  connectors: WorkerSettings['connectors'],
): ReturnType<typeof createConnectors> {
  return createConnectors(settingsOf(connectors), pool);
}

function settingsOf(connectors: WorkerSettings['connectors'], policy?: Partial<Policy>): WorkerSettings {
  return {
    companyId: 'acme',
    databaseUrl: 'not asked for here',
    connectors,
    policy: { ...readConfigFile(undefined).policy, ...policy },
    modes: { identity: 'on', mail: 'on', archive: 'on' },
    receiptDays: 90,
    windowBackMs: 28_800_000,
    windowAheadMs: 300_000,
    logLevel: 'silent',
  };
}

/** What a test may set of a system, beside where it is. */
export interface HttpOptions {
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** The xAPI connector as `createConnectors` makes it. */
export function xapiTo(pool: Pool, baseUrl: string, options: HttpOptions = {}): Functions<XapiActivities> {
  const { token = TOKEN, ...rest } = options;
  const write = createWrite('xapi', pool);
  const headers = () => ({
    authorization: `Basic ${Buffer.from(`mindtickle:${token}`).toString('base64')}`,
    'x-experience-api-version': '1.0.3',
  });
  return createXapiActivities({ http: createHttp({ system: 'xapi', baseUrl, headers, write, ...rest }), write });
}

/** The Slack connector as `createConnectors` makes it; `url` is of the stand-ins. */
export function slackTo(
  pool: Pool,
  url: string,
  options: HttpOptions & { readonly hasScim?: boolean; readonly protectedUsers?: readonly string[] } = {},
): Functions<SlackActivities> {
  const { token = TOKEN, hasScim = true, protectedUsers: users = [], ...rest } = options;
  const write = createWrite('slack', pool);
  const headers = () => ({ authorization: `Bearer ${token}` });
  const api = (path: string) => createHttp({ system: 'slack', baseUrl: `${url}${path}`, headers, write, ...rest });
  return createSlackActivities({
    web: api('/slack/api'),
    scim: hasScim ? api('/slack/scim/v2') : undefined,
    pool,
    write,
    confirm: createConfirm('slack', pool),
    isProtected: { users, groups: [] },
  });
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

/** What an activity throws whose workflow cancels it once something has happened. */
export async function cancelledWhen(happened: Promise<void>, activity: () => Promise<unknown>): Promise<unknown> {
  const workflowExecution = { workflowId: `workflow-${(workflows += 1)}`, runId: 'run-1' };
  const info = { workflowExecution, startToCloseTimeoutMs: 15_000 };
  const env = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
  const ended = env.run(activity).catch((error: unknown) => error);
  await happened;
  env.cancel();
  return ended;
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
