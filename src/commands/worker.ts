import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createConnectors, createOwnActivities } from '../../activities';
import { migrate } from '../ledger/migrations';
import { openPool } from '../ledger/pool';
import { createReader } from '../receiver/reread';
import { workerSettings, type Environment } from '../settings';
import { createLogger, type Logger } from '../telemetry/log';
import { connectNow } from '../temporal/connection';
import { TASK_QUEUE } from '../temporal/names';

/** How long a worker that was told to stop waits for the activities that it runs. */
const GRACE = '10 seconds';

/**
 * Run the workers of every task queue in this process until it is told to stop: one for the workflows and the ledger's
 * activities, and one for each connector, whose slots are its own.
 * @throws SettingsError for missing or malformed settings.
 */
export async function runWorker(env: Environment): Promise<void> {
  const settings = workerSettings(env);
  const log = createLogger('worker', settings.logLevel);
  const pool = openPool({ url: settings.databaseUrl, max: 20 });
  const { connection, namespace, close } = await connectNow({ log });
  const common = { connection, namespace, shutdownGraceTime: GRACE };
  const workers = [
    await Worker.create({
      ...common,
      ...ownOptions(createOwnActivities(settings, pool, createReader(settings.companyId))),
    }),
  ];
  for (const [system, activities] of Object.entries(createConnectors(settings, pool)))
    workers.push(
      await Worker.create({
        ...common,
        taskQueue: `${TASK_QUEUE}-${system}`,
        activities,
        maxConcurrentActivityTaskExecutions: 20,
      }),
    );

  await prepareLedger(pool, log);
  const running = workers.map((worker) => worker.run());
  stopOnSignal(workers);
  process.send?.({ ready: true });
  log.info({ modes: settings.modes }, 'polling');
  try {
    await Promise.all(running);
  } finally {
    await close();
    await pool.end();
  }
}

function ownOptions(activities: object): Pick<WorkerOptions, 'taskQueue' | 'activities'> & Partial<WorkerOptions> {
  const bundle = resolve(__dirname, '../../workflow-bundle.js');
  const code = existsSync(bundle)
    ? { workflowBundle: { codePath: bundle } }
    : { workflowsPath: resolve(__dirname, '../../workflows') };
  return { taskQueue: TASK_QUEUE, activities, ...code };
}

/** A worker may start before its ledger: workflows that need it wait, the others go on. */
async function prepareLedger(pool: ReturnType<typeof openPool>, log: Logger): Promise<void> {
  try {
    await migrate(pool);
  } catch (error) {
    log.warn({ code: (error as { code?: string }).code }, 'the ledger does not answer; its tables were not checked');
  }
}

function stopOnSignal(workers: readonly Worker[]): void {
  const stop = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  process.once('disconnect', stop);
}
