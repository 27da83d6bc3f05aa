import { randomUUID } from 'node:crypto';
import type { ClientInterceptors } from '@temporalio/client';
import type { Environment } from '../../src/settings';
import { createLogger } from '../../src/telemetry';
import { connectNow, type Connected, prepareNamespace } from '../../src/temporal';
import { openTcpProxy, type TcpProxy } from '../tcp-proxy';

export type { TcpProxy } from '../tcp-proxy';

export const silentLog = createLogger('test', 'silent');

/** The run's Temporal dev server, `host:port`. */
export function temporalAddress(): string {
  const address = process.env['TEST_TEMPORAL_ADDRESS'];
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is set by Jest’s globalSetup');
  return address;
}

/** A new namespace in the run's Temporal, with our search attributes: no other test's worker polls its tasks. */
export async function openNamespace(more: Environment = {}, interceptors?: ClientInterceptors): Promise<Connected> {
  const namespace = `receiver-${randomUUID()}`;
  const env = { TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: namespace, ...more };
  const connected = await connectNow({ log: silentLog, env, interceptors });
  await connected.connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await prepareNamespace(connected.connection, namespace, 'report');
  return connected;
}

/** The run's Temporal, through a proxy that can be cut. */
export async function openTemporalProxy(state: 'open' | 'cut' = 'open'): Promise<TcpProxy> {
  const proxy = await openTcpProxy(temporalAddress());
  if (state === 'cut') await proxy.set('cut');
  return proxy;
}
