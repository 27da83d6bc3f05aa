import { resolve } from 'node:path';
import { startEmbedded, type EmbeddedKind } from '../dev/embedded-ledger';
import { migrate, openPool } from '../ledger';
import { createLogger } from '../telemetry';
import { shutdownSignal } from '../dev/process';

export interface LedgerOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly kind?: EmbeddedKind | undefined;
  readonly logLevel?: string | undefined;
}

/** What is said to the parent process when the ledger takes connections and has its tables. */
export interface LedgerReady {
  readonly ready: true;
  readonly kind: EmbeddedKind;
  readonly version: string;
  readonly url: string;
  /** The process that serves. */
  readonly pid: number;
}

/** A crash may have left much to redo, and PGlite takes seconds for its first statement. */
const SETUP_TIMEOUT_MS = 60_000;

/**
 * Run the embedded ledger of one machine until it shall stop, or until its server ends.
 * @returns 0 when it was asked to, 1 when the server ended by itself.
 */
export async function runLedger({ dataDir, port, kind, logLevel }: LedgerOptions): Promise<number> {
  const log = createLogger('ledger', logLevel);
  const stopping = shutdownSignal();
  const ledger = await startEmbedded({ dataDir: resolve(dataDir), port, kind, log });
  try {
    const version = await setUp(ledger.url);
    const ready: LedgerReady = { ready: true, kind: ledger.kind, version, url: ledger.url, pid: ledger.pid };
    process.send?.(ready);
    log.info({ kind: ledger.kind, version, port }, 'the ledger takes connections');
    return await Promise.race([stopping.then(() => 0), ledger.exited.then(() => 1)]);
  } finally {
    await ledger.stop();
  }
}

async function setUp(url: string): Promise<string> {
  const pool = openPool({ url, max: 1, timeoutMs: SETUP_TIMEOUT_MS });
  try {
    await migrate(pool);
    const { rows } = await pool.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'of unknown version';
  } finally {
    await pool.end();
  }
}
