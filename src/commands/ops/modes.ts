import type { Pool } from 'pg';
import type { Modes } from '../../domain';
import { SECOND } from '../../domain';
import { readModes } from '../../ledger';

export interface ModesOptions {
  readonly pool: Pool;
  /** Where no worker has said how it is set. */
  readonly otherwise: Modes;
  /** A clock in ms; it need not know the date. */
  readonly now: () => number;
}

const MAX_AGE_MS = 10 * SECOND;

/** The connectors' modes, as the worker that started last has them. An answer may be so old; while the ledger is away, older. */
export function rememberModes({ pool, otherwise, now }: ModesOptions): () => Modes {
  let known = otherwise;
  let readAt: number | undefined;
  const read = async (): Promise<void> => {
    const modes = await readModes(pool).catch(() => ({}));
    if (Object.keys(modes).length > 0) known = modes;
  };
  return () => {
    if (readAt === undefined || now() - readAt > MAX_AGE_MS) {
      readAt = now();
      void read();
    }
    return known;
  };
}
