import { SYSTEMS, type System } from '../../domain';
import { SettingsError, systemDescriptors, type Environment } from '../../settings';
import { CLIENT_ID } from '../people';

/** What a program needs of its surroundings, whoever it is. */
const SURROUNDINGS = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'XDG_CACHE_HOME'],
  ...['NODE_ENV', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
];

/** Our settings that mean in `mt dev` what they mean elsewhere; each, or the file that holds it. */
const SETTINGS = [
  ...[
    'LOG_LEVEL',
    'TRUST_PROXY',
    'START_TIMEOUT_MS',
    'START_CONCURRENCY',
    'REPLAY_LIMIT',
    'RECEIPT_DAYS',
    'AUDIT_DAYS',
    'ENCRYPTION_KEYS',
  ],
  ...['SPOOL', 'SPOOL_MAX_BYTES', 'OPS_URL', 'OPS_USER_HEADER'],
].flatMap(withFile);

/** Where the ledger is; each, or the file that holds it. */
const LEDGER = ['DATABASE_URL', 'PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGSSLMODE'].flatMap(
  withFile,
);

/** What the parts of one stack share. */
export interface Shared {
  /** The user's environment. */
  readonly env: Environment;
  readonly dataDir: string;
  readonly archiveDir: string;
  readonly configFile: string;
  readonly webhookSecret: string;
  /** Holds it, so that it can be rotated while the stack runs; absent: the receiver is handed the secret itself. */
  readonly webhookSecretFile?: string;
  /** Of an operator, where the user's environment has no OPS_TOKENS. */
  readonly opsToken: string;
  /** This one connector is the real system's, as the user's environment has it. */
  readonly connect?: System | undefined;
  /** Undefined: the user's own, as the environment has it. */
  readonly databaseUrl?: string | undefined;
  /** Undefined: the user's own, as the environment has it. */
  readonly temporalAddress?: string | undefined;
  /** Undefined: the user's own, as the environment has it. */
  readonly temporalUiUrl?: string | undefined;
  readonly standIns: { readonly url: string; readonly smtpUrl: string; readonly token: string };
  readonly receiverPort: number;
  /** The receiver's private port. */
  readonly receiverPrivatePort: number;
  /** Of the operations. */
  readonly opsPort: number;
}

/** For a part that talks to nobody: the surroundings. */
export function bareEnvironment(env: Environment): NodeJS.ProcessEnv {
  return pick(env, [...SURROUNDINGS, ...withFile('LOG_LEVEL')]);
}

/** The receiver's environment, whole: nothing else of the user's reaches it. */
export function receiverEnvironment(shared: Shared): NodeJS.ProcessEnv {
  return {
    ...common(shared),
    ...secretOf(shared),
    ...tokensOf(shared),
    ...databaseOf(shared),
    PORT: String(shared.receiverPort),
    OPS_PORT: String(shared.receiverPrivatePort),
  };
}

/** The operations': they know where the receiver is asked, and no connector. */
export function opsEnvironment(shared: Shared): NodeJS.ProcessEnv {
  return {
    ...common(shared),
    ...tokensOf(shared),
    ...databaseOf(shared),
    ...managementApi(shared.standIns),
    OPS_PORT: String(shared.opsPort),
    RECEIVER_URLS: loopback(shared.receiverPrivatePort),
  };
}

