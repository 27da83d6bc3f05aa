import { ScheduleNotFoundError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { examine, taskQueueChecks, temporalChecks, type ConnectedTemporal, type Finding } from '../../src/doctor';
import { DAY, HOUR } from '../../src/domain';

const NOW = Date.parse('2026-11-28T10:00:00Z');

const ATTRIBUTES = {
  MindtickleEvent: 2,
  MindtickleUserId: 2,
  MindticklePhase: 2,
  MindtickleDeadline: 6,
  MindtickleNeeds: 2,
  MindtickleCause: 2,
};
const poller = { lastAccessTime: msToTs(NOW - 1000), workerVersionCapabilities: { buildId: '1.0+code' } };

interface Server {
  readonly retentionMs: number;
  readonly attributes: Record<string, number>;
  readonly schedule: () => Promise<unknown>;
  readonly queue: (name: string) => unknown;
  readonly refuse: number | undefined;
}

const healthy: Server = {
  retentionMs: 8 * DAY,
  attributes: ATTRIBUTES,
  schedule: () => Promise.resolve({ state: { paused: false } }),
  queue: () => ({ pollers: [poller] }),
  refuse: undefined,
};

function serving(changes: Partial<Server>): () => Promise<ConnectedTemporal> {
  const { retentionMs, attributes, schedule, queue, refuse } = { ...healthy, ...changes };
  const answer = <T>(value: T): Promise<T> =>
    refuse === undefined ? Promise.resolve(value) : Promise.reject(Object.assign(new Error('no'), { code: refuse }));
  const workflowService = {
    describeNamespace: () => answer({ config: { workflowExecutionRetentionTtl: msToTs(retentionMs) } }),
    describeTaskQueue: ({ taskQueue }: { taskQueue: { name: string } }) => answer(queue(taskQueue.name)),
  };
  const client = {
    options: { namespace: 'acme' },
    workflowService,
    schedule: { getHandle: () => ({ describe: schedule }) },
    withDeadline: (_at: number, call: () => Promise<unknown>) => call(),
  };
  const connection = {
    workflowService,
    operatorService: { listSearchAttributes: () => answer({ customAttributes: attributes }) },
  };
  return () => Promise.resolve({ client, connection, namespace: 'acme' } as unknown as ConnectedTemporal);
}

const memory = { windowBackMs: 8 * HOUR, windowAheadMs: 300_000, receiptDays: 90 };

async function said(connect: () => Promise<ConnectedTemporal>, limitMs = 1000): Promise<string[]> {
  const labelOf = (system: string): string => (system === 'identity' ? 'Okta' : system);
  const found = await examine(
    [
      ...temporalChecks({ connect, companyId: 'acme', memory }),
      ...taskQueueChecks({ connect, systems: ['identity'], labelOf, build: '1.0+code', now: () => NOW }),
    ],
    limitMs,
  );
  return found.map(({ status, name, detail, fix }: Finding) => `${status} ${name}: ${detail} ${fix ?? ''}`.trim());
}

async function faults(changes: Partial<Server>): Promise<string[]> {
  return (await said(serving(changes))).filter((line) => !line.startsWith('ok '));
}

describe('Temporal', () => {
  test('that has all we need is ok in each line', async () => {
    expect(await said(serving({}))).toEqual([
      'ok Temporal: It answers.',
      'ok Namespace: acme keeps closed workflows for 8 days.',
      'ok Search attributes: All are registered.',
      'ok Housekeeping: It is scheduled every quarter of an hour.',
      'ok Worker: mindtickle is polled by 1 worker of build 1.0+code.',
      'ok Worker for Okta: mindtickle-identity is polled by 1 worker of build 1.0+code.',
    ]);
  });

  test('that cannot be reached is one line, with the setting', async () => {
    const away = () => Promise.reject(new Error('Temporal at t:7233 cannot be reached (TEMPORAL_ADDRESS): refused'));
    expect(await said(away)).toEqual([
      'fail Temporal: Temporal at t:7233 cannot be reached (TEMPORAL_ADDRESS): refused. ' +
        'Start Temporal, or correct TEMPORAL_ADDRESS (and TEMPORAL_API_KEY, TEMPORAL_TLS… where it wants them).',
    ]);
  });

  test('without the namespace says how it is made', async () => {
    expect((await faults({ refuse: 5 }))[0]).toBe(
      'fail Namespace: Temporal has no namespace acme. Run `mt setup`, which makes it, or correct TEMPORAL_NAMESPACE.',
    );
  });

  test('that refuses our key names it', async () => {
    expect((await faults({ refuse: 7 }))[0]).toContain('Give the key of TEMPORAL_API_KEY, or the certificate, rights');
  });

  test('that forgets an event before its last retry names the retention that is enough', async () => {
    expect(await faults({ retentionMs: HOUR })).toEqual([
      expect.stringMatching(
        /^fail Namespace: The namespace's retention \(1 h\) is shorter .*--retention 1d -n acme`.* Or run `mt setup`/,
      ),
    ]);
  });

  test('with a retention that is only short warns', async () => {
    expect(await faults({ retentionMs: 3 * DAY })).toEqual([
      'warn Namespace: acme keeps closed workflows for 3 days; 8 are advised. ' +
        'Run `temporal operator namespace update --retention 8d -n acme`.',
    ]);
  });

  test('without a search attribute names it', async () => {
    const attributes = Object.fromEntries(Object.entries(ATTRIBUTES).filter(([name]) => name !== 'MindtickleCause'));
    expect(await faults({ attributes })).toEqual([
      'fail Search attributes: Missing: MindtickleCause. Temporal refuses to start a workflow with them. Run `mt setup`.',
    ]);
  });

  test('with a search attribute of another type says how it is replaced', async () => {
    expect(await faults({ attributes: { ...ATTRIBUTES, MindtickleDeadline: 2 } })).toEqual([
      'fail Search attributes: MindtickleDeadline is of another type. ' +
        'Run `temporal operator search-attribute remove --name MindtickleDeadline -n acme`, then `mt setup`.',
    ]);
  });

  test('without the Schedule says what does not happen', async () => {
    const schedule = () => Promise.reject(new ScheduleNotFoundError('none', 'housekeeping:acme'));
    expect(await faults({ schedule })).toEqual([
      'fail Housekeeping: There is no Schedule housekeeping:acme: the ledger forgets nothing, and no digest is sent. ' +
        'Run `mt setup`.',
    ]);
  });

  test('with a paused Schedule says who has paused it', async () => {
    const schedule = () => Promise.resolve({ state: { paused: true, note: 'moving the database' } });
    expect((await faults({ schedule }))[0]).toMatch(
      /^warn Housekeeping: Its Schedule is paused \(moving the database\)\. When that is over: `temporal schedule toggle/,
    );
  });
});

describe('a worker', () => {
  test('that nobody has started is named for each task queue', async () => {
    expect(await faults({ queue: () => ({ pollers: [] }) })).toEqual([
      'fail Worker: No worker has polled mindtickle for 5 minutes. ' +
        'Start `mt worker`; if it runs, see its log: it needs the settings of this system.',
      'fail Worker for Okta: No worker has polled mindtickle-identity for 5 minutes. ' +
        'Start `mt worker`; if it runs, see its log: it needs the settings of this system.',
    ]);
  });

  test('that has stopped is named with the time', async () => {
    const queue = () => ({ pollers: [{ ...poller, lastAccessTime: msToTs(NOW - 200_000) }] });
    expect((await faults({ queue }))[1]).toContain(
      'fail Worker for Okta: No worker polls mindtickle-identity since 2026-11-28T09:56:40Z.',
    );
  });

  test('of another build is named with both', async () => {
    const queue = () => ({ pollers: [{ ...poller, workerVersionCapabilities: { buildId: '0.9+older' } }] });
    expect((await faults({ queue }))[0]).toBe(
      'warn Worker: mindtickle is polled by build 0.9+older, and this program is 1.0+code. ' +
        'Restart the workers on this version, unless an upgrade is under way.',
    );
  });

  test('whose calls are held is named with the reason', async () => {
    const held = { queueRateLimit: { rateLimit: { requestsPerSecond: 0 }, metadata: { reason: 'Okta is moved' } } };
    const queue = (name: string) => ({ pollers: [poller], ...(name !== 'mindtickle' && { config: held }) });
    expect(await faults({ queue })).toEqual([
      'warn Worker for Okta: All calls are held: Okta is moved. ' +
        'When that is over: `mt connectors release identity --reason "…"`.',
    ]);
  });
});

describe('examine', () => {
  const hang = () => new Promise<never>(() => undefined);

  test('ends within its limit whatever hangs, and says of what', async () => {
    const ended = performance.now();
    const found = await examine(
      [
        { name: 'Quick', whenLate: '', run: () => Promise.resolve([]) },
        { name: 'Disk', whenLate: 'Use another disk.', run: hang },
        ...temporalChecks({ connect: hang, companyId: 'acme', memory }),
      ],
      20,
    );
    expect(performance.now() - ended).toBeLessThan(1000);
    expect(found.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
      'Disk: No answer within 0.02 s.',
      'Temporal: No answer within 0.02 s.',
      'Namespace: No answer within 0.02 s.',
      'Search attributes: No answer within 0.02 s.',
      'Housekeeping: No answer within 0.02 s.',
    ]);
    expect(found[0]?.fix).toBe('Use another disk.');
  });

  test('shows nothing of an error that it does not know', async () => {
    const run = () => Promise.reject(new TypeError('the password is hunter2'));
    await expect(examine([{ name: 'Odd', whenLate: 'See the log.', run }])).resolves.toEqual([
      { name: 'Odd', status: 'fail', detail: 'It could not be checked (TypeError).', fix: 'See the log.' },
    ]);
  });
});
