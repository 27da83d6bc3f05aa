import { mkdirSync } from 'node:fs';
import type { CappedLog } from '../../telemetry';
import type { DeliveryStore, Put, StoreRefusal } from '../accept';
import type { PendingDelivery } from '../verify';
import type { Encryption } from '../../encryption';
import { LANES, type Lane } from '../../events';
import { createDeadLetters, type DeadLetter } from './dead-letters';
import { openLog, type Log } from './log';
import { createMemoryIndex, perLane, type IndexEntry } from './memory-index';
import { takeOwnership } from './owner';
import { createQuota } from './quota';
import { decodeRecord, encodeDone, encodeRecord } from './records';
import { recover } from './recovery';

export interface StoredRecord extends PendingDelivery {
  /** Its number in the order of arrival. */
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
  readonly deadLetters: number;
  /** Why nothing can be stored now. */
  readonly refusing: StoreRefusal | undefined;
}

/** Deliveries on this machine's disk, until Temporal has them. There is one record a workflow id. */
export interface Spool extends DeliveryStore {
  /** The oldest records of a lane, without those to `skip`. A damaged one becomes a dead letter and is left out. */
  readonly oldest: (lane: Lane, limit: number, skip: (workflowId: string) => boolean) => readonly StoredRecord[];
  /** Temporal has it. After a kill it may be back: starting it again is harmless. Repeat-safe. */
  readonly remove: (record: StoredRecord) => void;
  /** Out of its lane, into the dead letters. False: the disk refuses it, and it stays where it is. Never rejects. */
  readonly addDeadLetter: (record: StoredRecord, reason: string) => Promise<boolean>;
  /** The newest ones. */
  readonly deadLetters: (limit: number) => readonly DeadLetter[];
  /** Back into their lanes, except those that cannot be read. @returns how many. */
  readonly restoreDeadLetters: () => Promise<number>;
  readonly status: () => SpoolStatus;
  /** Resolves once everything under way is on disk, and another process may take the directory. */
  readonly close: () => Promise<void>;
}

export interface SpoolOptions {
  readonly dir: string;
  /** On disk. A record beyond it is refused. */
  readonly maxBytes: number;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: CappedLog;
  /** The directory was removed or replaced, and this process has no record left to hand over. */
  readonly onLost?: () => void;
  /** How long to wait for another owner that is stopping. */
  readonly patienceMs?: number;
  /** Of what deliveries say. Absent: it is stored as it came; what is encrypted cannot be read then. */
  readonly encryption?: Encryption | undefined;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MIN_FILE_BYTES = 64 * 1024;
/** The disk gets back whole files: a small spool has many files too. */
const FILES = 32;

/**
 * The spool in `dir`, with what an earlier process left in it. Each lane is an append-only log in small files, so that the
 * disk gets back what was drained. A write or a flush that fails refuses only its own records. That is why this is no
 * database: LMDB aborts the process after a failed commit on a full disk (12 of 14 runs), and one log a lane with shared
 * flushes stores 32,000 records a second (both measured).
 * @throws Error when another process has the directory, or it cannot be read, made or locked.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, maxBytes, now, log, onLost = () => undefined, patienceMs, encryption } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const ownership = await takeOwnership(dir, patienceMs);
  const isOurs = ownership.isInPlace;
  const fileBytes = Math.min(MAX_FILE_BYTES, Math.max(MIN_FILE_BYTES, Math.floor(maxBytes / FILES)));
  const open = (name: string): Log => openLog({ dir, name, fileBytes, isOurs });
  const logs = perLane((lane) => open(`lane-${lane}`));
  const deadLetterLog = open('dead-letters');
  const allLogs = [...Object.values(logs), deadLetterLog];
  const deadLetters = createDeadLetters(deadLetterLog, now, encryption);
  const index = createMemoryIndex();
  deadLetters.recover();
  for (const lane of LANES) await recover({ lane, laneLog: logs[lane], index, deadLetters, log });

  const bytes = (): number => allLogs.reduce((sum, each) => sum + each.bytes(), 0);
  const quota = createQuota({ dir, maxBytes, bytes, now });
  const parts: Parts = { logs, index, deadLetters, quota, isOurs, onLost, log, encryption };
  const { put, underWay } = createPut(parts);
  return {
    put,
    isEmpty: () => index.size() === 0 && underWay.size === 0,
    ...createReading(parts),
    deadLetters: deadLetters.list,
    restoreDeadLetters: () => deadLetters.restore(async (record) => (await put(record)).outcome !== 'refused'),
    status: () => ({
      records: index.size(),
      bytes: bytes(),
      maxBytes,
      byLane: index.byLane(),
      oldestReceivedAt: index.oldestReceivedAt(),
      deadLetters: deadLetters.size(),
      refusing: isOurs() ? quota.refusing() : 'disk',
    }),
    close: async () => {
      await Promise.all([...underWay.values()].map(({ stored }) => stored));
      await Promise.all(allLogs.map((each) => each.close()));
      ownership.release();
    },
  };
}

interface Parts extends Required<Pick<SpoolOptions, 'log' | 'onLost' | 'encryption'>> {
  readonly logs: Readonly<Record<Lane, Log>>;
  readonly index: ReturnType<typeof createMemoryIndex>;
  readonly deadLetters: ReturnType<typeof createDeadLetters>;
  readonly quota: ReturnType<typeof createQuota>;
  /** Whether the directory is still this process's. */
  readonly isOurs: () => boolean;
}

