import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { migrate } from '../../ledger/migrations';
import { openPool } from '../../ledger/pool';
import type { Environment } from '../../settings';
import { prepareNamespace, RETENTION_DAYS } from '../../temporal/namespace';
import { temporalEnvironment } from './environment';

const DAY_MS = 86_400_000;
const MIGRATE_TIMEOUT_MS = 60_000;

/**
 * Make the user's own Temporal (`TEMPORAL_ADDRESS`) ready for us: the search attributes are registered, its retention is
 * looked at and left alone.
 * @returns its address.
 * @throws Error when it cannot be reached, or refuses.
 */
export async function prepareTemporal(env: Environment, progress: (line: string) => void): Promise<string> {
  const overrideEnvVars = temporalEnvironment(env, undefined) as Record<string, string>;
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars });
  const address = connectionOptions.address ?? 'localhost:7233';
  try {
    const connection = await Connection.connect({ ...connectionOptions, address });
    try {
      const { retentionMs } = await prepareNamespace(connection, namespace, 'report');
      if (retentionMs !== undefined && retentionMs < RETENTION_DAYS * DAY_MS)
        progress(
          `temporal: namespace ${namespace} forgets closed workflows after ${retentionMs / DAY_MS} days; ` +
            `${RETENTION_DAYS} are advised: temporal operator namespace update -n ${namespace} --retention ${RETENTION_DAYS}d`,
        );
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw new Error(`Temporal at ${address} (TEMPORAL_ADDRESS): ${(error as Error).message}`, { cause: error });
  }
  return address;
}

/** Bring the tables of the user's own Postgres (`DATABASE_URL`) up to date. @throws Error when it cannot be reached. */
export async function prepareLedger(databaseUrl: string): Promise<void> {
  const pool = openPool({ url: databaseUrl, max: 1, timeoutMs: MIGRATE_TIMEOUT_MS });
  try {
    await migrate(pool);
  } catch (error) {
    const { message, code = message } = error as NodeJS.ErrnoException;
    throw new Error(`the ledger (DATABASE_URL): ${message === '' ? code : message}`, { cause: error });
  } finally {
    await pool.end();
  }
}
