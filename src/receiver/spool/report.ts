import { SECOND } from '../../domain';
import type { SetAside, Spool, SpoolStatus } from '.';

/** How full a spool is, for `/readyz`. */
export interface SpoolSummary {
  readonly records: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** 0 when it is empty. */
  readonly oldestAgeSeconds: number;
  readonly setAside: number;
}

/** The same for an operator: what waits in which lane, and what was set aside. */
export interface SpoolReport extends Omit<SpoolSummary, 'setAside'> {
  readonly byLane: SpoolStatus['byLane'];
  /** Null: it takes records. */
  readonly refusing: 'full' | 'disk' | null;
  /** In all; the newest of them are listed. */
  readonly setAsideCount: number;
  readonly setAside: readonly SetAside[];
}

/** `now` is epoch ms. */
export function summariseSpool(status: SpoolStatus, now: number): SpoolSummary {
  const { records, bytes, maxBytes, oldestReceivedAt, setAside } = status;
  const ageMs = oldestReceivedAt === undefined ? 0 : Math.max(0, now - oldestReceivedAt);
  return { records, bytes, maxBytes, oldestAgeSeconds: Math.round(ageMs / SECOND), setAside };
}

/** Of the set aside, so many are listed. */
const LISTED = 100;

export function reportSpool(spool: Pick<Spool, 'status' | 'listSetAside'>, now: number): SpoolReport {
  const status = spool.status();
  const { setAside: setAsideCount, ...summary } = summariseSpool(status, now);
  const { byLane, refusing = null } = status;
  return { ...summary, byLane, refusing, setAsideCount, setAside: spool.listSetAside(LISTED) };
}