/** There is one record an id, also while the first one is still being written. */
function createPut({ logs, index, quota, isOurs, onLost, log, encryption }: Parts) {
  const underWay = new Map<string, { readonly bodyDigest: string; readonly stored: Promise<Put> }>();

  const store = async (record: PendingDelivery): Promise<Put> => {
    const sequence = index.nextSequence();
    const frame = encodeRecord(sequence, record, encryption);
    const cause = quota.reserve(frame.length);
    if (cause !== undefined) return isOurs() ? { outcome: 'refused', cause } : lost();
    try {
      const position = await logs[record.lane].append(frame);
      index.add(sequence, record, position);
      quota.succeeded();
      return { outcome: 'stored' };
    } catch (error) {
      if (!isOurs()) return lost();
      quota.failed();
      log.write('error', 'spool', { code: codeOf(error) }, 'the spool cannot be written');
      return { outcome: 'refused', cause: 'disk' };
    } finally {
      quota.release(frame.length);
    }
  };

  const isSafe = ({ lane, position }: IndexEntry): boolean => isOurs() && logs[lane].isInPlace(position);
  /** Only this process could still read the record, so the sender has to try again. */
  const lost = (): Put => {
    log.write('error', 'spool-lost', {}, "the spool's directory was removed or replaced: nothing is stored any more");
    if (index.size() === 0) onLost();
    return { outcome: 'refused', cause: 'disk' };
  };

  const put = async (record: PendingDelivery): Promise<Put> => {
    const { workflowId } = record;
    const entry = index.get(workflowId);
    if (entry !== undefined) return isSafe(entry) ? { outcome: 'known', bodyDigest: entry.bodyDigest } : lost();
    const other = underWay.get(workflowId);
    if (other !== undefined) {
      const result = await other.stored;
      return result.outcome === 'stored' ? { outcome: 'known', bodyDigest: other.bodyDigest } : result;
    }
    const stored = store(record).finally(() => underWay.delete(workflowId));
    underWay.set(workflowId, { bodyDigest: record.delivery.bodyDigest, stored });
    return stored;
  };

  return { put, underWay };
}

/** How records are read, and leave: to Temporal, or to the dead letters. */
function createReading({
  logs,
  index,
  deadLetters,
  log,
  encryption,
}: Parts): Pick<Spool, 'oldest' | 'remove' | 'addDeadLetter'> {
  const forget = (entry: IndexEntry): void => {
    if (!index.remove(entry)) return;
    const { lane, position, sequence } = entry;
    const isFileRemoved = logs[lane].release(position);
    if (!isFileRemoved) logs[lane].appendNote(encodeDone(sequence));
  };

  const bury = async (entry: IndexEntry, reason: string): Promise<boolean> => {
    const { workflowId, lane, position } = entry;
    const isKept = await deadLetters.add(workflowId, reason, logs[lane].read(position));
    if (isKept) forget(entry);
    return isKept;
  };

  const buryDamaged = (entry: IndexEntry, reason: string): void => {
    entry.state = 'damaged';
    const { workflowId } = entry;
    log.write('error', 'spool-damage', { workflowId, reason }, 'a spooled delivery cannot be read any more');
    void bury(entry, reason);
  };

  /** As a dead letter it holds up no other, and comes back once its key is there again: `mt spool drain`. */
  const read = (entry: IndexEntry): PendingDelivery | undefined => {
    try {
      const record = decodeRecord(logs[entry.lane].read(entry.position), encryption);
      if (record === undefined) buryDamaged(entry, 'Its checksum does not fit its content.');
      return record;
    } catch (error) {
      buryDamaged(entry, (error as Error).message);
      return undefined;
    }
  };

  return {
    oldest: (lane, limit, skip) => {
      const found: StoredRecord[] = [];
      for (const entry of index.inOrder(lane)) {
        if (found.length >= limit) break;
        if (entry.state !== 'waiting' || skip(entry.workflowId)) continue;
        const record = read(entry);
        if (record !== undefined) found.push({ ...record, sequence: entry.sequence });
      }
      return found;
    },
    remove: ({ sequence }) => {
      const entry = index.at(sequence);
      if (entry !== undefined) forget(entry);
    },
    addDeadLetter: async ({ sequence }, reason) => {
      const entry = index.at(sequence);
      return entry === undefined || bury(entry, reason);
    },
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.name : 'unknown');
}
