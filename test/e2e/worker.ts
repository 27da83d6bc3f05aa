import { Worker, type NativeConnection } from '@temporalio/worker';
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
  const { reread, status = statusOf() } = parts;
  const workers = [
    await Worker.create({
      connection,
      namespace,
      taskQueue: 'mindtickle',
      workflowBundle: { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' },
      activities: createOwnActivities(settings, pool, reread, status),
    }),
  ];
  for (const [system, connector] of Object.entries(createConnectors(settings, pool, status)))
    workers.push(
      await Worker.create({
        connection,
        namespace,
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
