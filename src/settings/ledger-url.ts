import { watchSetting, type Secret } from './reload';
import { valueOf, type Environment } from './variables';

/**
 * Where the ledger is; undefined when no setting says so. A password that is rotated in its file is in use from the next
 * connection on. @throws SettingsError when it is malformed.
 */
export function ledgerUrl(env: Environment): Secret | undefined {
  return valueOf(env, 'DATABASE_URL') === undefined ? undefined : requireLedgerUrl(env);
}

/** The same. @throws SettingsError when it is missing, too. */
export function requireLedgerUrl(env: Environment): Secret {
  return watchSetting({ env, name: 'DATABASE_URL' }).current;
}
