import type { EncryptionKey } from '../encryption';
import { join } from 'node:path';
import { connectorModes, readConnectors, type Connectors } from './connectors';
import { retentionGaps, SECOND, type Modes, type Policy } from '../domain';
import { readConfigFile, type ConfigFile } from './policy-file';
import { SettingsError } from './error';
import { OF_RECEIVER, OF_WORKER } from './of-processes';
import type { Secret } from './reload';
import { ledgerUrl, withLedger } from './ledger-url';
import { readVariables, type Environment, type OpsToken, type VariableValues } from './variables';

export { withDotEnv } from './dot-env';
export { SettingsError } from './error';
export type { ForgetRules, Leaderboard } from './leaderboard';
export { readConfigFile, type ConfigFile } from './policy-file';
export { ledgerUrl } from './ledger-url';
export { managementSettings } from './management';
export { noticeChanges } from './of-processes';
export { opsProcessSettings, type OpsProcessSettings } from './ops';
export type { OpsToken } from './variables';
export { watchSetting, type ReloadCounts, type ReloadedSetting, type Secret } from './reload';
export { watchSecrets, type WatchedSecrets } from './signing-secrets';
export { readSecretSettings, settingVariables } from './secret-settings';
export { linesOf } from './value-file';
export { parseVariable, readVariables, valueOf, type Environment } from './variables';
export { connectorModes, readConnectors, systemDescriptors, type Connectors } from './connectors';
export type { SystemSettings } from './connectors';

export interface ReceiverSettings {
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly companyId: string;
  /** Of the policy's calendar: a date without a time is a day there. */
  readonly timeZone: string;
  readonly delivery: ConfigFile['delivery'];
  readonly port: number;
  readonly trustProxy: number;
  readonly startConcurrency: number;
  readonly startTimeoutMs: number;
  /** Undefined: only Temporal acknowledges. */
  readonly spool: SpoolSettings | undefined;
  readonly replayLimit: number;
  readonly receiptDays: number;
  /** Undefined: no token is set, and the private port stays closed. */
  readonly ops: OpsSettings | undefined;
  /** Where refusals are kept; undefined: nowhere. */
  readonly databaseUrl: Secret | undefined;
  /** Where traces go; absent: nowhere. */
  readonly tracesEndpoint?: string | undefined;
  readonly logLevel: string;
}

export interface SpoolSettings {
  readonly dir: string;
  /** On disk. */
  readonly maxBytes: number;
}

export interface OpsSettings {
  readonly port: number;
  readonly tokens: readonly OpsToken[];
}

export interface WorkerSettings {
  readonly companyId: string;
  readonly databaseUrl: Secret;
  readonly connectors: Connectors;
  readonly policy: Policy;
  readonly modes: Modes;
  /** Where people act on what they are notified of; each may be absent. */
  readonly links?: { readonly uiUrl?: string | undefined; readonly opsUrl?: string | undefined };
  /** Of each connector's worker; absent: the worker's defaults. */
  readonly limits?: ConfigFile['limits'];
  readonly receiptDays: number;
  /** How long the receipt of a leaver is kept, which has the state that the offboarding ended with. */
  readonly auditDays: number;
  /** How far back a signature's time may lie, and how far ahead, in ms: the ledger has to remember longer. */
  readonly windowBackMs: number;
  readonly windowAheadMs: number;
  /** Where the SDK serves its metrics, `host:port`; absent: nowhere. */
  readonly metricsAddress?: string | undefined;
  /** Where traces go; absent: nowhere. */
  readonly tracesEndpoint?: string | undefined;
  readonly logLevel: string;
}

/** What everything is set up with before the first process starts. */
export type SetupSettings = Pick<
  WorkerSettings,
  'companyId' | 'databaseUrl' | 'receiptDays' | 'windowBackMs' | 'windowAheadMs' | 'logLevel'
>;

/** @throws SettingsError naming each missing or malformed variable, or those under which one event could run twice. */
export function receiverSettings(env: Environment): ReceiverSettings {
  const read = readVariables(env, OF_RECEIVER);
  const { delivery, policy } = readConfigFile(read.MINDTICKLE_CONFIG);
  memoryOf(delivery, read.RECEIPT_DAYS);
  return {
    secrets: read.MINDTICKLE_WEBHOOK_SECRET,
    companyId: read.MINDTICKLE_COMPANY_ID,
    timeZone: policy.calendar.timeZone,
    delivery,
    port: read.PORT,
    trustProxy: read.TRUST_PROXY,
    startConcurrency: read.START_CONCURRENCY,
    startTimeoutMs: read.START_TIMEOUT_MS,
    spool: spoolOf(read),
    replayLimit: read.REPLAY_LIMIT,
    receiptDays: read.RECEIPT_DAYS,
    // Without a token the port stays closed, and OPS_PORT may be what Kubernetes says of a service named `ops`.
    ops: read.OPS_TOKENS && { port: readVariables(env, ['OPS_PORT']).OPS_PORT, tokens: read.OPS_TOKENS },
    databaseUrl: ledgerUrl(env),
    tracesEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: read.LOG_LEVEL,
  };
}

