import { Client } from '@temporalio/client';
import { DAY } from '../../src/domain';
import { createReadiness, namespaceRetentionGaps, type ReadinessOptions } from '../../src/receiver/readiness';
import type { Spool, SpoolStatus } from '../../src/receiver/spool';
import { connectInBackground, type Connected } from '../../src/temporal';
import { openNamespace, openTemporalProxy, silentLog } from '../temporal/fixture';
import { settings } from './running';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const READY = { ready: true, temporal: 'ok', spool: null, warnings: [] };

let temporal: Connected;
beforeAll(async () => {
  temporal = await openNamespace();
});
afterAll(() => temporal.close());

const options: Omit<ReadinessOptions, 'client'> = {
  spool: undefined,
  retentionGaps: () => [],
  warnings: () => [],
  now: () => NOW,
};
const readinessOf = (client: Client | undefined, changes: Partial<ReadinessOptions> = {}) =>
  createReadiness({ ...options, client: () => client, ...changes })();

const STATUS: SpoolStatus = {
  records: 3,
  bytes: 4096,
  maxBytes: 8192,
  byLane: { 1: 0, 2: 0, 3: 3, 4: 0, 5: 0 },
  oldestReceivedAt: NOW - 61_000,
  deadLetters: 1,
  refusing: undefined,
};
const spoolWith = (changes: Partial<SpoolStatus>): Spool =>
  ({ status: () => ({ ...STATUS, ...changes }) }) as Partial<Spool> as Spool;

describe('createReadiness', () => {
  test('ready when the namespace is there with our search attributes', async () => {
    expect(await readinessOf(temporal.client)).toEqual(READY);
  });

  test('not ready while Temporal has not been reached', async () => {
    expect(await readinessOf(undefined)).toEqual({
      ready: false,
      reason: 'Temporal has not been reached yet. There is no spool (SPOOL=off).',
      spool: null,
    });
  });

  test('not ready without the namespace', async () => {
    const client = new Client({ connection: temporal.connection, namespace: 'nowhere' });
    expect(await readinessOf(client)).toMatchObject({
      ready: false,
      reason: expect.stringContaining('The Temporal namespace does not exist.') as unknown,
    });
  });

  test('not ready without the search attributes, and says which and what to do', async () => {
    const namespace = `${temporal.namespace}-bare`;
    await temporal.connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    const client = new Client({ connection: temporal.connection, namespace });
    expect(await readinessOf(client)).toMatchObject({
      ready: false,
      reason: expect.stringMatching(/MindtickleEvent.*`mt setup`/) as unknown,
    });
  });

  test('not ready when Temporal goes silent, and asks at most once a second', async () => {
    const proxy = await openTemporalProxy();
    const env = { TEMPORAL_ADDRESS: proxy.address, TEMPORAL_NAMESPACE: temporal.namespace };
    const background = connectInBackground({ log: silentLog, env });
    await background.connected;
    let now = NOW;
    const readiness = createReadiness({ ...options, client: background.client, now: () => now });
    expect(await readiness()).toEqual(READY);
    await proxy.set('silent');
    now += 999;
    expect(await readiness()).toEqual(READY);
    now += 1;
    expect(await readiness()).toMatchObject({ ready: false });
    await background.close();
    await proxy.close();
  });

  test('ready while Temporal is away and the spool takes events, and says how old the oldest one is', async () => {
    expect(await readinessOf(undefined, { spool: spoolWith({}) })).toEqual({
      ready: true,
      temporal: 'Temporal has not been reached yet.',
      spool: { records: 3, bytes: 4096, maxBytes: 8192, oldestAgeSeconds: 61, deadLetters: 1 },
      warnings: [],
    });
  });

  test('not ready while Temporal is away and the spool refuses', async () => {
    const spool = spoolWith({ refusing: 'full' });
    expect(await readinessOf(undefined, { spool })).toMatchObject({
      ready: false,
      reason: 'Temporal has not been reached yet. The spool is full (SPOOL_MAX_BYTES).',
      spool: { records: 3, oldestAgeSeconds: 61 },
    });
    expect(await readinessOf(temporal.client, { spool })).toMatchObject({ ready: true });
  });

  test('not ready, whatever the spool takes, with a namespace that forgets too soon', async () => {
    const holes = (retentionMs: number | undefined) => [`it keeps ${String(retentionMs)} ms`];
    expect(await readinessOf(temporal.client, { spool: spoolWith({}), retentionGaps: holes })).toMatchObject({
      ready: false,
      reason: 'it keeps 86400000 ms',
    });
  });

  test('says what is wrong without stopping anything', async () => {
    const warnings = (): string[] => ['a file cannot be read'];
    expect(await readinessOf(temporal.client, { warnings })).toMatchObject({ warnings: warnings() });
  });
});

describe('namespaceRetentionGaps', () => {
  const command = '`temporal operator namespace update --retention 2d -n sales`';
  test.each([
    ['none with the defaults and the shortest retention of Temporal', {}, DAY, []],
    ['one when the namespace forgets before the window is over', { windowBackSeconds: 100_000 }, DAY, [command]],
    ['none while the retention is not known', { windowBackSeconds: 100_000 }, undefined, []],
    ['one for the window ahead too', { windowBackSeconds: 86_400, windowAheadSeconds: 2 }, DAY, ['']],
  ])('%s', (_what, changes, retentionMs, expected) => {
    const delivery = { ...settings.delivery, ...changes };
    const gaps = namespaceRetentionGaps({ delivery, receiptDays: 90 }, 'sales')(retentionMs);
    expect(gaps).toEqual(expected.map((text) => expect.stringContaining(text) as unknown));
  });
});
