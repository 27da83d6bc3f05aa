import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { retentionDaysFor, type System } from '../../domain';
import { receiverSettings, SettingsError, workerSettings, type Environment, type WorkerSettings } from '../../settings';
import {
  dataDirAt,
  makeFolders,
  observingConfig,
  ownConfig,
  readSecrets,
  writeWhole,
  type DataDir,
  type StackInfo,
  openRegistry,
  adoptDataDir,
} from '../data-dir';
import { RETENTION_DAYS } from '../../temporal';
import { isSet, receiverEnvironment, workerEnvironment, type Shared } from './environment';
import { scheduleHousekeeping } from './housekeeping';
import { prepareLedger, prepareTemporal } from './external-services';
import {
  ledgerPart,
  receiverPart,
  standInsPart,
  temporalPart,
  workerPart,
  type Setting,
  type TemporalRunning,
} from './parts';
import { choosePorts } from './ports';
import { createProcessGroup, type ProcessGroup } from './process-group';

/** 0: any free port. */
export interface StackPorts {
  readonly receiver: number;
  readonly ops: number;
  readonly standIns: number;
  readonly temporal: number;
  readonly temporalUi: number;
}

export interface StackOptions {
  /** The user's; what of it reaches the processes is decided part by part. */
  readonly env: Environment;
  readonly dataDir: string;
  readonly ports: StackPorts;
  /** This connector is the real system's, and only observes. */
  readonly connect?: System | undefined;
  /** Told, a line a time, how the start goes on and what ends or comes back later. */
  readonly progress: (line: string) => void;
  /** Aborted: the start is given up, and everything is stopped. */
  readonly signal?: AbortSignal | undefined;
}

export interface Stack {
  /** As it is now: a part that was started again has another process id. */
  readonly info: () => StackInfo;
  readonly dir: DataDir;
  /** Which ledger runs, for people. */
  readonly ledger: string;
  /** End every process, in order, each within a bound. */
  readonly stop: () => Promise<void>;
}

