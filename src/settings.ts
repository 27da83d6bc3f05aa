import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Mode, Modes, Policy } from './domain/policy';
import { readConfig, type Config } from './policy';
import { explain, SettingsError } from './settings-error';

export type Environment = Readonly<Record<string, string | undefined>>;

const port = z.coerce.number().int().min(0).max(65535);
const milliseconds = z.coerce.number().int().positive();
const httpUrl = z.url({ protocol: /^https?$/ });
const secret = z.string().min(1);
const list = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(secret).min(1));

/** Every variable that we read, once. Temporal's own (`TEMPORAL_*`) are read by `@temporalio/envconfig`. */
const variables = {
  /** The company's signing secret; several, newest first and comma-separated, while one is rotated. */
  MINDTICKLE_WEBHOOK_SECRET: list,
  /** The one company of this deployment. */
  MINDTICKLE_COMPANY_ID: z.string().min(1),
  /** The YAML file of policies, connector modes and the delivery contract. */
  MINDTICKLE_CONFIG: z.string().optional(),
  /** The receiver's port. */
  PORT: port.default(3000),
  /** How many proxies in front of the receiver set `X-Forwarded-For`. */
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  /** The ledger's Postgres; absent: embedded in DATA_DIR, by `mt dev` alone. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Where `mt dev` and the spool keep their files. */
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((path) => resolve(path)),
  /** Starts under way at once. */
  START_CONCURRENCY: z.coerce.number().int().positive().default(8),
  /** How long a start may take before the delivery is refused with 503, in ms. */
  START_TIMEOUT_MS: milliseconds.default(5000),
  /** Event ids under which one signature is taken. */
  REPLAY_LIMIT: z.coerce.number().int().positive().default(128),
  SCIM_URL: httpUrl.optional(),
  SCIM_TOKEN: z.string().optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().includes('@').optional(),
  ARCHIVE_URL: z.url({ protocol: /^file$/ }).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  NODE_ENV: z.string().optional(),
  /** Set by `mt dev` for its own processes: connectors are `on` unless the config says otherwise. */
  MT_STACK: z.literal('dev').optional(),
} as const;

type Name = keyof typeof variables;

/** For the table in the docs, which a test holds to it. */
export const settingNames = Object.keys(variables) as readonly Name[];
type Read<N extends Name> = { readonly [K in N]: z.infer<(typeof variables)[K]> };

export interface ReceiverSettings {
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly companyId: string;
  readonly delivery: Config['delivery'];
  readonly port: number;
  readonly trustProxy: number;
  readonly startConcurrency: number;
  readonly startTimeoutMs: number;
  readonly replayLimit: number;
  readonly logLevel: string;
}

export interface WorkerSettings {
  readonly companyId: string;
  readonly databaseUrl: string;
  /** Absent: the system has no settings, and is `off`. */
  readonly connectors: {
    readonly identity: { readonly url: string; readonly token: string } | undefined;
    readonly mail: { readonly url: string; readonly from: string } | undefined;
    readonly archive: { readonly url: string } | undefined;
  };
  readonly policy: Policy;
  readonly modes: Modes;
  readonly logLevel: string;
}

/** @throws SettingsError naming each missing or malformed variable. */
export function receiverSettings(env: Environment): ReceiverSettings {
  const read = readVariables(env, [
    'MINDTICKLE_WEBHOOK_SECRET',
    'MINDTICKLE_COMPANY_ID',
    'MINDTICKLE_CONFIG',
    'PORT',
    'TRUST_PROXY',
    'START_CONCURRENCY',
    'START_TIMEOUT_MS',
    'REPLAY_LIMIT',
    'LOG_LEVEL',
  ]);
  return {
    secrets: read.MINDTICKLE_WEBHOOK_SECRET,
    companyId: read.MINDTICKLE_COMPANY_ID,
    delivery: readConfig(read.MINDTICKLE_CONFIG).delivery,
    port: read.PORT,
    trustProxy: read.TRUST_PROXY,
    startConcurrency: read.START_CONCURRENCY,
    startTimeoutMs: read.START_TIMEOUT_MS,
    replayLimit: read.REPLAY_LIMIT,
    logLevel: read.LOG_LEVEL,
  };
}

