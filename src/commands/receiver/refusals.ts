import { SECOND } from '../../domain';
import { addRefusals, openPool } from '../../ledger';
import type { CappedLog } from '../../telemetry';
import { createRefusalCounts, type RefusalCounts } from '../../receiver/receiver';
import { withTimeout } from '../../with-timeout';
import type { ReceiverSettings, WatchedSecrets } from '../../settings';

export interface KeepRefusalsOptions {
  readonly settings: ReceiverSettings;
  readonly secrets: Pick<WatchedSecrets, 'current' | 'retired'>;
  readonly log: CappedLog;
  /** Epoch ms. */
  readonly now: () => number;
  readonly onFailed: () => void;
}

const CLOSE_LIMIT_MS = 1000;

/** Explained refusals are kept in the ledger, when there is one. Deliveries never wait for it. */
export function keepRefusals(options: KeepRefusalsOptions): Pick<RefusalCounts, 'refused' | 'close'> | undefined {
  const { settings, secrets, log, now, onFailed } = options;
  const { databaseUrl, companyId, delivery } = settings;
  if (databaseUrl === undefined) return undefined;
  const pool = openPool({ url: databaseUrl, max: 1 });
  const window = { backMs: delivery.windowBackSeconds * SECOND, aheadMs: delivery.windowAheadSeconds * SECOND };
  const counts = createRefusalCounts({
    sink: async (rows) => {
      try {
        await addRefusals(pool, rows);
      } catch (error) {
        onFailed();
        throw error;
      }
    },
    config: () => ({ secrets: secrets.current(), retired: secrets.retired(), companyId, window }),
    now,
    log,
  });
  const close = async (): Promise<void> => {
    await counts.close();
    await withTimeout(pool.end(), CLOSE_LIMIT_MS);
  };
  return { refused: counts.refused, close };
}
