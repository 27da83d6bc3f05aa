import { receiverSettings, workerSettings, type WorkerSettings } from '../../settings';
import { hasLedger, receiverEnvironment, workerEnvironment, type Shared } from './environment';

interface Checked extends WorkerSettings {
  readonly webhookSecret: string;
  /** Null: the user's OPS_TOKENS have no operator. */
  readonly opsToken: string | null;
}

/** Read the settings as the processes will, before they are started. @throws SettingsError as they would. */
export function checkSettings(draft: Shared): Checked {
  const { secrets, ops } = receiverSettings(receiverEnvironment(draft));
  const later = hasLedger(draft.env) ? undefined : 'postgres://127.0.0.1/known-when-it-runs';
  const settings = workerSettings(workerEnvironment({ ...draft, databaseUrl: later }));
  const operator = ops?.tokens.find(({ role }) => role === 'operator');
  return { ...settings, webhookSecret: secrets[0] ?? draft.webhookSecret, opsToken: operator?.token ?? null };
}
