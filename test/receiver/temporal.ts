import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { createLogger } from '../../src/telemetry/log';
import { connectNow, type Connected } from '../../src/temporal/connection';
import { prepareNamespace } from '../../src/temporal/namespace';

export const silentLog = createLogger('test', 'silent');

/** The run's Temporal dev server, `host:port`. */
export function temporalAddress(): string {
  const address = process.env['TEST_TEMPORAL_ADDRESS'];
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is set by Jest’s globalSetup');
  return address;
}

/** A namespace of one's own in the run's Temporal, with our search attributes: no other test's worker takes its tasks. */
export async function openNamespace(): Promise<Connected> {
  const namespace = `receiver-${randomUUID()}`;
  const env = { TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: namespace };
  const connected = await connectNow({ log: silentLog, env });
  await connected.connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await prepareNamespace(connected.connection, namespace, 'report');
  return connected;
}

export interface Way {
  /** `host:port`: the same Temporal, by a way that can be cut. */
  readonly address: string;
  /** `silent`: connections stay open, and nothing comes through. `cut`: they end, and no new one is taken. */
  readonly set: (state: 'open' | 'silent' | 'cut') => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openWay(state: 'open' | 'cut' = 'open'): Promise<Way> {
  const [host = '', port = ''] = temporalAddress().split(':');
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => isSilent || to.write(chunk));
      from.on('error', () => undefined);
      from.once('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const listen = async (at: number): Promise<number> => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const own = await listen(0);
  if (state === 'cut') await cut();
  return {
    address: `127.0.0.1:${own}`,
    set: async (next) => {
      isSilent = next === 'silent';
      if (next === 'cut') await cut();
      else if (!server.listening) await listen(own);
    },
    close: cut,
  };
}
