import { SECOND } from '../../domain';
import type { DeadLetter } from './dead-letters';
import type { Spool, SpoolStatus } from './spool';

export { createDrain, type Drain } from './drain';
export { openSpool, type Spool, type SpoolStatus } from './spool';

/** How full a spool is, for `/readyz`. */
export interface SpoolSummary {
  readonly records: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** 0 when it is empty. */
  readonly oldestAgeSeconds: number;
  readonly deadLetters: number;
}

/** The same for an operator: how many records wait in which lane, and the dead letters. */
export interface SpoolReport extends Omit<SpoolSummary, 'deadLetters'> {
  readonly byLane: SpoolStatus['byLane'];
  /** Null: it stores records. */
  readonly refusing: 'full' | 'disk' | null;
  /** In all; the newest of them are listed. */
  readonly deadLetterCount: number;
  readonly deadLetters: readonly DeadLetter[];
}

/** `now` is epoch ms. */
export function summariseSpool(status: SpoolStatus, now: number): SpoolSummary {
  const { records, bytes, maxBytes, oldestReceivedAt, deadLetters } = status;
  const ageMs = oldestReceivedAt === undefined ? 0 : Math.max(0, now - oldestReceivedAt);
  return { records, bytes, maxBytes, oldestAgeSeconds: Math.round(ageMs / SECOND), deadLetters };
}

const LISTED_DEAD_LETTERS = 100;

export function reportSpool(spool: Pick<Spool, 'status' | 'deadLetters'>, now: number): SpoolReport {
  const status = spool.status();
  const { deadLetters: deadLetterCount, ...summary } = summariseSpool(status, now);
  const { byLane, refusing = null } = status;
  return { ...summary, byLane, refusing, deadLetterCount, deadLetters: spool.deadLetters(LISTED_DEAD_LETTERS) };
}
