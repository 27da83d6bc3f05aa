import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { EncryptionKey } from '../encryption';
import { explain, SettingsError } from './error';
import { faultOfDatabaseUrl } from './ledger-url-fault';
import { linesOf } from './value-file';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A number as people write it: `1e3`, `0x10` and nothing at all are none. */
function number(what: string, min: number, max = Number.MAX_SAFE_INTEGER, pattern = /^\d+$/) {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (pattern.test(text) && value >= min && value <= max) return value;
    context.addIssue(`${JSON.stringify(text)} is not ${what}${whoseIs(text)}`);
    return z.NEVER;
  });
}

/** Kubernetes adds `<SERVICE>_PORT=tcp://…` for every service of the namespace. */
function whoseIs(text: string): string {
  if (!/^(tcp|udp|sctp):\/\//.test(text)) return '';
  return '. Kubernetes sets it for a service of that name: set `enableServiceLinks: false` in the pod, or name the service otherwise';
}

const port = number('a port (0–65535)', 0, 65_535);
const days = number('a number of days (more than 0, at most 3650)', Number.MIN_VALUE, 3650, /^\d*\.?\d+$/);
const whole = (least: number) => number(`a whole number, ${least} or more`, least);
export const httpUrl = z.url({ protocol: /^https?$/, error: 'is not a URL that begins with https:// or http://' });
/** What a file that is half written, or the wrong one, brings: NUL, bytes that are not UTF-8. */
const UNREADABLE = /[\p{Cc}\uFFFD]/u;
export const secret = z
  .string()
  .min(1)
  .refine((text) => !UNREADABLE.test(text), 'has a character that cannot be read');
/** One a line in a file, where a comma is part of the value; in the environment separated by commas. */
const list = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(/[,\n]/).map((each) => each.trim()))])
  .pipe(z.array(secret).min(1));
/** A wrong signature is compared with each of them. More are the lines of another kind of file. */
const MAX_SECRETS = 8;
/** The choices, as people name them. */
const oneOf = {
  error: ({ input, values = [] }: { readonly input?: unknown; readonly values?: readonly unknown[] }): string =>
    `${JSON.stringify(input)} is not one of ${values.join(', ')}`,
};
const flag = z.enum(['on', 'off'], oneOf).transform((text) => text === 'on');
const role = z.enum(['viewer', 'operator']);
const token = z
  .string()
  .regex(/^[^:]+:[^:]+:\S{16,}$/, 'not `name:role:token` with a token of 16 characters or more, none a space')
  .transform((text) => {
    const [name = '', of = '', ...rest] = text.split(':');
    return { name, role: of, token: rest.join(':') };
  })
  .pipe(z.object({ name: z.string(), role, token: z.string() }));

const encryptionKey = z.string().transform((text, context): EncryptionKey => {
  const [, id, base64 = ''] = /^([\w.-]{1,64}):([A-Za-z0-9+/_-]+=*)$/.exec(text) ?? [];
  const secret = Buffer.from(base64, 'base64');
  if (id !== undefined && secret.length === 32) return { id, secret };
  // Never the text itself: it may be the key.
  context.addIssue('not `id:key` with a key of 32 bytes in base64, as `openssl rand -base64 32` makes one');
  return z.NEVER;
});

/** Every variable that we read but the connectors'. Temporal's own (`TEMPORAL_*`) are read by `@temporalio/envconfig`. */
const variables = {
  /** The company's signing secret; several, newest first and comma-separated, while one is rotated. */
  MINDTICKLE_WEBHOOK_SECRET: list.pipe(z.array(secret).max(MAX_SECRETS)),
  /** The one company of this deployment. */
  MINDTICKLE_COMPANY_ID: z.string().min(1),
  /** Of MindTickle's management API. */
  MINDTICKLE_API_TOKEN: secret.optional(),
  MINDTICKLE_API_URL: httpUrl.default('https://api.mindtickle.com'),
  /** Of a webhook that was not made by `mt webhooks register`. */
  MINDTICKLE_WEBHOOK_ID: z.string().max(200).optional(),
  /** The YAML file of policies, connector modes and the delivery contract. */
  MINDTICKLE_CONFIG: z.string().optional(),
  /** The receiver's port. */
  PORT: port.default(3000),
  /** The private port: metrics, and what people ask of a process. */
  OPS_PORT: port.default(3001),
  /** Who may ask there: `name:role:token`, several comma-separated. Absent: the private port stays closed. */
  OPS_TOKENS: list.pipe(z.array(token)).optional(),
  /** The header in which a proxy in front of the operations names the user. */
  OPS_USER_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'is not the name of a header')
    .optional(),
  /** The private ports of the receivers, base URLs, comma-separated. */
  RECEIVER_URLS: list.pipe(z.array(httpUrl)).optional(),
  /** How many proxies in front of the receiver, or of the operations, set `X-Forwarded-For`. */
  TRUST_PROXY: whole(0).default(0),
  /** The ledger's Postgres; absent: PGHOST and its like, else embedded in DATA_DIR, by `mt dev` alone. */
  DATABASE_URL: z.string().superRefine((text, context) => {
    const fault = faultOfDatabaseUrl(text);
    if (fault !== undefined) context.addIssue(fault);
  }),
  /** Instead of DATABASE_URL, as libpq has them. */
  PGHOST: z.string().min(1),
  PGPORT: number('a port (1–65535)', 1, 65_535).default(5432),
  PGUSER: z.string().min(1),
  PGPASSWORD: secret.optional(),
  /** Absent: named like the user. */
  PGDATABASE: z.string().min(1).optional(),
  PGSSLMODE: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'], oneOf).optional(),
  /** Where `mt dev` and the spool keep their files. */
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((path) => resolve(path)),
  /** Starts under way at once. */
  START_CONCURRENCY: whole(1).default(8),
  /** How long a start may take before the delivery is spooled instead, in ms. */
  START_TIMEOUT_MS: whole(1).default(250),
  /** `off`: only Temporal acknowledges; for hosts without a disk that lasts. */
  SPOOL: flag.default(true),
  /** Of live records; more is answered with 503. */
  SPOOL_MAX_BYTES: whole(65_536).default(1_073_741_824),
  /** Event ids under which one signature is taken. */
  REPLAY_LIMIT: whole(1).default(128),
  /** How long the ledger remembers an event after its workflow has closed. */
  RECEIPT_DAYS: days.default(90),
  /** The same of a leaver, as evidence. */
  AUDIT_DAYS: days.default(400),
  /** What is kept of people in Temporal and in the spool is encrypted with the first; the others decrypt. */
  ENCRYPTION_KEYS: list
    .pipe(z.array(encryptionKey))
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'has two keys of one id')
    .default([]),
  /** Where Temporal Web UI is, for the links in messages. */
  TEMPORAL_UI_URL: httpUrl.optional(),
  /** Where the dashboard is, for the links in messages. */
  OPS_URL: httpUrl.optional(),
  /** Where the worker's SDK serves its metrics to Prometheus, `host:port`; absent: nowhere. */
  METRICS_ADDRESS: z
    .string()
    .regex(
      /^(\[[0-9a-f:.]+\]|\d{1,3}(\.\d{1,3}){3}):\d{1,5}$/i,
      'is not an IP address and a port, as in 127.0.0.1:9464',
    )
    .optional(),
  /** Where traces go, by OTLP over HTTP; absent: there are none. The collector's other settings are OpenTelemetry's own. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], oneOf).default('info'),
  NODE_ENV: z.string().optional(),
  /** Set by `mt dev` for its own processes: connectors are `on` unless the config says otherwise. */
  MT_STACK: z.literal('dev').optional(),
} as const;

