import { Worker, type NativeConnection, type WorkerInterceptors } from '@temporalio/worker';
import { createConnectors, createOwnActivities } from '../../activities';
import { openPool } from '../../src/ledger';
import { readConfigFile, type WorkerSettings } from '../../src/settings';
import { statusOf } from '../activities/running';

interface WorkerParts {
  readonly connection: NativeConnection;
  readonly namespace?: string;
  /** For `openPool`. */
  readonly ledger: { readonly url: string };
  /** URL of the archive; absent: no connector at all. */
  readonly archive?: string;
  /** How the activities read a delivery again, and ask whether a workflow runs. */
  readonly reread: Parameters<typeof createOwnActivities>[2];
  readonly status?: Parameters<typeof createOwnActivities>[3];
  /** The file of a bundle; absent: the run's. */
  readonly bundle?: string;
  /** Of the activities. */
  readonly interceptors?: NonNullable<WorkerInterceptors['activity']>;
}

/** The real worker's parts: workflows, the ledger's activities, and, where there is one, the archive. @returns its end. */
export async function startWorker({ connection, namespace = 'default', ledger, archive, ...parts }: WorkerParts) {
  const at = archive === undefined ? undefined : { url: archive };
  const settings: WorkerSettings = {
    companyId: 'acme',
    databaseUrl: () => ledger.url,
    connectors: {
      identity: undefined,
      mail: undefined,
      archive: at === undefined ? undefined : () => at,
    },
    policy: readConfigFile(undefined).policy,
    modes: { identity: 'off', mail: 'off', archive: archive === undefined ? 'off' : 'on' },
    receiptDays: 90,
    auditDays: 400,
    windowBackMs: 28_800_000,
    windowAheadMs: 300_000,
    logLevel: 'error',
  };
  const pool = openPool(ledger);
  const { reread, status = statusOf(), bundle = process.env['TEST_WORKFLOW_BUNDLE'] ?? '' } = parts;
  const common = { connection, namespace, interceptors: { activity: parts.interceptors ?? [] } };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: 'mindtickle',
      workflowBundle: { codePath: bundle },
      activities: createOwnActivities(settings, pool, reread, status),
    }),
  ];
  for (const [system, connector] of Object.entries(createConnectors(settings, pool, status)))
    workers.push(
      await Worker.create({
        ...common,
        taskQueue: `mindtickle-${system}`,
        activities: connector.activities,
      }),
    );
  const running = workers.map((worker) => worker.run());
  return async (): Promise<void> => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await pool.end();
  };
}
