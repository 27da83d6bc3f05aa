import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createConnectors, createOwnActivities } from '../../../activities';
import { NEWEST_RELEASE, retentionGaps, SYSTEMS, type System } from '../../domain';
import { noteModes, openPool } from '../../ledger';
import { createRereader } from '../../receiver';
import {
  managementSettings,
  noticeChanges,
  SettingsError,
  workerSettings,
  type Environment,
  type WorkerSettings,
} from '../../settings';
import { stopAsked } from '../../stop-signal';
import { createLogger, startTracing, type Logger } from '../../telemetry';
import { connectNow, TASK_QUEUE, createEndingOf, createIsRunning, readRetention, type Services } from '../../temporal';
import { createWebhookClient, isReceiverReady } from '../../webhooks';
import { buildId } from '../build-id';
import { checkConnectors } from './connector-checks';
import { keepPreparing } from './ledger';

/** How long a worker that is stopping waits for the activities that it runs. */
const GRACE = '10 seconds';

/** Hands the trace on from the start of a workflow to its activities. */
const TRACE_HEADERS = resolve(__dirname, '../../../workflows/trace-headers');

/** How many activities of one connector a worker runs at once, where the YAML file says nothing. */
const SLOTS = 20;

/**
 * How many workflows a worker keeps in memory. One at rest holds 0.3 MB (measured: 400 recertifications, 50 kept and all of
 * them). The SDK's own number goes by the memory that Node.js may take, which is 2,300 and 700 MB on most machines; one that is
 * not kept is replayed from its history when something happens to it, which takes a tenth of a second or two.
 */
const KEPT_WORKFLOWS = 300;

/**
 * How long one step of a workflow's own code may take. Messages that came while no worker ran are all handled in one, and
 * there may be ten thousand; one that is cut off takes the whole process along (SDK 1.24: "async hook stack has become
 * corrupted"), again after each restart. The SDK takes this option, but not in its types; its own limit is 5 seconds.
 */
const LIMITS = { isolateExecutionTimeout: '1 minute' };

/**
 * Run the workers of every task queue in this process until it is asked to stop: one for the workflows and the ledger's
 * activities, and one for each connector, whose slots are its own.
 * @throws SettingsError for missing or malformed settings, and for those under which one event could run twice.
 */
export async function runWorker(env: Environment): Promise<void> {
  const settings = workerSettings(env);
  const reading = { companyId: settings.companyId, timeZone: settings.policy.calendar.timeZone };
  const log = createLogger('worker', settings.logLevel);
  const pool = openPool({ url: settings.databaseUrl, max: 20 });
  const ending = new AbortController();
  const unnotice = noticeChanges('worker', env, log);
  const tracing = startTracing('worker', settings.tracesEndpoint);
  const { client, connection, namespace, dataConverter, close } = await connectNow({
    log,
    env,
    metricsAddress: settings.metricsAddress,
    interceptors: tracing.clientInterceptors,
  });
  try {
    await refuseHoles(settings, { connection, namespace, log });
    // By its build, `mt doctor` sees whether all workers run the same code. No versioning goes with it.
    const common = {
      ...{ buildId: buildId(), connection, namespace, shutdownGraceTime: GRACE },
      ...(dataConverter && { dataConverter }),
      ...(tracing.isOn && {
        interceptors: { activity: tracing.activityInterceptors, workflowModules: [TRACE_HEADERS] },
      }),
    };
    const status = { isRunning: createIsRunning(client), endingOf: createEndingOf(client) };
    const workers = [
      await Worker.create({
        ...common,
        ...ownOptions(
          createOwnActivities(settings, pool, createRereader(reading), status, webhookOf(env)),
          dataConverter === undefined && !tracing.isOn,
        ),
      }),
    ];
    const connectors = createConnectors(settings, pool, status);
    for (const system of SYSTEMS) {
      const activities = connectors[system]?.activities;
      if (activities === undefined) continue;
      workers.push(await Worker.create({ ...common, ...connectorOptions(system, activities, settings.limits) }));
    }

    const stopping = stopAsked();
    void keepPreparing(pool, { log, signal: ending.signal, first: () => noteModes(pool, settings.modes) });
    const running = workers.map((worker) => worker.run());
    void stopping.then(() => stop(workers));
    process.send?.({ ready: true });
    log.info({ release: NEWEST_RELEASE, modes: settings.modes }, 'polling');
    void checkConnectors(connectors, { env, log });
    await Promise.all(running);
  } finally {
    ending.abort();
    unnotice();
    await close();
    await pool.end();
    await tracing.close();
  }
}

/** How housekeeping asks MindTickle about our webhook. The token may come, go and change while we run. */
function webhookOf(env: Environment): NonNullable<Parameters<typeof createOwnActivities>[4]> {
  const { apiUrl, token, webhookId } = managementSettings(env);
  const client = createWebhookClient({ baseUrl: apiUrl, token: () => token() ?? '' });
  return { webhookId, isReceiverReady, client: () => (token() === undefined ? undefined : client) };
}

/**
 * The settings alone have no hole: `workerSettings` refuses those. @throws SettingsError when the namespace forgets a
 * workflow before its event can no longer be sent again.
 */
async function refuseHoles(
  settings: WorkerSettings,
  { connection, namespace, log }: { readonly connection: Services; readonly namespace: string; readonly log: Logger },
): Promise<void> {
  let retentionMs: number | undefined;
  try {
    retentionMs = await readRetention(connection, namespace);
  } catch (error) {
    // Not every Temporal lets us look.
    log.warn({ namespace, code: (error as { code?: number }).code }, "the namespace's retention was not checked");
  }
  const holes = retentionGaps({ ...settings, retentionMs, namespace });
  if (holes.length > 0) throw new SettingsError(holes);
}

/**
 * The bundle that is built before has the SDK's own failures, and hands no traces on: with encryption or traces it is made at
 * the start, in some seconds.
 */
export function ownOptions(
  activities: object,
  isAsBuilt: boolean,
): Pick<WorkerOptions, 'taskQueue' | 'activities'> & Partial<WorkerOptions> {
  const bundle = resolve(__dirname, '../../../workflow-bundle.js');
  const code =
    isAsBuilt && existsSync(bundle)
      ? { workflowBundle: { codePath: bundle } }
      : { workflowsPath: resolve(__dirname, '../../../workflows') };
  return { taskQueue: TASK_QUEUE, activities, maxCachedWorkflows: KEPT_WORKFLOWS, ...LIMITS, ...code };
}

/** Temporal holds `perSecond` for the task queue, whatever the number of its workers; the last one to start decides it. */
export function connectorOptions(
  system: System,
  activities: object,
  limits: WorkerSettings['limits'] = {},
): Pick<WorkerOptions, 'taskQueue'> & Partial<WorkerOptions> {
  const { perSecond, slots = SLOTS } = limits[system] ?? {};
  return {
    taskQueue: `${TASK_QUEUE}-${system}`,
    activities,
    maxConcurrentActivityTaskExecutions: slots,
    ...(perSecond !== undefined && { maxTaskQueueActivitiesPerSecond: perSecond }),
  };
}

function stop(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
