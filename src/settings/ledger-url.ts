import { SettingsError } from './error';
import { watchSetting, type Secret } from './reload';
import { readVariables, valueOf, type Environment, type VariableValues } from './variables';

const LIBPQ = ['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGSSLMODE'] as const;

/**
 * Where the ledger is: DATABASE_URL, or PGHOST and the other settings of libpq; undefined when neither is set. A password
 * that is rotated in its file is in use from the next connection on.
 * @throws SettingsError when it is malformed.
 */
export function ledgerUrl(env: Environment): Secret | undefined {
  if (valueOf(env, 'DATABASE_URL') !== undefined) return watchSetting({ env, name: 'DATABASE_URL' }).current;
  if (valueOf(env, 'PGHOST') === undefined) return undefined;
  const server = readVariables(env, LIBPQ);
  const password = valueOf(env, 'PGPASSWORD') === undefined ? undefined : watchSetting({ env, name: 'PGPASSWORD' });
  return () => urlOf(server, password?.current());
}

/** The same. @throws SettingsError when it is missing, too. */
export function requireLedgerUrl(env: Environment): Secret {
  const url = ledgerUrl(env);
  if (url === undefined) throw new SettingsError(['DATABASE_URL: missing, and so is PGHOST']);
  return url;
}

function urlOf(
  { PGHOST, PGPORT, PGUSER, PGDATABASE = PGUSER, PGSSLMODE }: VariableValues<(typeof LIBPQ)[number]>,
  password: string | undefined,
): string {
  const part = encodeURIComponent;
  const user = password === undefined ? part(PGUSER) : `${part(PGUSER)}:${part(password)}`;
  const mode = PGSSLMODE === undefined ? '' : `?sslmode=${PGSSLMODE}`;
  // An IPv6 address is in brackets; a directory of sockets is encoded, as in libpq's own URLs.
  const host = PGHOST.includes(':') ? `[${PGHOST}]` : part(PGHOST);
  return `postgres://${user}@${host}:${PGPORT}/${part(PGDATABASE)}${mode}`;
}
