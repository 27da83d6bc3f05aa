import type { CappedLog } from '../../telemetry';
import type { Lane } from '../../events';
import type { DeadLetters } from './dead-letters';
import { isDamage, type Damage, type Frame } from './frames';
import type { Log, LogPosition } from './log';
import type { MemoryIndex } from './memory-index';
import { headerOf, type RecordHeader } from './records';

interface Found {
  readonly header: Exclude<RecordHeader, { readonly is: 'done' }>;
  readonly position: LogPosition;
}

export interface RecoveryOptions {
  readonly lane: Lane;
  readonly laneLog: Log;
  readonly index: MemoryIndex;
  readonly deadLetters: DeadLetters;
  readonly log: CappedLog;
}

/** Find what earlier processes left in a lane. What is damaged becomes a dead letter, and the rest is recovered. */
export async function recover({ lane, laneLog, index, deadLetters, log }: RecoveryOptions): Promise<void> {
  const waiting = new Map<number, Found>();
  let damaged = 0;
  const bury = async (found: Frame | Damage, position: LogPosition): Promise<void> => {
    damaged += 1;
    const reason = isDamage(found) ? found.damage : 'It is no record that this version knows.';
    log.write('error', 'spool-damage', { lane, reason }, 'a part of the spool cannot be read: it is a dead letter');
    if (await deadLetters.add(null, reason, laneLog.read(position))) laneLog.release(position);
  };
  for (const { position, found } of laneLog.recover()) {
    const header = headerOf(found);
    if (header !== undefined) index.sawSequence(header.sequence);
    if (header === undefined) await bury(found, position);
    else if (header.is !== 'done') waiting.set(header.sequence, { header, position });
    else {
      const done = waiting.get(header.sequence);
      waiting.delete(header.sequence);
      for (const each of [position, done?.position]) if (each !== undefined) laneLog.release(each);
    }
  }
  const all = [...waiting.values()];
  const kept = damaged > 0 ? await Promise.all(all.map(async (found) => writeAnew(laneLog, found))) : all;
  for (const { header, position } of kept) index.add(header.sequence, header, position);
}

/** The damaged files can go then, and the next start does not find the damage again. */
async function writeAnew(laneLog: Log, found: Found): Promise<Found> {
  try {
    const position = await laneLog.append(laneLog.read(found.position));
    laneLog.release(found.position);
    return { ...found, position };
  } catch {
    return found;
  }
}
