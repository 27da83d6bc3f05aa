import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../../telemetry';
import { clusterDirOf, isRoot, whyNotPostgres } from './can-run';
import { prepareCluster } from './cluster';
import { startPglite } from './pglite';
import { startPostgres, type EmbeddedLedger } from './postgres';

export type { EmbeddedLedger } from './postgres';
export type EmbeddedKind = EmbeddedLedger['kind'];

export interface EmbeddedSettings {
  /** Local, and kept: the next start goes on with it. Each kind has a directory of its own in it. */
  readonly dataDir: string;
  readonly port: number;
  /** Absent: the kind that this directory began with, else PostgreSQL where it can run, else PGlite. */
  readonly kind?: EmbeddedKind | undefined;
  readonly log: Logger;
}

/**
 * A Postgres of our own, for one machine: real PostgreSQL from npm, or, where that cannot run, PGlite behind a socket
 * (one transaction at a time, and open to every user of this machine: it knows no passwords). A PostgreSQL that an
 * earlier process left running on the directory is ended first.
 * @throws Error when the wanted kind, or the one that holds the directory's data, cannot run.
 */
export async function startEmbedded({ dataDir, port, kind: wanted, log }: EmbeddedSettings): Promise<EmbeddedLedger> {
  makeDirectory(resolve(dataDir));
  const kind = wanted ?? kindIn(dataDir);
  const why = kind === 'pglite' ? undefined : whyNotPostgres(dataDir);
  if (why !== undefined && kind === 'postgres') throw new Error(`the embedded PostgreSQL cannot run: ${why}`);
  const chosen = kind ?? (await firstChoice(dataDir, why, log));
  return chosen === 'pglite' ? startPglite(pgliteDirOf(dataDir), port, log) : startPostgres({ dataDir, port, log });
}

/** As root, what we make lets PostgreSQL's user through, whatever the umask. */
function makeDirectory(directory: string): void {
  const topmost = mkdirSync(directory, { recursive: true });
  if (topmost === undefined || !isRoot()) return;
  for (let made = directory; made.length >= topmost.length; made = dirname(made)) chmodSync(made, 0o711);
}

/** Changing the kind would begin with an empty ledger while its workflows go on. */
function kindIn(dataDir: string): EmbeddedKind | undefined {
  if (existsSync(clusterDirOf(dataDir))) return 'postgres';
  return existsSync(pgliteDirOf(dataDir)) ? 'pglite' : undefined;
}

function pgliteDirOf(dataDir: string): string {
  return join(resolve(dataDir), 'pglite');
}

/** Nothing is there to lose yet: what goes wrong with PostgreSQL in ways that nobody foresaw leads to PGlite as well. */
async function firstChoice(dataDir: string, whyNot: string | undefined, log: Logger): Promise<EmbeddedKind> {
  const why = whyNot ?? (await prepareCluster(dataDir, log).then(() => undefined, messageOf));
  if (why === undefined) return 'postgres';
  log.warn({ why }, 'PGlite serves the ledger: PostgreSQL cannot run here');
  return 'pglite';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
