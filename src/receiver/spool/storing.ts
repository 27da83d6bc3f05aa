import type { CappedLog } from '../../telemetry';
import type { Lane } from '../routes';
import type { Put, Spool, SpoolRecord } from '.';
import { encodeFrame } from './frames';
import type { Held, Index } from './memory-index';
import type { Log } from './log';
import type { RecordHeader } from './records';
import type { Room } from './quota';

export interface StoringOptions {
  readonly logs: Readonly<Record<Lane, Log>>;
  readonly index: Index;
  readonly room: Room;
  readonly log: CappedLog;
  /** Whether the directory is still this process's. */
  readonly isOurs: () => boolean;
  readonly onLost: () => void;
}

export interface Storing extends Pick<Spool, 'put'> {
  readonly isIdle: () => boolean;
  /** Resolves once nothing is under way. */
  readonly settled: () => Promise<void>;
}

/** One record an id, also while the first one is still being written. */
export function createStoring({ logs, index, room, log, isOurs, onLost }: StoringOptions): Storing {
  const underWay = new Map<string, { readonly bodyDigest: string; readonly put: Promise<Put> }>();

  const store = async ({ workflowId, lane, delivery, rawBody }: SpoolRecord): Promise<Put> => {
    const sequence = index.nextSequence();
    const frame = encodeFrame({ is: 'delivery', sequence, workflowId, lane, delivery } satisfies RecordHeader, rawBody);
    const cause = room.take(frame.length);
    if (cause !== undefined) return { outcome: 'refused', cause };
    try {
      const place = await logs[lane].append(frame);
      const receivedAt = Date.parse(delivery.receivedAt);
      index.add({ sequence, workflowId, lane, place, bodyDigest: delivery.bodyDigest, receivedAt });
      room.stored();
      return { outcome: 'stored' };
    } catch (error) {
      room.failed();
      log.write('error', 'spool', { code: codeOf(error) }, 'the spool cannot be written');
      return { outcome: 'refused', cause: 'disk' };
    } finally {
      room.giveBack(frame.length);
    }
  };

  /** What is not under the directory's path any more is lost when this process ends: the sender has to try again. */
  const isSafe = ({ lane, place }: Held): boolean => isOurs() && logs[lane].isInPlace(place);
  const lost = (): Put => {
    log.write('error', 'spool-lost', {}, "the spool's directory was removed or replaced: nothing is stored any more");
    if (index.size() === 0) onLost();
    return { outcome: 'refused', cause: 'disk' };
  };

  const put = async (record: SpoolRecord): Promise<Put> => {
    const { workflowId } = record;
    const held = index.get(workflowId);
    if (held !== undefined) return isSafe(held) ? { outcome: 'held', bodyDigest: held.bodyDigest } : lost();
    if (!isOurs()) return lost();
    const other = underWay.get(workflowId);
    if (other !== undefined) {
      const its = await other.put;
      return its.outcome === 'stored' ? { outcome: 'held', bodyDigest: other.bodyDigest } : its;
    }
    const own = store(record).finally(() => underWay.delete(workflowId));
    underWay.set(workflowId, { bodyDigest: record.delivery.bodyDigest, put: own });
    return own;
  };

  return {
    put,
    isIdle: () => underWay.size === 0,
    settled: async () => {
      await Promise.all([...underWay.values()].map((each) => each.put));
    },
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.name : 'unknown');
}
