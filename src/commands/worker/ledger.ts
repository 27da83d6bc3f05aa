import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { isUnavailable, prepareLedger } from '../../ledger';
import type { Logger } from '../../telemetry';

export interface KeepPreparingOptions {
  readonly log: Logger;
  /** Done once the tables are there, and again until it works. */
  readonly first: () => Promise<unknown>;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
/** How many attempts fail in the same way before the log says so again: about every minute. */
const LINE_EVERY_ATTEMPTS = 4;

const waitReally = (ms: number, signal: AbortSignal): Promise<unknown> => delay(ms, undefined, { signal, ref: false });

/**
 * See to the ledger's tables until they are there and may be used. A worker may start before its ledger: workflows that
 * need it wait, the others go on. What does not pass by itself is an error in the log, with what to do. Never rejects.
 */
export async function keepPreparing(pool: Pool, options: KeepPreparingOptions): Promise<void> {
  const { log, signal, first, wait = waitReally } = options;
  let last = '';
  let sinceLine = 0;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const migrated = await prepareLedger(pool);
      await first();
      log.info({ migrated }, 'the ledger is ready');
      return;
    } catch (error) {
      const { message, cause } = error as Error;
      sinceLine = message === last ? sinceLine + 1 : 0;
      if (sinceLine % LINE_EVERY_ATTEMPTS === 0)
        log[isUnavailable(cause) ? 'warn' : 'error'](`${message}; workflows that need it wait, and it is tried again`);
      last = message;
    }
    await wait(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt), signal).catch(() => undefined);
  }
}
