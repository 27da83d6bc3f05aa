import { createEncryption } from '../../encryption';
import { listenOn } from '../../http';
import { openPool } from '../../ledger';
import { createChanges, createOpsServer, type OpsServerOptions, watchLedger, watchTemporal } from '../../operations';
import { encryptionKeys, noticeChanges, opsProcessSettings, watchSetting, type Environment } from '../../settings';
import { stopAsked } from '../../stop-signal';
import { createCappedLog, createLogger } from '../../telemetry';
import { connectInBackground, createCodec } from '../../temporal';
import { withTimeout } from '../../with-timeout';
import { version } from '../version';
import { composeOperations } from './operations';
import { createOpsMetrics } from './metrics';

const CLOSE_LIMIT_MS = 2000;
/** Views read more than a step of a workflow does. */
const QUERY_LIMIT_MS = 5000;

/**
 * `mt ops`: the page, the JSON API and the metrics of what happens, until SIGTERM, SIGINT, or the end of the parent that started us with
 * an IPC channel. It starts, and lives, without Temporal and without the ledger: what needs them answers 503 then. A parent gets
 * `{ ready: true, port }`.
 * @throws SettingsError for missing or malformed settings; Error naming the port when it is taken.
 */
export async function runOps(env: Environment): Promise<void> {
  const settings = opsProcessSettings(env);
  const log = createLogger('ops', settings.logLevel);
  const cappedLog = createCappedLog(log);
  const tokens = watchSetting({ env, name: 'OPS_TOKENS', log });
  const unnotice = noticeChanges('ops', env, log);
  const temporal = connectInBackground({ log, env });
  const { client } = temporal;
  const pool = openPool({ url: settings.databaseUrl, max: 10, timeoutMs: QUERY_LIMIT_MS });
  const ending = new AbortController();
  const changes = createChanges({ startedAt: Date.now() });
  const watchers = [watchLedger({ pool, url: settings.databaseUrl, changes }), watchTemporal({ client, changes })];
  const tokensNow = () => tokens.current() ?? [];
  const parts = { settings, temporal, pool, changes, log, tokens: tokensNow, signal: ending.signal };
  const metrics = createOpsMetrics({ viewers: () => server.viewers(), client, pool });
  const server = createOpsServer({
    ...composeOperations(parts),
    tokens: tokensNow,
    changes,
    deployment: {
      companyId: settings.companyId,
      timeZone: settings.policy.calendar.timeZone,
      temporalUi: settings.links.uiUrl ?? null,
      version: version(),
    },
    metrics: metrics.text,
    codec: codecOf(env, settings.links.uiUrl),
    log: cappedLog,
    ownUrl: settings.links.opsUrl,
    trustProxy: settings.trustProxy,
    userHeader: settings.userHeader,
  });
  const stopping = stopAsked();
  try {
    const port = await listenOn(server.server, settings.port, { who: 'operations', setting: 'OPS_PORT' });
    log.info({ port }, 'operations are listening');
    process.send?.({ ready: true, port });
    log.info({ cause: await stopping }, 'operations are stopping');
  } finally {
    ending.abort();
    await server.close();
    await Promise.all(watchers.map(({ close }) => withTimeout(close(), CLOSE_LIMIT_MS)));
    tokens.close();
    unnotice();
    cappedLog.flush();
    await withTimeout(temporal.close(), CLOSE_LIMIT_MS);
    await withTimeout(pool.end(), CLOSE_LIMIT_MS);
    if (process.connected) process.disconnect();
  }
}

/** For Temporal Web UI; undefined where nothing is encrypted. */
function codecOf(env: Environment, uiUrl: string | undefined): OpsServerOptions['codec'] {
  const encryption = createEncryption(encryptionKeys(env));
  return encryption && { codec: createCodec(encryption), allowedOrigin: uiUrl };
}
