import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Environment } from '../../settings';

/** Where `mt dev` keeps its data when no option says otherwise. */
export function dataDirOf(env: Environment): string {
  const named = env['DATA_DIR'];
  return resolve(named === undefined || named === '' ? '.data' : named);
}

/** Where everything lies in a data directory. */
export interface DataDir {
  readonly path: string;
  readonly lock: string;
  readonly devJson: string;
  /** The URL of the embedded ledger, with its password, while it runs. */
  readonly devLedger: string;
  /** What the parts of the running stack share, with its own secrets. */
  readonly devShared: string;
  readonly processes: string;
  readonly config: string;
  readonly secrets: string;
  /** The signing secret as the receiver reads it, newest first while one is rotated. */
  readonly webhookSecret: string;
  readonly logs: string;
  readonly temporalDb: string;
  readonly standInsState: string;
  readonly archive: string;
  /** Programs that were fetched, where there is no home directory for them. */
  readonly cache: string;
  readonly ledger: string;
}

export function dataDirAt(path: string): DataDir {
  return {
    path,
    lock: join(path, 'dev.lock'),
    devJson: join(path, 'dev.json'),
    devLedger: join(path, 'dev.ledger.json'),
    devShared: join(path, 'dev.shared.json'),
    processes: join(path, 'dev.processes.json'),
    config: join(path, 'config.yaml'),
    secrets: join(path, 'secrets.json'),
    webhookSecret: join(path, 'webhook-secret'),
    logs: join(path, 'logs'),
    temporalDb: join(path, 'temporal', 'temporal.db'),
    standInsState: join(path, 'stand-ins', 'state.json'),
    archive: join(path, 'archive'),
    cache: join(path, 'cache'),
    ledger: path,
  };
}

/**
 * Make the folders that are not there. The directory itself can be entered by everybody: PostgreSQL, which refuses to
 * run as root, lies in it and belongs to another user then. What holds personal data is closed.
 */
export function makeFolders(dir: DataDir): void {
  if (!existsSync(dir.path)) {
    mkdirSync(dir.path, { recursive: true });
    chmodSync(dir.path, 0o755);
  }
  for (const folder of [dir.logs, dir.archive, join(dir.path, 'temporal'), join(dir.path, 'stand-ins')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

export function logFileOf(dir: DataDir, part: string): string {
  return join(dir.logs, `${part}.log`);
}

/** Write so that a reader, and a kill in between, meets the whole old or the whole new file. */
export function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}