/** A credential of a private port. */
export type OpsToken = z.infer<typeof token>;

export type VariableName = keyof typeof variables;

/** For the table in the docs, which a test holds to it. */
export const settingNames = Object.keys(variables) as readonly VariableName[];
export type VariableValues<N extends VariableName> = { readonly [K in N]: z.infer<(typeof variables)[K]> };

/** Whose file has several values, one a line. */
const LISTS: ReadonlySet<string> = new Set<VariableName>([
  'MINDTICKLE_WEBHOOK_SECRET',
  'OPS_TOKENS',
  'RECEIVER_URLS',
  'ENCRYPTION_KEYS',
]);

/** A variable as it is written: a text, or the lines of the file that `<NAME>_FILE` names. Empty is absent. */
export type Written = string | readonly string[] | undefined;

/** @throws SettingsError naming each missing or malformed variable. */
export function readVariables<N extends VariableName>(env: Environment, names: readonly N[]): VariableValues<N> {
  const shape = Object.fromEntries(names.map((name) => [name, variables[name]]));
  return readShape(env, shape) as unknown as VariableValues<N>;
}

/** One variable, as it is written. @throws SettingsError when it is missing or malformed. */
export function parseVariable<N extends VariableName>(name: N, written: Written): VariableValues<N>[N] {
  return parseShape({ [name]: written }, { [name]: variables[name] })[name] as VariableValues<N>[N];
}

/** The variables that `shape` names. @throws SettingsError naming each missing or malformed variable. */
export function readShape<V extends z.core.$ZodLooseShape>(env: Environment, shape: V): z.output<z.ZodObject<V>> {
  return parseShape(Object.fromEntries(Object.keys(shape).map((name) => [name, writtenIn(env, name)])), shape);
}

/** The same of variables as they are written. @throws SettingsError naming each missing or malformed variable. */
export function parseShape<V extends z.core.$ZodLooseShape>(
  written: Readonly<Record<string, Written>>,
  shape: V,
): z.output<z.ZodObject<V>> {
  const values = Object.fromEntries(Object.entries(written).map(([name, each]) => [name, valueIn(name, each)]));
  const parsed = z.object(shape).safeParse(values);
  if (!parsed.success) throw new SettingsError(explain(parsed.error).map((fault) => missingFirst(fault, values)));
  return parsed.data;
}

function missingFirst(fault: string, values: Readonly<Record<string, Written>>): string {
  const name = fault.split(/[.:]/)[0] ?? fault;
  return values[name] === undefined ? `${name}: missing` : fault;
}

function valueIn(name: string, written: Written): Written {
  const value = typeof written === 'object' && !LISTS.has(name) ? written.join('\n') : written;
  return value === undefined || value.length === 0 ? undefined : value;
}

/** @throws SettingsError when its file cannot be read, or has something else than values. */
function writtenIn(env: Environment, name: string): Written {
  const text = fileTextOf(env, name);
  return text === undefined ? env[name]?.trim() : linesOf(name, text);
}

/** What the file of a variable holds; undefined: it has none. @throws SettingsError when it cannot be read. */
export function fileTextOf(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`]?.trim() ?? '';
  if (file === '') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new SettingsError([`${name}_FILE: the file cannot be read`]);
  }
}

/** A variable of one value, or the content of the file that `<NAME>_FILE` names. Empty is absent. */
export function valueOf(env: Environment, name: string): string | undefined {
  const value = valueIn(name, writtenIn(env, name));
  return typeof value === 'object' ? value.join('\n') : value;
}
