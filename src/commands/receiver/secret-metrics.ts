import { Counter, Gauge, type Registry } from 'prom-client';
import { SECOND } from '../../domain';
import type { ReloadCounts } from '../../settings';

interface SecretsOptions {
  readonly fingerprints: () => readonly string[];
  readonly reloads: () => ReloadCounts;
  readonly now: () => number;
}

/**
 * Which signing secret is still used. Positions shift when one is added; the fingerprint stays. What was used stays here
 * after it was removed from the setting, with the time of its last use.
 * @returns what counts a delivery that the secret at this place had signed. Call it before the setting can change again.
 */
export function secretMetrics(
  registers: Registry[],
  { fingerprints, reloads, now }: SecretsOptions,
): (secretIndex: number) => void {
  const labelNames = ['position', 'fingerprint'] as const;
  const labelsOf = (position: number) => ({ position, fingerprint: fingerprints()[position] ?? 'unknown' });
  const verified = new Counter({
    name: 'mindtickle_secret_verified_total',
    help: 'Deliveries by the signing secret that verified them; position 0 is the newest.',
    labelNames,
    registers,
    collect() {
      // One that was never used is a 0, not an absence.
      for (const position of fingerprints().keys()) this.inc(labelsOf(position), 0);
    },
  });
  const lastVerified = new Gauge({
    name: 'mindtickle_secret_last_verified_timestamp_seconds',
    help: 'When a signing secret last verified a delivery, since this process began.',
    labelNames,
    registers,
  });
  new Gauge({
    name: 'mindtickle_secret_in_use',
    help: '1 for each signing secret that is accepted now.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const position of fingerprints().keys()) this.set(labelsOf(position), 1);
    },
  });
  new Counter({
    name: 'mindtickle_secret_reloads_total',
    help: 'How often the file of the signing secrets had changed; failed: the old ones stay in use.',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      const { changed, failed } = reloads();
      this.inc({ outcome: 'changed' }, changed);
      this.inc({ outcome: 'failed' }, failed);
    },
  });
  return (secretIndex) => {
    verified.inc(labelsOf(secretIndex));
    lastVerified.set(labelsOf(secretIndex), now() / SECOND);
  };
}
