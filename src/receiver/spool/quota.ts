import { statfsSync } from 'node:fs';
import { SECOND } from '../../domain';

/** Whether a record more may be written. */
export interface Room {
  /** Reserves the bytes, or says why there is no room for them. */
  readonly take: (bytes: number) => 'full' | 'disk' | undefined;
  /** They are written by now, or never will be. */
  readonly giveBack: (bytes: number) => void;
  readonly stored: () => void;
  readonly failed: () => void;
  /** Why a small record would be refused now. */
  readonly refusing: () => 'full' | 'disk' | undefined;
}

export interface RoomOptions {
  readonly dir: string;
  readonly maxBytes: number;
  /** Of the spool, on disk. */
  readonly bytes: () => number;
  /** Whether the directory is still this process's. */
  readonly isOurs: () => boolean;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A disk that is shared is not filled to the last byte: others, such as a ledger, stand on it. */
const MOST_RESERVE_BYTES = 64 * 1024 * 1024;
const SHARE_OF_DISK = 16;
const SMALL_RECORD_BYTES = 4096;
/** So long a disk that failed is taken for broken; then it is tried again. */
const FAILED_FOR_MS = 5 * SECOND;

export function createRoom({ dir, maxBytes, bytes, isOurs, now }: RoomOptions): Room {
  let underWay = 0;
  let failedAt: number | undefined;

  const fault = (more: number): 'full' | 'disk' | undefined => {
    if (!isOurs()) return 'disk';
    if (bytes() + underWay + more > maxBytes) return 'full';
    return hasReserve(dir, underWay + more) ? undefined : 'disk';
  };
  const isBroken = (): boolean => failedAt !== undefined && Math.abs(now() - failedAt) < FAILED_FOR_MS;
  return {
    take: (more) => {
      const why = fault(more);
      if (why === undefined) underWay += more;
      return why;
    },
    giveBack: (taken) => void (underWay -= taken),
    stored: () => void (failedAt = undefined),
    failed: () => void (failedAt = now()),
    refusing: () => fault(SMALL_RECORD_BYTES) ?? (isBroken() ? 'disk' : undefined),
  };
}

function hasReserve(dir: string, more: number): boolean {
  try {
    const { bavail, blocks, bsize } = statfsSync(dir);
    const reserve = Math.min(MOST_RESERVE_BYTES, Math.floor((blocks * bsize) / SHARE_OF_DISK));
    return bavail * bsize - more >= reserve;
  } catch {
    return false;
  }
}