/** @throws SettingsError naming each missing or malformed variable, and each connector that is half configured. */
export function workerSettings(env: Environment): WorkerSettings {
  const read = readVariables(env, [
    'MINDTICKLE_COMPANY_ID',
    'MINDTICKLE_CONFIG',
    'DATABASE_URL',
    'SCIM_URL',
    'SCIM_TOKEN',
    'SMTP_URL',
    'MAIL_FROM',
    'ARCHIVE_URL',
    'LOG_LEVEL',
    'NODE_ENV',
    'MT_STACK',
  ]);
  const { policy, modes } = readConfig(read.MINDTICKLE_CONFIG);
  const connectors = {
    identity: pair('SCIM_URL', read.SCIM_URL, 'SCIM_TOKEN', read.SCIM_TOKEN, (url, token) => ({ url, token })),
    mail: pair('SMTP_URL', read.SMTP_URL, 'MAIL_FROM', read.MAIL_FROM, (url, from) => ({ url, from })),
    archive: read.ARCHIVE_URL === undefined ? undefined : { url: read.ARCHIVE_URL },
  };
  const settings = {
    companyId: read.MINDTICKLE_COMPANY_ID,
    databaseUrl: read.DATABASE_URL,
    connectors,
    policy,
    modes: connectorModes(connectors, modes, read.MT_STACK === 'dev' ? 'on' : 'observe'),
    logLevel: read.LOG_LEVEL,
  };
  if (read.MT_STACK === 'dev' && read.NODE_ENV === 'production')
    throw new SettingsError(['MT_STACK: the development stack refuses NODE_ENV=production']);
  if (Object.values(settings.modes).includes('on') && policy.administrators.length === 0)
    throw new SettingsError(['administrators: required in the config file once any connector is `on`']);
  return settings;
}

function connectorModes(
  connectors: Readonly<Record<keyof Modes, object | undefined>>,
  named: Config['modes'],
  whenNotNamed: Mode,
): Modes {
  const modeOf = (system: keyof Modes): Mode => {
    if (connectors[system] !== undefined) return named[system] ?? whenNotNamed;
    if (named[system] === undefined || named[system] === 'off') return 'off';
    throw new SettingsError([
      `connectors.${system}: is \`${named[system]}\`, but the system has no settings in the environment`,
    ]);
  };
  return { identity: modeOf('identity'), mail: modeOf('mail'), archive: modeOf('archive') };
}

function pair<T>(
  nameA: Name,
  a: string | undefined,
  nameB: Name,
  b: string | undefined,
  make: (a: string, b: string) => T,
): T | undefined {
  if (a === undefined && b === undefined) return undefined;
  if (a === undefined) throw new SettingsError([`${nameA}: missing, while ${nameB} is set`]);
  if (b === undefined) throw new SettingsError([`${nameB}: missing, while ${nameA} is set`]);
  return make(a, b);
}

function readVariables<N extends Name>(env: Environment, names: readonly N[]): Read<N> {
  const shape = Object.fromEntries(names.map((name) => [name, variables[name]]));
  const values = Object.fromEntries(names.map((name) => [name, valueOf(env, name)]));
  const parsed = z.object(shape).safeParse(values);
  if (!parsed.success) throw new SettingsError(explain(parsed.error).map((fault) => missingFirst(fault, values)));
  return parsed.data as unknown as Read<N>;
}

function missingFirst(fault: string, values: Readonly<Record<string, string | undefined>>): string {
  const name = fault.split(/[.:]/)[0] ?? fault;
  return values[name] === undefined ? `${name}: missing` : fault;
}

/** A variable, or the content of the file that `<NAME>_FILE` names. Empty is absent. */
function valueOf(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name] === '' ? undefined : env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new SettingsError([`${name}_FILE: the file cannot be read`]);
  }
}
