import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DAY, retentionGaps } from '../../domain';
import { openPool, prepareLedger } from '../../ledger';
import { SettingsError, type Environment, type WorkerSettings } from '../../settings';
import { prepareNamespace, RETENTION_DAYS, ensureHousekeeping } from '../../temporal';
import { namespaceOf, temporalEnvironment } from './environment';

const MIGRATE_TIMEOUT_MS = 60_000;

/**
 * Make the user's own Temporal (`TEMPORAL_ADDRESS`) ready for us: the search attributes are registered, housekeeping is
 * scheduled, its retention is looked at and left alone.
 * @returns its address.
 * @throws SettingsError when its retention is too short for the settings; Error when it cannot be reached, or refuses.
 */
export async function prepareTemporal(
  env: Environment,
  settings: Pick<WorkerSettings, 'companyId' | 'receiptDays' | 'windowBackMs' | 'windowAheadMs'>,
  progress: (line: string) => void,
): Promise<string> {
  const overrideEnvVars = temporalEnvironment(env, undefined) as Record<string, string>;
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars });
  const address = connectionOptions.address ?? 'localhost:7233';
  try {
    const connection = await Connection.connect({ ...connectionOptions, address });
    try {
      const { retentionMs } = await prepareNamespace(connection, namespace, 'report');
      const gaps = retentionGaps({ ...settings, retentionMs, namespace });
      if (gaps.length > 0) throw new SettingsError(gaps);
      await ensureHousekeeping(new Client({ connection, namespace }), settings.companyId);
      if (retentionMs !== undefined && retentionMs < RETENTION_DAYS * DAY)
        progress(
          `temporal: namespace ${namespace} forgets closed workflows after ${retentionMs / DAY} days; ` +
            `${RETENTION_DAYS} are advised: temporal operator namespace update -n ${namespace} --retention ${RETENTION_DAYS}d`,
        );
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new Error(`Temporal at ${address} (TEMPORAL_ADDRESS): ${(error as Error).message}`, { cause: error });
  }
  return address;
}

/** Have our own dev server start housekeeping every quarter of an hour. @throws Error when it refuses. */
export async function scheduleHousekeeping(env: Environment, address: string, companyId: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await ensureHousekeeping(new Client({ connection, namespace: namespaceOf(env) }), companyId);
  } finally {
    await connection.close();
  }
}

/** Bring the tables of the user's own Postgres (`DATABASE_URL`) up to date. @throws Error when it cannot be reached. */
export async function prepareOwnLedger(databaseUrl: string): Promise<void> {
  const pool = openPool({ url: databaseUrl, max: 1, timeoutMs: MIGRATE_TIMEOUT_MS });
  try {
    await prepareLedger(pool);
  } finally {
    await pool.end();
  }
}
