import { once } from 'node:events';
import { createEncryption } from '../../encryption';
import { listenOn } from '../../http';
import { createCappedLog, createLogger, startTracing } from '../../telemetry';
import { withTimeout } from '../../with-timeout';
import { boundByOpenFiles, MAX_CONNECTIONS } from '../../receiver/receiver';
import {
  encryptionKeys,
  noticeChanges,
  receiverSettings,
  watchSecrets,
  watchSetting,
  type Environment,
} from '../../settings';
import { stopAsked } from '../../stop-signal';
import { connectInBackground } from '../../temporal';
import { composeReceiver } from './compose';
import { openPrivatePort } from './private-port';

const CLOSE_LIMIT_MS = 2000;

/**
 * `mt receiver`: take deliveries until SIGTERM, SIGINT, or the end of the parent that started us with an IPC channel.
 * Listens before Temporal is reached. Resolves once everything is answered and closed. A parent gets
 * `{ ready: true, port }`.
 * @throws SettingsError for missing or malformed settings; Error naming the port when it is taken, or the spool's
 * directory when it cannot be had, or was replaced.
 */
export async function runReceiver(env: Environment): Promise<void> {
  const settings = receiverSettings(env);
  const log = createLogger('receiver', settings.logLevel);
  const cappedLog = createCappedLog(log);
  const secrets = watchSecrets({ env, log });
  const unnotice = noticeChanges('receiver', env, log);
  const tracing = startTracing('receiver', settings.tracesEndpoint);
  const temporal = connectInBackground({ log, env, interceptors: tracing.clientInterceptors });
  const lost = new AbortController();
  const tokens = settings.ops && watchSetting({ env, name: 'OPS_TOKENS', log });
  const { connections, warning } = boundByOpenFiles(MAX_CONNECTIONS);
  if (warning !== undefined) log.warn(warning);
  const warnings = (): readonly string[] => [
    ...secrets.warnings(),
    ...(tokens?.warnings() ?? []),
    ...(warning === undefined ? [] : [warning]),
  ];
  const onLost = (): void => lost.abort();
  const encryption = createEncryption(encryptionKeys(env));
  const parts = await composeReceiver({
    ...{ settings, temporal, log: cappedLog, secrets, warnings, connections, onLost },
    encryption,
  });
  const privatePort = openPrivatePort({ settings, tokens, log, cappedLog, ...parts });
  const stopping = stopAsked();
  try {
    const port = await listenOn(parts.server, settings.port, { who: 'receiver', setting: 'PORT' });
    if (privatePort !== undefined)
      await listenOn(privatePort.server, privatePort.port, { who: 'receiver', setting: 'OPS_PORT' });
    log.info({ port }, 'receiver is listening');
    parts.drain?.wake();
    process.send?.({ ready: true, port });
    log.info({ cause: await Promise.race([stopping, aborted(lost.signal)]) }, 'receiver is stopping');
  } finally {
    await parts.close();
    await privatePort?.close();
    secrets.close();
    tokens?.close();
    unnotice();
    cappedLog.flush();
    await withTimeout(temporal.close(), CLOSE_LIMIT_MS);
    await withTimeout(tracing.close(), CLOSE_LIMIT_MS);
    if (process.connected) process.disconnect();
  }
  if (lost.signal.aborted)
    throw new Error(`The spool's directory was removed or replaced while the receiver ran: start it again`);
}

async function aborted(lost: AbortSignal): Promise<string> {
  if (!lost.aborted) await once(lost, 'abort');
  return 'the spool was removed or replaced';
}