/**
 * Start the whole stack on this machine, each part as a process of its own, and keep it running until it is stopped.
 * What an earlier one that was killed left on the data directory is ended first.
 * @throws Error, or SettingsError, when it cannot be started; nothing of it is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  if (options.env['NODE_ENV'] === 'production')
    throw new SettingsError(['NODE_ENV: is `production`, and this stack is for development']);
  const dir = dataDirAt(resolve(options.dataDir));
  makeFolders(dir);
  const giveBack = await adoptDataDir(dir, options.progress);
  const registry = openRegistry(dir.processes);
  const troupe = createProcessGroup({ dir, progress: options.progress });
  const stop = once(async () => {
    await troupe.stop();
    registry.clear();
    rmSync(dir.devJson, { force: true });
    rmSync(dir.devLedger, { force: true });
    giveBack();
  });
  const stopEarly = (): void => void stop();
  options.signal?.addEventListener('abort', stopEarly, { once: true });
  try {
    const { info, ledger } = await startParts(options, { ...options, dir, registry }, troupe);
    options.signal?.throwIfAborted();
    return { info, dir, ledger, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stopEarly);
  }
}

async function startParts(
  options: StackOptions,
  setting: Setting,
  troupe: ProcessGroup,
): Promise<Pick<Stack, 'info' | 'ledger'>> {
  const { env, progress } = options;
  const ports = await choosePorts([
    { part: 'receiver', option: '--port', port: options.ports.receiver },
    { part: 'ops', option: '--ops-port', port: options.ports.ops },
    { part: 'standIns', option: '--stand-ins-port', port: options.ports.standIns },
    ...(isSet(env, 'TEMPORAL_ADDRESS')
      ? []
      : ([
          { part: 'temporal', option: '--temporal-port', port: options.ports.temporal },
          { part: 'temporalUi', option: '--ui-port', port: options.ports.temporalUi },
        ] as const)),
    { part: 'smtp', port: 0 },
    { part: 'ledger', port: 0 },
  ]);
  const given = settle(options, setting.dir, ports);
  const { webhookSecret, opsToken, ...settings } = check(given);
  const { companyId, databaseUrl } = settings;

  const [ledger, temporal, standIns] = await Promise.all([
    isSet(env, 'DATABASE_URL')
      ? prepareLedger(databaseUrl).then(() => ({ detail: 'yours (DATABASE_URL)', url: undefined }))
      : troupe.start(ledgerPart(setting, ports.ledger)),
    isSet(env, 'TEMPORAL_ADDRESS')
      ? prepareTemporal(env, { settings, progress }).then((address) => ({ address, uiUrl: null }))
      : startTemporal(troupe, setting, { ports, settings }),
    troupe.start(standInsPart(setting, { http: ports.standIns, smtp: ports.smtp }, given.standIns.token)),
  ]);
  if (ledger.url !== undefined) writeWhole(setting.dir.devLedger, `${JSON.stringify({ url: ledger.url })}\n`);
  const { url, smtpUrl } = standIns;
  const shared: Shared = {
    ...given,
    databaseUrl: ledger.url,
    temporalAddress: temporal.uiUrl === null ? undefined : temporal.address,
    standIns: { ...given.standIns, url, smtpUrl },
  };
  const [receiver] = await Promise.all([
    troupe.start(receiverPart(setting, shared)),
    troupe.start(workerPart(setting, shared)),
  ]);
  const info = (): StackInfo => ({
    ready: true,
    receiver: receiver.detail,
    ops: `http://127.0.0.1:${ports.ops}`,
    opsToken,
    standIns: url,
    temporalAddress: temporal.address,
    temporalUi: temporal.uiUrl,
    companyId,
    webhookSecret,
    pids: { dev: process.pid, ...troupe.pids() },
  });
  const publish = (): void => writeWhole(setting.dir.devJson, `${JSON.stringify(info())}\n`);
  troupe.onChange(publish);
  publish();
  return { info, ledger: ledger.detail };
}

async function startTemporal(
  troupe: ProcessGroup,
  setting: Setting,
  {
    ports: { temporal: port, temporalUi: uiPort },
    settings,
  }: { readonly ports: { readonly temporal: number; readonly temporalUi: number }; readonly settings: WorkerSettings },
): Promise<TemporalRunning> {
  const retentionDays = Math.max(RETENTION_DAYS, retentionDaysFor(settings));
  const temporal = await troupe.start(temporalPart(setting, { port, uiPort, retentionDays }));
  await scheduleHousekeeping(setting.env, temporal.address, settings.companyId);
  return temporal;
}

/** What is known before anything runs. */
function settle({ env, connect }: StackOptions, dir: DataDir, ports: Pick<StackPorts, 'receiver' | 'ops'>): Shared {
  const { webhookSecret, standInsToken, opsToken } = readSecrets(dir);
  const named = env['MINDTICKLE_CONFIG'];
  const source = named === undefined || named === '' ? ownConfig(dir) : resolve(named);
  return {
    env,
    dataDir: dir.path,
    archiveDir: dir.archive,
    configFile: connect === undefined ? source : observingConfig(dir, source, connect),
    webhookSecret,
    opsToken,
    connect,
    standIns: { url: 'http://127.0.0.1', smtpUrl: 'smtp://127.0.0.1', token: standInsToken },
    receiverPort: ports.receiver,
    opsPort: ports.ops,
  };
}

interface Checked extends WorkerSettings {
  readonly webhookSecret: string;
  /** Null: the user's OPS_TOKENS have no operator. */
  readonly opsToken: string | null;
}

/** Read the settings as the processes will, before they are started. @throws SettingsError as they would. */
function check(given: Shared): Checked {
  const { secrets, ops } = receiverSettings(receiverEnvironment(given));
  const later = isSet(given.env, 'DATABASE_URL') ? undefined : 'postgres://127.0.0.1/known-when-it-runs';
  const settings = workerSettings(workerEnvironment({ ...given, databaseUrl: later }));
  const operator = ops?.tokens.find(({ role }) => role === 'operator');
  return { ...settings, webhookSecret: secrets[0] ?? given.webhookSecret, opsToken: operator?.token ?? null };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
