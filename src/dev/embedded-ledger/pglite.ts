import type { PGlite } from '@electric-sql/pglite';
import type { Logger } from '../../telemetry';
import type { EmbeddedLedger } from './postgres';

const MAX_CONNECTIONS = 100;

/** PGlite (Postgres as WebAssembly) in this process, behind Postgres's protocol on loopback. Loaded only when it is used. */
export async function startPglite(dataDir: string, port: number, log: Logger): Promise<EmbeddedLedger> {
  const { PGlite: Engine } = await import('@electric-sql/pglite');
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
  const engine = await Engine.create({ dataDir });
  let end = (): void => undefined;
  const exited = new Promise<void>((resolve) => (end = resolve));
  keepBatchesTogether(engine, (error) => {
    log.error({ err: error }, 'PGlite broke down');
    end();
  });
  const server = new PGLiteSocketServer({ db: engine, host: '127.0.0.1', port, maxConnections: MAX_CONNECTIONS });
  const stop = async (): Promise<void> => {
    await server.stop();
    if (!engine.closed) await engine.close();
    end();
  };
  try {
    await server.start();
  } catch (error) {
    await engine.close();
    throw error;
  }
  return { kind: 'pglite', url: `postgres://ledger@127.0.0.1:${port}/ledger`, pid: process.pid, exited, stop };
}

const SIMPLE_QUERY = 0x51;
const SYNC = 0x53;
/** Parse, Bind, Describe, Execute, Close, Flush: messages of a statement that ends with Sync. */
const OF_A_BATCH = new Set([0x50, 0x42, 0x44, 0x45, 0x43, 0x48]);

/**
 * The socket server mixes the messages of all connections into one session, and holds a connection's together only
 * within a transaction: a statement's Bind may then meet the Parse of another connection, and return its rows
 * (electric-sql/pglite#1046; seen with 0.2.17 whenever two wait for a third's transaction). It asks the engine whether
 * a transaction is open, so the engine says yes until the statement's Sync. The same issue: after an error inside the
 * engine the server never answers again, hence `onBroken`.
 */
function keepBatchesTogether(
  engine: Pick<PGlite, 'isInTransaction' | 'execProtocolRawStream'>,
  onBroken: (error: unknown) => void,
): void {
  const isInTransaction = engine.isInTransaction.bind(engine);
  const run = engine.execProtocolRawStream.bind(engine);
  let isWithinBatch = false;
  engine.isInTransaction = () => isWithinBatch || isInTransaction();
  engine.execProtocolRawStream = async (message, options) => {
    const [type = 0] = message;
    if (OF_A_BATCH.has(type)) isWithinBatch = true;
    try {
      await run(message, options);
    } catch (error) {
      onBroken(error);
      throw error;
    } finally {
      if (type === SYNC || type === SIMPLE_QUERY) isWithinBatch = false;
    }
  };
}
