import { startStandIns } from '../dev/stand-ins';
import { createLogger } from '../telemetry';
import { shutdownSignal } from '../dev/process';

export interface StandInsCommand {
  readonly port: number;
  readonly smtpPort: number;
  readonly stateFile?: string | undefined;
  /** The bearer token that they ask for. */
  readonly token: string;
  readonly logLevel?: string | undefined;
}

/** What is said to the parent process when all of them answer. */
export interface StandInsReady {
  readonly ready: true;
  readonly url: string;
  readonly smtpUrl: string;
}

/** Run the stand-ins of every system until it shall stop. */
export async function runStandIns({ logLevel, ...options }: StandInsCommand): Promise<number> {
  const log = createLogger('stand-ins', logLevel);
  const stopping = shutdownSignal();
  const { url, smtpUrl, stop } = await startStandIns({ ...options, log });
  const ready: StandInsReady = { ready: true, url, smtpUrl };
  process.send?.(ready);
  log.info({ url }, 'the stand-ins answer');
  await stopping;
  await stop();
  return 0;
}
