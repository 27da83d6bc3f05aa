import {
  connectorModes,
  ledgerUrl,
  readConfigFile,
  readConnectors,
  readVariables,
  spoolSettings,
  SettingsError,
  type ConfigFile,
  type Connectors,
  type SpoolSettings,
} from '../../settings';
import type { RunningEnvironments } from '../../dev/stack';
import type { Modes } from '../../domain';

/** Whose settings are looked at. */
export const PROCESSES = ['receiver', 'worker', 'ops'] as const;
export type ProcessName = (typeof PROCESSES)[number];
export type Environments = Partial<RunningEnvironments>;

/** What can be read of the settings; undefined: it is missing or malformed, which the checks of the settings name. */
export interface Known {
  readonly companyId: string | undefined;
  readonly config: ConfigFile | undefined;
  readonly receiptDays: number | undefined;
  readonly databaseUrl: (() => string) | undefined;
  /** Of the receiver. */
  readonly port: number | undefined;
  readonly spool: SpoolSettings | 'off' | undefined;
  /** Of the worker. */
  readonly connectors: Connectors | undefined;
  readonly modes: Modes | undefined;
  /** Of a webhook that was made elsewhere. */
  readonly webhookId: string | undefined;
}

/** Each setting by itself: one that is wrong leaves the others to be checked. */
export function readKnown({ receiver, worker, ops }: Environments): Known {
  const env = worker ?? receiver ?? ops ?? {};
  const config = attempt(() => readConfigFile(readVariables(env, ['MINDTICKLE_CONFIG']).MINDTICKLE_CONFIG));
  const connectors = worker && attempt(() => readConnectors(worker));
  const whenNotNamed = env['MT_STACK'] === 'dev' ? 'on' : 'observe';
  return {
    companyId: attempt(() => readVariables(env, ['MINDTICKLE_COMPANY_ID']).MINDTICKLE_COMPANY_ID),
    config,
    receiptDays: attempt(() => readVariables(env, ['RECEIPT_DAYS']).RECEIPT_DAYS),
    databaseUrl: attempt(() => ledgerUrl(env)),
    port: receiver && attempt(() => readVariables(receiver, ['PORT']).PORT),
    spool: receiver && attempt(() => spoolSettings(receiver) ?? 'off'),
    connectors,
    webhookId: attempt(() => readVariables(env, ['MINDTICKLE_WEBHOOK_ID']).MINDTICKLE_WEBHOOK_ID),
    modes: connectors && config && attempt(() => connectorModes(connectors, config.modes, whenNotNamed)),
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}
