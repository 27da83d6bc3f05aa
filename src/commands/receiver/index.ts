import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCappedLog, createLogger } from '../../telemetry';
import { withTimeout } from '../../with-timeout';
import { receiverSettings, watchSecrets, watchSetting, type Environment } from '../../settings';
import { connectInBackground } from '../../temporal';
import { composeReceiver } from './compose';
import { openPrivatePort } from './private-port';

const CLOSE_LIMIT_MS = 2000;

/**
 * `mt receiver`: take deliveries until SIGTERM, SIGINT, or the end of the parent that started us with an IPC channel.
 * Listens before Temporal is reached. Resolves once everything is answered and closed. A parent is told
 * `{ ready: true, port }`.
 * @throws SettingsError for missing or malformed settings; Error naming the port when it is taken, or the spool's
 * directory when it cannot be had, or was replaced.
 */
export async function runReceiver(env: Environment): Promise<void> {
  const settings = receiverSettings(env);
  const log = createLogger('receiver', settings.logLevel);
  const cappedLog = createCappedLog(log, Date.now);
  const secrets = watchSecrets({ env, log });
  const temporal = connectInBackground({ log, env });
  const lost = new AbortController();
  const tokens = settings.ops && watchSetting({ env, name: 'OPS_TOKENS', log });
  const warnings = (): readonly string[] => [...secrets.warnings(), ...(tokens?.warnings() ?? [])];
  const onLost = (): void => lost.abort();
  const parts = await composeReceiver({ settings, temporal, log: cappedLog, secrets, warnings, onLost });
  const privatePort = openPrivatePort({ settings, tokens, log, cappedLog, ...parts });
  try {
    const port = await listen(parts.server, settings.port, 'PORT');
    if (privatePort !== undefined) await listen(privatePort.server, privatePort.port, 'OPS_PORT');
    log.info({ port }, 'receiver is listening');
    parts.drain?.wake();
    process.send?.({ ready: true, port });
    log.info({ cause: await askedToStop(lost.signal) }, 'receiver is stopping');
  } finally {
    await parts.close();
    await privatePort?.close();
    secrets.close();
    tokens?.close();
    cappedLog.flush();
    await withTimeout(temporal.close(), CLOSE_LIMIT_MS);
    if (process.connected) process.disconnect();
  }
  if (lost.signal.aborted)
    throw new Error(`The spool's directory was removed or replaced while the receiver ran: start it again`);
}

async function listen(server: Server, port: number, setting: string): Promise<number> {
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is taken by another process' : message;
    throw new Error(`The receiver cannot listen on port ${port} (${setting}): ${reason}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

/** A second signal finds no listener any more, and ends the process at once. */
async function askedToStop(lost: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    if (process.send !== undefined) process.once('disconnect', () => resolve('disconnect'));
    lost.addEventListener('abort', () => resolve('the spool was removed or replaced'), { once: true });
  });
}