/**
 * @throws SettingsError naming each missing or malformed variable, each connector that is half configured, or the settings
 * under which one event could run twice.
 */
export function workerSettings(env: Environment): WorkerSettings {
  const [read, databaseUrl] = withLedger(env, OF_WORKER);
  const { policy, modes, limits, delivery } = readConfigFile(read.MINDTICKLE_CONFIG);
  const connectors = readConnectors(env);
  const settings = {
    companyId: read.MINDTICKLE_COMPANY_ID,
    databaseUrl,
    connectors,
    policy,
    modes: connectorModes(connectors, modes, read.MT_STACK === 'dev' ? 'on' : 'observe'),
    links: { uiUrl: read.TEMPORAL_UI_URL, opsUrl: read.OPS_URL },
    metricsAddress: read.METRICS_ADDRESS,
    tracesEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    limits,
    auditDays: read.AUDIT_DAYS,
    ...memoryOf(delivery, read.RECEIPT_DAYS),
    logLevel: read.LOG_LEVEL,
  };
  if (read.MT_STACK === 'dev' && read.NODE_ENV === 'production')
    throw new SettingsError(['MT_STACK: the development stack refuses NODE_ENV=production']);
  if (Object.values(settings.modes).includes('on') && policy.administrators.length === 0)
    throw new SettingsError(['administrators: required in the config file once any connector is `on`']);
  return settings;
}

/** Undefined: it is off. @throws SettingsError naming each malformed variable. */
export function spoolSettings(env: Environment): SpoolSettings | undefined {
  return spoolOf(readVariables(env, ['SPOOL', 'DATA_DIR', 'SPOOL_MAX_BYTES']));
}

function spoolOf(read: VariableValues<'SPOOL' | 'DATA_DIR' | 'SPOOL_MAX_BYTES'>): SpoolSettings | undefined {
  return read.SPOOL ? { dir: join(read.DATA_DIR, 'spool'), maxBytes: read.SPOOL_MAX_BYTES } : undefined;
}

/** @throws SettingsError naming each missing or malformed variable. */
export function setupSettings(env: Environment): SetupSettings {
  const [read, databaseUrl] = withLedger(env, [
    'MINDTICKLE_COMPANY_ID',
    'MINDTICKLE_CONFIG',
    'RECEIPT_DAYS',
    'LOG_LEVEL',
  ]);
  return {
    companyId: read.MINDTICKLE_COMPANY_ID,
    databaseUrl,
    ...memoryOf(readConfigFile(read.MINDTICKLE_CONFIG).delivery, read.RECEIPT_DAYS),
    logLevel: read.LOG_LEVEL,
  };
}

/** What `mt spool drain` needs to empty the spool of a receiver that is gone. @throws SettingsError naming each that is missing or malformed. */
export function drainSettings(
  env: Environment,
): Pick<ReceiverSettings, 'companyId' | 'timeZone' | 'startConcurrency' | 'logLevel'> {
  const read = readVariables(env, ['MINDTICKLE_COMPANY_ID', 'MINDTICKLE_CONFIG', 'START_CONCURRENCY', 'LOG_LEVEL']);
  return {
    companyId: read.MINDTICKLE_COMPANY_ID,
    timeZone: readConfigFile(read.MINDTICKLE_CONFIG).policy.calendar.timeZone,
    startConcurrency: read.START_CONCURRENCY,
    logLevel: read.LOG_LEVEL,
  };
}

/** For everything that reads or writes what Temporal or the spool keeps. @throws SettingsError when they are malformed. */
export function encryptionKeys(env: Environment): readonly EncryptionKey[] {
  return readVariables(env, ['ENCRYPTION_KEYS']).ENCRYPTION_KEYS;
}

/** What a command needs to ask a process on its private port. @throws SettingsError naming each that is malformed. */
export function opsSettings(env: Environment): OpsSettings {
  const read = readVariables(env, ['OPS_PORT', 'OPS_TOKENS']);
  return { port: read.OPS_PORT, tokens: read.OPS_TOKENS ?? [] };
}

/** @throws SettingsError when the ledger would forget a delivery that may still be sent again. */
function memoryOf(
  { windowBackSeconds, windowAheadSeconds }: ConfigFile['delivery'],
  receiptDays: number,
): Pick<WorkerSettings, 'receiptDays' | 'windowBackMs' | 'windowAheadMs'> {
  const memory = { receiptDays, windowBackMs: windowBackSeconds * SECOND, windowAheadMs: windowAheadSeconds * SECOND };
  const holes = retentionGaps({ ...memory, retentionMs: undefined });
  if (holes.length > 0) throw new SettingsError(holes);
  return memory;
}
