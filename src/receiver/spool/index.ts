import { mkdirSync } from 'node:fs';
import type { Delivery } from '../../events';
import type { CappedLog } from '../../telemetry';
import { LANES, type Lane } from '../routes';
import { createAside } from './dead-letters';
import { createIndex } from './memory-index';
import { createLeaving } from './leaving';
import { openLog, type Log } from './log';
import { takeOwnership } from './owner';
import { recover } from './recovery';
import { createRoom } from './quota';
import { createStoring } from './storing';

/** What is kept of a delivery that Temporal has not taken yet. */
export interface SpoolRecord {
  /** The id of the workflow to start: the event id, or `conflict:…`. One record an id. */
  readonly workflowId: string;
  readonly lane: Lane;
  readonly delivery: Delivery;
  readonly rawBody: Buffer;
}

/** `held`: a record of this id was there already, with these bytes. `refused`: nothing was stored. */
export type Put =
  | { readonly outcome: 'stored' }
  | { readonly outcome: 'held'; readonly bodyDigest: string }
  | { readonly outcome: 'refused'; readonly cause: 'full' | 'disk' };

/** A record at rest. */
export interface Entry extends SpoolRecord {
  /** Its place in the order of coming; of one record for good. */
  readonly sequence: number;
}

export interface SpoolStatus {
  readonly records: number;
  /** On disk. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly byLane: Readonly<Record<Lane, number>>;
  /** Epoch ms; undefined when it is empty. */
  readonly oldestReceivedAt: number | undefined;
  /** Records that cannot be started, kept for a person. */
  readonly setAside: number;
  /** Why nothing can be stored now. */
  readonly refusing: 'full' | 'disk' | undefined;
}

export interface SetAside {
  /** Null: it cannot be read any more. */
  readonly workflowId: string | null;
  /** One sentence; never a value of the payload. */
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Deliveries on this machine's disk, until Temporal has them. */
export interface Spool {
  /** Durable once it resolves with `stored` or `held`. Never rejects. */
  readonly put: (record: SpoolRecord) => Promise<Put>;
  /** True while no record is here or under way. */
  readonly isEmpty: () => boolean;
  /** The oldest records of a lane that `skip` does not want left out. A damaged one is set aside and left out. */
  readonly oldest: (lane: Lane, limit: number, skip: (workflowId: string) => boolean) => readonly Entry[];
  /** Temporal has it. After a kill it may be here again: starting it again is harmless. Repeat-safe. */
  readonly remove: (entry: Entry) => void;
  /** Out of its lane, kept and listed. False: the disk does not take it, and it stays where it is. Never rejects. */
  readonly setAside: (entry: Entry, reason: string) => Promise<boolean>;
  readonly listSetAside: (limit: number) => readonly SetAside[];
  /** Back into their lanes, but for those that cannot be read. @returns how many. */
  readonly restoreSetAside: () => Promise<number>;
  readonly status: () => SpoolStatus;
  /** Everything under way is on disk then, and the directory is given up. */
  readonly close: () => Promise<void>;
}

export interface SpoolOptions {
  readonly dir: string;
  /** On disk. A record more is refused. */
  readonly maxBytes: number;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: CappedLog;
  /** The directory was removed or replaced, and nothing that this process knows of is left to hand over. */
  readonly onLost?: () => void;
  /** How long to wait for another owner that is stopping. */
  readonly patienceMs?: number;
}

const MOST_FILE_BYTES = 4 * 1024 * 1024;
const LEAST_FILE_BYTES = 64 * 1024;
/** A file is given back to the disk as a whole: of a small spool too there are many. */
const FILES = 32;

/**
 * The spool in `dir`, with what an earlier process left in it. Each lane is a log of its own in small files, so that what
 * was drained is given back to the disk; nothing is ever written into the middle of a file, and a write or a flush that
 * fails, such as on a full disk, refuses those records alone.
 * @throws Error when another process that runs has the directory, or it cannot be read or made.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, maxBytes, now, log, onLost = () => undefined, patienceMs } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const ownership = await takeOwnership(dir, patienceMs);
  const isOurs = ownership.isInPlace;
  const fileBytes = Math.min(MOST_FILE_BYTES, Math.max(LEAST_FILE_BYTES, Math.floor(maxBytes / FILES)));
  const open = (name: string): Log => openLog({ dir, name, fileBytes, isOurs });
  const logs = Object.fromEntries(LANES.map((lane) => [lane, open(`lane-${lane}`)])) as Record<Lane, Log>;
  const aside = createAside(open('aside'), now);
  const index = createIndex();
  await recover({ logs, index, aside, log });

  const bytes = (): number => Object.values(logs).reduce((sum, each) => sum + each.bytes(), aside.bytes());
  const room = createRoom({ dir, maxBytes, bytes, isOurs, now });
  const storing = createStoring({ logs, index, room, log, isOurs, onLost });
  const leaving = createLeaving({ logs, index, aside, log });
  return {
    put: storing.put,
    isEmpty: () => index.size() === 0 && storing.isIdle(),
    ...leaving,
    listSetAside: aside.list,
    restoreSetAside: () => aside.restore(storing.put),
    status: () => ({
      records: index.size(),
      bytes: bytes(),
      maxBytes,
      byLane: index.byLane(),
      oldestReceivedAt: index.oldestReceivedAt(),
      setAside: aside.size(),
      refusing: room.refusing(),
    }),
    close: async () => {
      await storing.settled();
      await Promise.all([...Object.values(logs), aside].map((each) => each.close()));
      ownership.release();
    },
  };
}