export function loopback(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** The worker's: every connector is the stand-ins', whatever the user's environment says, but for `connect`. */
export function workerEnvironment(shared: Shared): NodeJS.ProcessEnv {
  const { env, connect, standIns, archiveDir } = shared;
  const at = { ...standIns, archiveDir, clientId: CLIENT_ID };
  const connectors = SYSTEMS.map((system) =>
    system === connect ? realConnector(env, system) : systemDescriptors[system].toStandIn(at),
  );
  return Object.assign(
    {},
    common(shared),
    managementApi(standIns),
    ...connectors,
    databaseOf(shared),
  ) as NodeJS.ProcessEnv;
}

/** MindTickle's management API is the stand-in's, too. */
function managementApi({ url, token }: Shared['standIns']): NodeJS.ProcessEnv {
  return { MINDTICKLE_API_URL: mindtickleApiUrl(url), MINDTICKLE_API_TOKEN: token };
}

export function mindtickleApiUrl(standIns: string): string {
  return `${standIns}/mindtickle`;
}

function databaseOf({ env, databaseUrl }: Shared): NodeJS.ProcessEnv {
  return databaseUrl === undefined ? pick(env, LEDGER) : { DATABASE_URL: databaseUrl };
}

/** Does the user's environment bring its own Postgres? */
export function hasLedger(env: Environment): boolean {
  return isSet(env, 'DATABASE_URL') || isSet(env, 'PGHOST');
}

/** Does the user's environment bring its own? */
export function isSet(env: Environment, name: string): boolean {
  return Object.keys(pick(env, withFile(name))).length > 0;
}

function common(shared: Shared): NodeJS.ProcessEnv {
  const { env } = shared;
  const company = isSet(env, 'MINDTICKLE_COMPANY_ID')
    ? pick(env, withFile('MINDTICKLE_COMPANY_ID'))
    : { MINDTICKLE_COMPANY_ID: 'acme' };
  return {
    ...pick(env, [...SURROUNDINGS, ...SETTINGS, ...Object.keys(env).filter((name) => name.startsWith('OTEL_'))]),
    ...company,
    ...temporalEnvironment(env, shared.temporalAddress),
    ...(!isSet(env, 'OPS_URL') && { OPS_URL: loopback(shared.opsPort) }),
    ...(shared.temporalUiUrl !== undefined && { TEMPORAL_UI_URL: shared.temporalUiUrl }),
    MINDTICKLE_CONFIG: shared.configFile,
    DATA_DIR: shared.dataDir,
    MT_STACK: 'dev',
  };
}

function secretOf({ env, webhookSecret, webhookSecretFile }: Shared): NodeJS.ProcessEnv {
  const name = 'MINDTICKLE_WEBHOOK_SECRET';
  if (isSet(env, name)) return pick(env, withFile(name));
  return webhookSecretFile === undefined ? { [name]: webhookSecret } : { [`${name}_FILE`]: webhookSecretFile };
}

function tokensOf({ env, opsToken }: Shared): NodeJS.ProcessEnv {
  return isSet(env, 'OPS_TOKENS') ? pick(env, withFile('OPS_TOKENS')) : { OPS_TOKENS: `dev:operator:${opsToken}` };
}

/** A file that is not there is no profiles; an empty one is an error to `@temporalio/envconfig` (tried). */
const NO_PROFILES = '/nonexistent/temporal.toml';

/** `TEMPORAL_*` for our own server at `address`, or all of the user's. */
export function temporalEnvironment(env: Environment, address: string | undefined): NodeJS.ProcessEnv {
  if (address === undefined)
    return pick(
      env,
      Object.keys(env).filter((name) => name.startsWith('TEMPORAL_')),
    );
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespaceOf(env),
    // A profile of the user's may want TLS or a key, which our server has not.
    TEMPORAL_CONFIG_FILE: NO_PROFILES,
  };
}

export function namespaceOf(env: Environment): string {
  return env['TEMPORAL_NAMESPACE'] ?? 'default';
}

function realConnector(env: Environment, system: System): NodeJS.ProcessEnv {
  const { variables, needs, sdkPrefix } = systemDescriptors[system];
  const missing = needs.map((names) => names.filter((name) => !isSet(env, name)));
  const fewest = missing.reduce((least, more) => (more.length < least.length ? more : least));
  if (fewest.length > 0)
    throw new SettingsError(fewest.map((name) => `${name}: missing, and --connect ${system} is for the real system`));
  const ofTheSdk = Object.keys(env).filter((name) => sdkPrefix !== undefined && name.startsWith(sdkPrefix));
  return pick(env, [...Object.keys(variables).flatMap(withFile), ...ofTheSdk]);
}

function withFile(name: string): string[] {
  return [name, `${name}_FILE`];
}

function pick(env: Environment, names: readonly string[]): NodeJS.ProcessEnv {
  const picked: NodeJS.ProcessEnv = {};
  for (const name of names) if (env[name] !== undefined && env[name] !== '') picked[name] = env[name];
  return picked;
}
