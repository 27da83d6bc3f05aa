import { Gauge, type Registry } from 'prom-client';
import { SECOND } from '../../domain';
import type { Lane } from '../../events';
import type { SpoolStatus } from '../../receiver/receiver';

const REFUSING = ['full', 'disk'] as const satisfies readonly SpoolStatus['refusing'][];

/** What lies in the spool, read at each scrape. */
export function spoolMetrics(registers: Registry[], status: () => SpoolStatus, now: () => number): void {
  const gauge = (name: string, help: string, valueOf: (status: SpoolStatus) => number): void => {
    new Gauge({
      name: `mindtickle_receiver_spool_${name}`,
      help,
      registers,
      collect() {
        this.set(valueOf(status()));
      },
    });
  };
  gauge('bytes', 'Of live records, as they lie on disk.', ({ bytes }) => bytes);
  gauge('max_bytes', 'SPOOL_MAX_BYTES: more is answered with 503.', ({ maxBytes }) => maxBytes);
  gauge('dead_letters', 'Records that cannot be started, kept for a person.', ({ deadLetters }) => deadLetters);
  gauge('oldest_age_seconds', 'How long the oldest record has waited for Temporal; 0: none waits.', (found) =>
    found.oldestReceivedAt === undefined ? 0 : Math.max(0, now() - found.oldestReceivedAt) / SECOND,
  );
  new Gauge({
    name: 'mindtickle_receiver_spool_records',
    help: 'Deliveries that wait for Temporal, by lane; 1 goes first.',
    labelNames: ['lane'],
    registers,
    collect() {
      const { byLane } = status();
      for (const lane of [1, 2, 3, 4, 5] as const satisfies readonly Lane[]) this.set({ lane }, byLane[lane]);
    },
  });
  new Gauge({
    name: 'mindtickle_receiver_spool_refusing',
    help: '1 while nothing more can be stored, by cause: the limit is reached, or the disk fails.',
    labelNames: ['cause'],
    registers,
    collect() {
      const { refusing } = status();
      for (const cause of REFUSING) this.set({ cause }, cause === refusing ? 1 : 0);
    },
  });
}
