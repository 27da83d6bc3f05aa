import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccept } from '../receiver/accept';
import { createCappedLog } from '../receiver/capped-log';
import { createReceiver } from '../receiver/http';
import { createReadiness } from '../receiver/readiness';
import { createReplayMemory } from '../receiver/replays';
import { receiverSettings, type Environment } from '../settings';
import { createLogger } from '../telemetry/log';
import { connectInBackground } from '../temporal/connection';

/** For what is left once everything is answered and closed. */
const EXIT_LIMIT_MS = 2000;

/**
 * `mt receiver`: take deliveries until SIGTERM, SIGINT, or the end of the parent that started us with an IPC channel.
 * Listens before Temporal is reached. Resolves once everything is answered and closed. A parent is told
 * `{ ready: true, port }`.
 * @throws SettingsError for missing or malformed settings; Error naming the port when it is taken.
 */
export async function runReceiver(env: Environment): Promise<void> {
  const settings = receiverSettings(env);
  const log = createLogger('receiver', settings.logLevel);
  const cappedLog = createCappedLog(log, Date.now);
  const temporal = connectInBackground({ log, env });
  const receiver = createReceiver({
    settings,
    accept: createAccept({
      ...settings,
      client: () => temporal.connected,
      replays: createReplayMemory(settings.replayLimit),
      log: cappedLog,
    }),
    readiness: createReadiness({ client: temporal.client, now: Date.now }),
    log: cappedLog,
    now: Date.now,
  });
  try {
    const port = await listen(receiver.server, settings.port);
    log.info({ port }, 'receiver is listening');
    process.send?.({ ready: true, port });
    log.info({ cause: await askedToStop() }, 'receiver is stopping');
    await receiver.close();
    cappedLog.flush();
    // An attempt to connect to a silent address cannot be called off, and would hold the process for half a minute.
    setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref();
  } finally {
    await temporal.close();
    if (process.connected) process.disconnect();
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is taken by another process' : message;
    throw new Error(`The receiver cannot listen on port ${port} (PORT): ${reason}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

/** A second signal finds no listener any more, and ends the process at once. */
async function askedToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    if (process.send !== undefined) process.once('disconnect', () => resolve('disconnect'));
  });
}
