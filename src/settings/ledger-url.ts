import { SettingsError } from './error';
import { watchSetting, type Secret } from './reload';
import { readVariables, valueOf, type Environment, type VariableName, type VariableValues } from './variables';

const LIBPQ = ['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGSSLMODE'] as const;
type Server = VariableValues<(typeof LIBPQ)[number]>;

/**
 * Where the ledger is: DATABASE_URL, or PGHOST and the other settings of libpq; undefined when neither is set. What changes in its file
 * is in use from the next connection on.
 * @throws SettingsError when it is malformed.
 */
export function ledgerUrl(env: Environment): Secret | undefined {
  if (valueOf(env, 'DATABASE_URL') !== undefined) return watchSetting({ env, name: 'DATABASE_URL' }).current;
  if (valueOf(env, 'PGHOST') === undefined) return undefined;
  // First together: it names every fault at once.
  readVariables(env, LIBPQ);
  const watched = LIBPQ.map((name) => [name, watchSetting({ env, name }).current] as const);
  return () => urlOf(Object.fromEntries(watched.map(([name, current]) => [name, current()])) as unknown as Server);
}

/** The same. @throws SettingsError when it is missing, too. */
function requireLedgerUrl(env: Environment): Secret {
  const url = ledgerUrl(env);
  if (url === undefined) throw new SettingsError(['DATABASE_URL: missing, and so is PGHOST']);
  return url;
}

/** Variables, and where the ledger is. @throws SettingsError naming what is wrong with either, all at once. */
export function withLedger<N extends VariableName>(env: Environment, names: readonly N[]): [VariableValues<N>, Secret] {
  const faults: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const read = attempt(() => readVariables(env, names));
  const databaseUrl = attempt(() => requireLedgerUrl(env));
  if (read === undefined || databaseUrl === undefined) throw new SettingsError(faults);
  return [read, databaseUrl];
}

function urlOf({ PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE = PGUSER, PGSSLMODE }: Server): string {
  const part = encodeURIComponent;
  const user = PGPASSWORD === undefined ? part(PGUSER) : `${part(PGUSER)}:${part(PGPASSWORD)}`;
  const mode = PGSSLMODE === undefined ? '' : `?sslmode=${PGSSLMODE}`;
  // An IPv6 address is in brackets; a directory of sockets is encoded, as in libpq's own URLs.
  const host = PGHOST.includes(':') ? `[${PGHOST}]` : part(PGHOST);
  return `postgres://${user}@${host}:${PGPORT}/${part(PGDATABASE)}${mode}`;
}
