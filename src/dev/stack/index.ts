import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type System, retentionDaysFor } from '../../domain';
import { type Environment, type WorkerSettings, SettingsError } from '../../settings';
import { RETENTION_DAYS } from '../../temporal';
import {
  adoptDataDir,
  dataDirAt,
  makeFolders,
  observingConfig,
  openRegistry,
  ownConfig,
  readSecrets,
  writeWhole,
  type DataDir,
  type StackInfo,
} from '../data-dir';
import { checkSettings } from './check-settings';
import { hasLedger, isSet, loopback, type Shared } from './environment';
import { prepareOwnLedger, prepareTemporal, scheduleHousekeeping } from './prepare';
import { ledgerPart, opsPart, receiverPart, standInsPart, temporalPart, workerPart, type Setting } from './parts';
import { choosePorts } from './ports';
import { keepShared } from './running';
import { createProcessGroup, type ProcessGroup } from './process-group';

export { runningEnvironments, type RunningEnvironments } from './running';

/** 0: any free port. */
export interface StackPorts {
  readonly receiver: number;
  readonly ops: number;
  readonly standIns: number;
  readonly temporal: number;
  readonly temporalUi: number;
}

export interface StackOptions {
  /** The user's environment; what of it reaches the processes is decided part by part. */
  readonly env: Environment;
  readonly dataDir: string;
  readonly ports: StackPorts;
  /** False: nobody will look at it; it is not started. */
  readonly ops?: boolean | undefined;
  /** This connector is the real system's, and only observes. */
  readonly connect?: System | undefined;
  /** Called, a line a time, with how the start goes on, and what ends or comes back later. */
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
  const group = createProcessGroup(options.progress);
  const stop = once(async () => {
    await group.stop();
    registry.clear();
    for (const file of [dir.devJson, dir.devLedger, dir.devShared]) rmSync(file, { force: true });
    giveBack();
  });
  const stopEarly = (): void => void stop();
  options.signal?.addEventListener('abort', stopEarly, { once: true });
  try {
    const { info, ledger } = await startParts(options, { ...options, dir, registry }, group);
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
  group: ProcessGroup,
): Promise<Pick<Stack, 'info' | 'ledger'>> {
  const { env, progress } = options;
  const ports = await chooseStackPorts(options);
  const draft = draftShared(options, setting.dir, ports);
  const { webhookSecret, opsToken, ...settings } = checkSettings(draft);
  const { companyId, databaseUrl } = settings;

  const [ledger, temporal, standIns] = await Promise.all([
    hasLedger(env)
      ? prepareOwnLedger(databaseUrl()).then(() => ({ detail: 'yours (DATABASE_URL or PGHOST)', url: undefined }))
      : group.start(ledgerPart(setting, ports.ledger)),
    isSet(env, 'TEMPORAL_ADDRESS')
      ? prepareTemporal(env, settings, progress).then((address) => ({ address, uiUrl: null }))
      : startTemporal(group, setting, settings, temporalOptions(options, ports)),
    group.start(
      standInsPart(
        setting,
        { http: ports.standIns, smtp: ports.smtp },
        { token: draft.standIns.token, stateFile: setting.dir.standInsState },
      ),
    ),
  ]);
  if (ledger.url !== undefined) writeWhole(setting.dir.devLedger, `${JSON.stringify({ url: ledger.url })}\n`);
  const { url, smtpUrl } = standIns;
  const shared: Shared = {
    ...draft,
    databaseUrl: ledger.url,
    temporalAddress: temporal.uiUrl === null ? undefined : temporal.address,
    temporalUiUrl: temporal.uiUrl ?? undefined,
    standIns: { ...draft.standIns, url, smtpUrl },
  };
  keepShared(setting.dir, shared);
  const [receiver] = await Promise.all([
    group.start(receiverPart(setting, shared)),
    group.start(workerPart(setting, shared)),
    ...(options.ops === false ? [] : [group.start(opsPart(setting, shared))]),
  ]);
  const info = (): StackInfo => ({
    ready: true,
    receiver: receiver.detail,
    receiverPrivate: loopback(ports.receiverPrivate),
    ops: options.ops === false ? null : loopback(ports.ops),
    opsToken,
    standIns: url,
    mindtickleApi: standIns.mindtickleApi,
    temporalAddress: temporal.address,
    temporalUi: temporal.uiUrl,
    companyId,
    webhookSecret,
    pids: { dev: process.pid, ...group.pids() },
  });
  const publish = (): void => writeWhole(setting.dir.devJson, `${JSON.stringify(info())}\n`);
  group.onChange(publish);
  publish();
  return { info, ledger: ledger.detail };
}

function chooseStackPorts({ env, ports }: StackOptions) {
  // The user's own Temporal has its ports; these are then not used.
  const [temporal, temporalUi] = isSet(env, 'TEMPORAL_ADDRESS') ? [0, 0] : [ports.temporal, ports.temporalUi];
  return choosePorts([
    { part: 'receiver', option: '--port', port: ports.receiver },
    { part: 'receiverPrivate', port: 0 },
    { part: 'ops', option: '--ops-port', port: ports.ops },
    { part: 'standIns', option: '--stand-ins-port', port: ports.standIns },
    { part: 'temporal', option: '--temporal-port', port: temporal },
    { part: 'temporalUi', option: '--ui-port', port: temporalUi },
    { part: 'smtp', port: 0 },
    { part: 'ledger', port: 0 },
  ]);
}

/** The Web UI reads what is encrypted by way of the operations. */
function temporalOptions(
  { env, ops }: StackOptions,
  ports: Readonly<Record<'temporal' | 'temporalUi' | 'ops', number>>,
): { readonly port: number; readonly uiPort: number; readonly codecEndpoint?: string } {
  const common = { port: ports.temporal, uiPort: ports.temporalUi };
  if (ops === false || !isSet(env, 'ENCRYPTION_KEYS')) return common;
  return { ...common, codecEndpoint: `${loopback(ports.ops)}/codec` };
}

/** Our own development server, with the retention that the settings need. */
async function startTemporal(
  group: ProcessGroup,
  setting: Setting,
  settings: WorkerSettings,
  options: ReturnType<typeof temporalOptions>,
) {
  const retentionDays = Math.max(RETENTION_DAYS, retentionDaysFor(settings));
  const temporal = await group.start(temporalPart(setting, { ...options, retentionDays }));
  await scheduleHousekeeping(setting.env, temporal.address, settings.companyId);
  return temporal;
}

/** What the parts share, as far as it is known before anything runs. */
function draftShared(
  { env, connect }: StackOptions,
  dir: DataDir,
  ports: Pick<StackPorts, 'receiver' | 'ops'> & { readonly receiverPrivate: number },
): Shared {
  const { webhookSecret, standInsToken, opsToken } = readSecrets(dir);
  writeWhole(dir.webhookSecret, `${webhookSecret}\n`);
  const named = env['MINDTICKLE_CONFIG'];
  const source = named === undefined || named === '' ? ownConfig(dir) : resolve(named);
  return {
    env,
    dataDir: dir.path,
    archiveDir: dir.archive,
    configFile: connect === undefined ? source : observingConfig(dir, source, connect),
    webhookSecret,
    webhookSecretFile: dir.webhookSecret,
    opsToken,
    connect,
    standIns: { url: 'http://127.0.0.1', smtpUrl: 'smtp://127.0.0.1', token: standInsToken },
    receiverPort: ports.receiver,
    receiverPrivatePort: ports.receiverPrivate,
    opsPort: ports.ops,
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
