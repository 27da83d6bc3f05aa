import { z } from 'zod';
import { SYSTEMS } from '../../domain';
import type { Environment } from '../../settings';
import { dataDirAt, readWhileLocked, writeWhole, type DataDir } from '../data-dir';
import { opsEnvironment, receiverEnvironment, workerEnvironment, type Shared } from './environment';

/** What each process of a running `mt dev` was started with. */
export interface RunningEnvironments {
  readonly receiver: Environment;
  readonly worker: Environment;
  readonly ops: Environment;
}

const shared = z.object({
  dataDir: z.string(),
  archiveDir: z.string(),
  configFile: z.string(),
  webhookSecret: z.string(),
  opsToken: z.string(),
  connect: z.enum(SYSTEMS).optional(),
  databaseUrl: z.string().optional(),
  temporalAddress: z.string().optional(),
  temporalUiUrl: z.string().optional(),
  standIns: z.object({ url: z.string(), smtpUrl: z.string(), token: z.string() }),
  receiverPort: z.number(),
  receiverPrivatePort: z.number(),
  opsPort: z.number(),
}) satisfies z.ZodType<Omit<Shared, 'env'>>;

/** Without the user's own environment, whose secrets are not ours to write down. */
export function keepShared(dir: DataDir, of: Shared): void {
  writeWhole(dir.devShared, `${JSON.stringify(shared.parse(of))}\n`);
}

/**
 * The environments of the `mt dev` that runs on the data directory, made again of what it keeps and the environment of
 * this shell; undefined when none runs.
 */
export function runningEnvironments(dataDir: string, env: Environment): RunningEnvironments | undefined {
  const dir = dataDirAt(dataDir);
  const kept = readWhileLocked(dir, dir.devShared, shared);
  if (kept === undefined) return undefined;
  const all: Shared = { ...kept, env };
  return { receiver: receiverEnvironment(all), worker: workerEnvironment(all), ops: opsEnvironment(all) };
}
