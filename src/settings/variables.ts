import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { explain, SettingsError } from './error';

export type Environment = Readonly<Record<string, string | undefined>>;

const port = z.coerce.number().int().min(0).max(65535);
const milliseconds = z.coerce.number().int().positive();
export const httpUrl = z.url({ protocol: /^https?$/ });
/** What a file that is half written, or the wrong one, brings: NUL, bytes that are not UTF-8. */
const UNREADABLE = /[\p{Cc}\uFFFD]/u;
export const secret = z
  .string()
  .min(1)
  .refine((text) => !UNREADABLE.test(text), 'has a character that cannot be read');
/** Separated by commas or, in a file, by lines. */
const list = z
  .string()
  .transform((text) => text.trim().split(/\s*[,\n]\s*/))
  .pipe(z.array(secret).min(1));
/** A wrong signature is compared with each of them. More are the lines of another kind of file. */
const MAX_SECRETS = 8;
const flag = z.enum(['on', 'off']).transform((text) => text === 'on');
const role = z.enum(['viewer', 'operator']);
const token = z
  .string()
  .regex(/^[^:]+:[^:]+:\S{16,}$/, 'not `name:role:token` with a token of 16 characters or more, none a space')
  .transform((text) => {
    const [name = '', of = '', ...rest] = text.split(':');
    return { name, role: of, token: rest.join(':') };
  })
  .pipe(z.object({ name: z.string(), role, token: z.string() }));

/** Every variable that we read but the connectors'. Temporal's own (`TEMPORAL_*`) are read by `@temporalio/envconfig`. */
const variables = {
  /** The company's signing secret; several, newest first and comma-separated, while one is rotated. */
  MINDTICKLE_WEBHOOK_SECRET: list.pipe(z.array(secret).max(MAX_SECRETS)),
  /** The one company of this deployment. */
  MINDTICKLE_COMPANY_ID: z.string().min(1),
  /** The YAML file of policies, connector modes and the delivery contract. */
  MINDTICKLE_CONFIG: z.string().optional(),
  /** The receiver's port. */
  PORT: port.default(3000),
  /** The private port: metrics, and what people ask of a process. */
  OPS_PORT: port.default(3001),
  /** Who may ask there: `name:role:token`, several comma-separated. Absent: the private port stays closed. */
  OPS_TOKENS: list.pipe(z.array(token)).optional(),
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
  /** How long a start may take before the delivery is spooled instead, in ms. */
  START_TIMEOUT_MS: milliseconds.default(250),
  /** `off`: only Temporal acknowledges; for hosts without a disk that lasts. */
  SPOOL: flag.default(true),
  /** Of live records; more is answered with 503. */
  SPOOL_MAX_BYTES: z.coerce.number().int().min(65_536).default(1_073_741_824),
  /** Event ids under which one signature is taken. */
  REPLAY_LIMIT: z.coerce.number().int().positive().default(128),
  /** How long the ledger remembers an event after its workflow has closed. */
  RECEIPT_DAYS: z.coerce.number().positive().max(3650).default(90),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  NODE_ENV: z.string().optional(),
  /** Set by `mt dev` for its own processes: connectors are `on` unless the config says otherwise. */
  MT_STACK: z.literal('dev').optional(),
} as const;

export type VariableName = keyof typeof variables;

/** For the table in the docs, which a test holds to it. */
export const settingNames = Object.keys(variables) as readonly VariableName[];
export type VariableValues<N extends VariableName> = { readonly [K in N]: z.infer<(typeof variables)[K]> };

/** @throws SettingsError naming each missing or malformed variable. */
export function readVariables<N extends VariableName>(env: Environment, names: readonly N[]): VariableValues<N> {
  const shape = Object.fromEntries(names.map((name) => [name, variables[name]]));
  return readShape(env, shape) as unknown as VariableValues<N>;
}

/** The variables that `shape` names. @throws SettingsError naming each missing or malformed variable. */
export function readShape<V extends z.core.$ZodLooseShape>(env: Environment, shape: V): z.output<z.ZodObject<V>> {
  const values = Object.fromEntries(Object.keys(shape).map((name) => [name, valueOf(env, name)]));
  const parsed = z.object(shape).safeParse(values);
  if (!parsed.success) throw new SettingsError(explain(parsed.error).map((fault) => missingFirst(fault, values)));
  return parsed.data;
}

function missingFirst(fault: string, values: Readonly<Record<string, string | undefined>>): string {
  const name = fault.split(/[.:]/)[0] ?? fault;
  return values[name] === undefined ? `${name}: missing` : fault;
}

/** A variable, or the content of the file that `<NAME>_FILE` names. Empty is absent. */
export function valueOf(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name] === '' ? undefined : env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new SettingsError([`${name}_FILE: the file cannot be read`]);
  }
}
