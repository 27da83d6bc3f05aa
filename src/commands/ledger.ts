import { resolve } from 'node:path';
import { startEmbedded, type EmbeddedKind } from '../dev/embedded-ledger';
import { migrate, openPool } from '../ledger';
import type { Environment } from '../settings';
import { stopAsked } from '../stop-signal';
import { createLogger } from '../telemetry';

export interface LedgerOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly kind?: EmbeddedKind | undefined;
}

/** A crash may have left much to redo, and PGlite needs seconds for its first statement. */
const SETUP_TIMEOUT_MS = 60_000;

/**
 * Run the embedded ledger of one machine until it shall stop, or until its server ends. `mt dev` gets a message once the
 * ledger accepts connections and has its tables.
 * @returns 0 when it was asked to stop, 1 when the server ended by itself.
 */
export async function runLedger({ dataDir, port, kind }: LedgerOptions, env: Environment): Promise<number> {
  const log = createLogger('ledger', env['LOG_LEVEL']);
  const stopping = stopAsked();
  const ledger = await startEmbedded({ dataDir: resolve(dataDir), port, kind, log });
  try {
    const version = await setUp(ledger.url);
    process.send?.({ ready: true, kind: ledger.kind, version, url: ledger.url, pid: ledger.pid });
    log.info({ kind: ledger.kind, version, port }, 'the ledger accepts connections');
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
