/** A process that has a spool: `… <dir>`; sends `open`, and answers each message, an event id, with what `put` said. */
import { openSpool } from '../../../src/receiver/spool';
import { createCappedLog, createLogger } from '../../../src/telemetry';
import { record } from './records';

async function main(dir: string): Promise<void> {
  const log = createCappedLog(createLogger('test', 'silent'), Date.now);
  const spool = await openSpool({ dir, maxBytes: 1_000_000, now: Date.now, log, patienceMs: 0 });
  process.on('message', (id: string) => void spool.put(record(id)).then(({ outcome }) => process.send?.(outcome)));
  process.send?.('open');
}

void main(process.argv[2] ?? '');
