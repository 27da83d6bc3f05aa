import type { CappedLog } from '../../telemetry';
import { LANES, type Lane } from '../routes';
import type { Aside } from './dead-letters';
import { isDamage } from './frames';
import type { Index } from './memory-index';
import type { Log, Place } from './log';
import { headerOf, type RecordHeader } from './records';

export interface Recovery {
  readonly logs: Readonly<Record<Lane, Log>>;
  readonly index: Index;
  readonly aside: Aside;
  readonly log: CappedLog;
}

type Delivered = RecordHeader & { readonly is: 'delivery' };

interface Left {
  readonly header: Delivered;
  readonly place: Place;
}

/** Find what earlier processes left. What is damaged is set aside, and never stands in the way of the rest. */
export async function recover(recovery: Recovery): Promise<void> {
  recovery.aside.recover();
  for (const lane of LANES) await recoverLane(lane, recovery);
}

async function recoverLane(lane: Lane, { logs, index, aside, log }: Recovery): Promise<void> {
  const left = new Map<number, Left>();
  let isDamaged = false;
  for (const { place, found } of logs[lane].recover()) {
    const header = isDamage(found) ? undefined : headerOf(found);
    if (header === undefined) {
      const reason = isDamage(found) ? found.damage : 'It is no record that this version knows.';
      log.write('error', 'spool-damage', { lane, reason }, 'a part of the spool cannot be read: it is set aside');
      if (await aside.add(null, reason, logs[lane].read(place))) logs[lane].release(place);
      isDamaged = true;
      continue;
    }
    index.sawSequence(header.sequence);
    if (header.is === 'delivery') left.set(header.sequence, { header, place });
    else {
      logs[lane].release(place);
      const done = left.get(header.sequence);
      if (done !== undefined) logs[lane].release(done.place);
      left.delete(header.sequence);
    }
  }
  const kept = isDamaged ? await writeAnew(logs[lane], [...left.values()]) : [...left.values()];
  for (const { header, place } of kept) {
    const { sequence, workflowId, delivery } = header;
    const receivedAt = Date.parse(delivery.receivedAt);
    index.add({ sequence, workflowId, lane, place, bodyDigest: delivery.bodyDigest, receivedAt });
  }
}

/** So that the damaged files go, and the next start does not find the damage again. */
async function writeAnew(log: Log, left: readonly Left[]): Promise<readonly Left[]> {
  return Promise.all(
    left.map(async (each) => {
      try {
        const place = await log.append(log.read(each.place));
        log.release(each.place);
        return { ...each, place };
      } catch {
        return each;
      }
    }),
  );
}
