import { SettingsError } from './error';
import { watchSetting } from './reload';
import { readVariables, type Environment } from './variables';

/** How MindTickle's management API is reached, and which webhook is ours. */
export interface ManagementSettings {
  readonly apiUrl: string;
  /** Undefined: none is set. What changes in its file is in use at once. */
  readonly token: () => string | undefined;
  /** Of a webhook that was made elsewhere. */
  readonly webhookId: string | undefined;
}

/** @throws SettingsError naming each malformed variable. */
export function managementSettings(env: Environment): ManagementSettings {
  const { MINDTICKLE_API_URL: apiUrl, MINDTICKLE_WEBHOOK_ID: webhookId } = readVariables(env, [
    'MINDTICKLE_API_URL',
    'MINDTICKLE_WEBHOOK_ID',
    'MINDTICKLE_API_TOKEN',
  ]);
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname))
    throw new SettingsError(['MINDTICKLE_API_URL: has to begin with https://, since the token goes there']);
  return { apiUrl, webhookId, token: watchSetting({ env, name: 'MINDTICKLE_API_TOKEN' }).current };
}
