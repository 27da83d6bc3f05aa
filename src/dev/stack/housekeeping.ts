import { Client, Connection } from '@temporalio/client';
import type { Environment } from '../../settings';
import { ensureHousekeeping } from '../../temporal';
import { namespaceOf } from './environment';

/** Have our own dev server start housekeeping every quarter of an hour. @throws Error when it refuses. */
export async function scheduleHousekeeping(env: Environment, address: string, companyId: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await ensureHousekeeping(new Client({ connection, namespace: namespaceOf(env) }), companyId);
  } finally {
    await connection.close();
  }
}
