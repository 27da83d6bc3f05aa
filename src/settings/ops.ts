import { SYSTEMS, type Modes, type Policy } from '../domain';
import { SettingsError } from './error';
import { withLedger } from './ledger-url';
import { readConfigFile, type ConfigFile } from './policy-file';
import type { Secret } from './reload';
import type { Environment, OpsToken } from './variables';

/** What `mt ops` needs. */
export interface OpsProcessSettings {
  readonly companyId: string;
  readonly port: number;
  readonly tokens: readonly OpsToken[];
  readonly databaseUrl: Secret;
  readonly policy: Policy;
  readonly leaderboard: ConfigFile['leaderboard'];
  readonly forget: ConfigFile['forget'];
  /** As the YAML file names them: this process has no settings of connectors. What a worker noted is nearer the truth. */
  readonly modes: Modes;
  readonly links: { readonly uiUrl: string | undefined; readonly opsUrl: string | undefined };
  /** Base URLs of the receivers' private ports. */
  readonly receiverUrls: readonly string[];
  /** Of a webhook that was made elsewhere. */
  readonly webhookId: string | undefined;
  readonly trustProxy: number;
  readonly userHeader: string | undefined;
  readonly logLevel: string;
}

export const OF_OPS = [
  'MINDTICKLE_COMPANY_ID',
  'MINDTICKLE_CONFIG',
  'OPS_PORT',
  'OPS_TOKENS',
  'OPS_URL',
  'OPS_USER_HEADER',
  'MINDTICKLE_WEBHOOK_ID',
  'RECEIVER_URLS',
  'TEMPORAL_UI_URL',
  'TRUST_PROXY',
  'ENCRYPTION_KEYS',
  'LOG_LEVEL',
  'MT_STACK',
] as const;

/** @throws SettingsError naming each missing or malformed variable. */
export function opsProcessSettings(env: Environment): OpsProcessSettings {
  const [read, databaseUrl] = withLedger(env, OF_OPS);
  const { policy, modes, leaderboard, forget } = readConfigFile(read.MINDTICKLE_CONFIG);
  const faults = [
    ...(read.OPS_TOKENS === undefined ? ['OPS_TOKENS: missing'] : []),
    ...(read.OPS_USER_HEADER !== undefined && read.TRUST_PROXY === 0
      ? ['OPS_USER_HEADER: is believed of a proxy alone, and TRUST_PROXY says that there is none']
      : []),
  ];
  if (faults.length > 0) throw new SettingsError(faults);
  const whenNotNamed = read.MT_STACK === 'dev' ? 'on' : 'observe';
  return {
    companyId: read.MINDTICKLE_COMPANY_ID,
    port: read.OPS_PORT,
    tokens: read.OPS_TOKENS ?? [],
    databaseUrl,
    policy,
    leaderboard,
    forget,
    modes: Object.fromEntries(SYSTEMS.map((system) => [system, modes[system] ?? whenNotNamed])),
    links: { uiUrl: read.TEMPORAL_UI_URL, opsUrl: read.OPS_URL },
    receiverUrls: (read.RECEIVER_URLS ?? []).map((url) => url.replace(/\/+$/, '')),
    webhookId: read.MINDTICKLE_WEBHOOK_ID,
    trustProxy: read.TRUST_PROXY,
    userHeader: read.OPS_USER_HEADER,
    logLevel: read.LOG_LEVEL,
  };
}
