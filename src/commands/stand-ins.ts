import { startStandIns } from '../dev/stand-ins';
import { SettingsError, type Environment } from '../settings';
import { stopAsked } from '../stop-signal';
import { createLogger } from '../telemetry';

export interface StandInsCommand {
  readonly port: number;
  readonly smtpPort: number;
  readonly stateFile?: string | undefined;
}

/** Run the stand-ins of every system until the process shall stop. STAND_INS_TOKEN is the bearer token that they ask for. */
export async function runStandIns(options: StandInsCommand, env: Environment): Promise<number> {
  const token = env['STAND_INS_TOKEN'];
  if (token === undefined || token === '') throw new SettingsError(['STAND_INS_TOKEN: missing']);
  const log = createLogger('stand-ins', env['LOG_LEVEL']);
  const stopping = stopAsked();
  const { url, smtpUrl, stop } = await startStandIns({ ...options, token, log });
  process.send?.({ ready: true, url, smtpUrl });
  log.info({ url }, 'the stand-ins answer');
  await stopping;
  await stop();
  return 0;
}
