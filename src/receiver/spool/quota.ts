import { statfsSync } from 'node:fs';
import { SECOND } from '../../domain';
import type { StoreRefusal } from '../accept';

/** Whether one more record may be written. */
export interface Quota {
  /** Reserves the bytes, or returns why there is no room for them. */
  readonly reserve: (bytes: number) => StoreRefusal | undefined;
  /** What was reserved is written by now, or never will be. */
  readonly release: (bytes: number) => void;
  readonly succeeded: () => void;
  readonly failed: () => void;
  /** Why a small record would be refused now. */
  readonly refusing: () => StoreRefusal | undefined;
}

export interface QuotaOptions {
  readonly dir: string;
  readonly maxBytes: number;
  /** Of the spool, on disk. */
  readonly bytes: () => number;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A disk that others share, such as a ledger, is not filled to the last byte. */
const MAX_RESERVE_BYTES = 64 * 1024 * 1024;
const RESERVED_SHARE_OF_DISK = 1 / 16;
const SMALL_RECORD_BYTES = 4096;
/** A disk that failed counts as broken this long. */
const BROKEN_MS = 5 * SECOND;

export function createQuota({ dir, maxBytes, bytes, now }: QuotaOptions): Quota {
  let reserved = 0;
  let failedAt: number | undefined;

  const causeFor = (more: number): StoreRefusal | undefined => {
    if (bytes() + reserved + more > maxBytes) return 'full';
    return hasFreeSpace(dir, reserved + more) ? undefined : 'disk';
  };
  const isBroken = (): boolean => failedAt !== undefined && Math.abs(now() - failedAt) < BROKEN_MS;
  return {
    reserve: (more) => {
      const cause = causeFor(more);
      if (cause === undefined) reserved += more;
      return cause;
    },
    release: (less) => void (reserved -= less),
    succeeded: () => void (failedAt = undefined),
    failed: () => void (failedAt = now()),
    refusing: () => causeFor(SMALL_RECORD_BYTES) ?? (isBroken() ? 'disk' : undefined),
  };
}

function hasFreeSpace(dir: string, more: number): boolean {
  try {
    const { bavail, blocks, bsize } = statfsSync(dir);
    const reserve = Math.min(MAX_RESERVE_BYTES, Math.floor(blocks * bsize * RESERVED_SHARE_OF_DISK));
    return bavail * bsize - more >= reserve;
  } catch {
    return false;
  }
}
