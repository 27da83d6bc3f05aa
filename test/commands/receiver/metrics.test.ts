import { refusals } from '../../../src/receiver/refusals/rules';
import type { SpoolStatus } from '../../../src/receiver/spool';
import {
  createReceiverMetrics,
  type ReceiverMetrics,
  type ReceiverMetricsOptions,
} from '../../../src/commands/receiver/metrics';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const SPOOL: SpoolStatus = {
  records: 7,
  bytes: 4096,
  maxBytes: 65_536,
  byLane: { 1: 1, 2: 0, 3: 4, 4: 0, 5: 2 },
  oldestReceivedAt: NOW - 90_500,
  deadLetters: 2,
  refusing: 'full',
};

let now: number;
let fingerprints: readonly string[];
let spool: SpoolStatus;

beforeEach(() => {
  now = NOW;
  fingerprints = ['aaaaaaaa'];
  spool = SPOOL;
});

function make(changes: Partial<ReceiverMetricsOptions> = {}): ReceiverMetrics {
  return createReceiverMetrics({
    refusals,
    secrets: { fingerprints: () => fingerprints, reloads: () => ({ changed: 3, failed: 1 }) },
    warnings: () => ['one'],
    spool: () => spool,
    isTemporalReachable: () => true,
    now: () => now,
    ...changes,
  });
}

/** The value of one series, named as the text has it; undefined when it is not there. */
async function valueOf({ text }: ReceiverMetrics, series: string): Promise<number | undefined> {
  const { body } = await text();
  const line = body.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('createReceiverMetrics', () => {
  test('counts deliveries by outcome, and how long each took to answer', async () => {
    const metrics = make();
    metrics.observer.answered('started', 0.02);
    metrics.observer.answered('started', 0.3);
    metrics.observer.answered('spooled', 0.26);
    expect(await valueOf(metrics, 'mindtickle_receiver_deliveries_total{outcome="started"}')).toBe(2);
    expect(await valueOf(metrics, 'mindtickle_receiver_deliveries_total{outcome="spooled"}')).toBe(1);
    const bucket = (le: string) => `mindtickle_receiver_answer_seconds_bucket{le="${le}",outcome="started"}`;
    expect(await valueOf(metrics, bucket('0.025'))).toBe(1);
    expect(await valueOf(metrics, bucket('+Inf'))).toBe(2);
  });

  test('counts refusals by rule, and says nothing of who sent them', async () => {
    const metrics = make();
    metrics.observer.refused('mismatch', '203.0.113.7');
    metrics.observer.refused('replay-limit', undefined);
    expect(await valueOf(metrics, 'mindtickle_receiver_refusals_total{rule="mismatch",status="403"}')).toBe(1);
    expect(await valueOf(metrics, 'mindtickle_receiver_refusals_total{rule="replay-limit",status="429"}')).toBe(1);
    expect((await metrics.text()).body).not.toContain('203.0.113.7');
  });

  test('has a 0 for what has not happened yet, so that its first time is an increase', async () => {
    const metrics = make();
    for (const series of [
      'mindtickle_receiver_deliveries_total{outcome="conflict"}',
      'mindtickle_receiver_deliveries_total{outcome="quarantined"}',
      'mindtickle_receiver_refusals_total{rule="failure",status="503"}',
      'mindtickle_receiver_drain_starts_total{outcome="duplicate"}',
      'mindtickle_receiver_ledger_failures_total{write="refusals"}',
      'mindtickle_secret_verified_total{position="0",fingerprint="aaaaaaaa"}',
    ])
      expect({ series, value: await valueOf(metrics, series) }).toEqual({ series, value: 0 });
  });

  test('tells which secret was used last when, also after it was taken away', async () => {
    const metrics = make();
    metrics.verified(0);
    now += 60_000;
    fingerprints = ['bbbbbbbb', 'aaaaaaaa'];
    metrics.verified(1);
    metrics.verified(0);
    fingerprints = ['bbbbbbbb'];
    now += 60_000;
    metrics.verified(0);
    const of = (position: number, fingerprint: string) => `{position="${position}",fingerprint="${fingerprint}"}`;
    expect(await valueOf(metrics, `mindtickle_secret_verified_total${of(0, 'aaaaaaaa')}`)).toBe(1);
    expect(await valueOf(metrics, `mindtickle_secret_verified_total${of(1, 'aaaaaaaa')}`)).toBe(1);
    expect(await valueOf(metrics, `mindtickle_secret_verified_total${of(0, 'bbbbbbbb')}`)).toBe(2);
    const last = 'mindtickle_secret_last_verified_timestamp_seconds';
    expect(await valueOf(metrics, `${last}${of(1, 'aaaaaaaa')}`)).toBe(NOW / 1000 + 60);
    expect(await valueOf(metrics, `${last}${of(0, 'bbbbbbbb')}`)).toBe(NOW / 1000 + 120);
    expect(await valueOf(metrics, `mindtickle_secret_in_use${of(0, 'bbbbbbbb')}`)).toBe(1);
    expect(await valueOf(metrics, `mindtickle_secret_in_use${of(1, 'aaaaaaaa')}`)).toBeUndefined();
    expect(await valueOf(metrics, 'mindtickle_secret_reloads_total{outcome="failed"}')).toBe(1);
  });

  test('reads the spool at each scrape', async () => {
    const metrics = make();
    const read = async (name: string) => valueOf(metrics, `mindtickle_receiver_spool_${name}`);
    expect(await read('records{lane="3"}')).toBe(4);
    expect(await read('bytes')).toBe(4096);
    expect(await read('max_bytes')).toBe(65_536);
    expect(await read('dead_letters')).toBe(2);
    expect(await read('oldest_age_seconds')).toBe(90.5);
    expect(await read('refusing{cause="full"}')).toBe(1);
    expect(await read('refusing{cause="disk"}')).toBe(0);
    spool = { ...SPOOL, byLane: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 }, oldestReceivedAt: undefined, refusing: undefined };
    expect(await read('records{lane="3"}')).toBe(0);
    expect(await read('oldest_age_seconds')).toBe(0);
    expect(await read('refusing{cause="full"}')).toBe(0);
  });

  test('has nothing of a spool where there is none', async () => {
    expect((await make({ spool: undefined }).text()).body).not.toContain('spool_');
  });

  test('counts what the drain and the ledger did', async () => {
    const metrics = make({ isTemporalReachable: () => false });
    metrics.started('started');
    metrics.ledgerFailed('refusals');
    expect(await valueOf(metrics, 'mindtickle_receiver_drain_starts_total{outcome="started"}')).toBe(1);
    expect(await valueOf(metrics, 'mindtickle_receiver_ledger_failures_total{write="refusals"}')).toBe(1);
    expect(await valueOf(metrics, 'mindtickle_receiver_temporal_reachable')).toBe(0);
    expect(await valueOf(metrics, 'mindtickle_receiver_warnings')).toBe(1);
  });

  test('is in the text format of Prometheus, with what Node tells of the process', async () => {
    const { contentType, body } = await make().text();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  test('keeps to itself: two of them do not share a count', async () => {
    const [one, other] = [make(), make()];
    one.observer.answered('started', 1);
    expect(await valueOf(other, 'mindtickle_receiver_deliveries_total{outcome="started"}')).toBe(0);
  });
});
