import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { createAccept, type Accept } from '../../../src/receiver/accept/accept';
import { createCappedLog } from '../../../src/telemetry';
import { createStartSlots } from '../../../src/receiver/accept/start-slots';
import { createReplayGuard } from '../../../src/receiver/accept/replay-guard';
import { asConflict, type VerifiedDelivery } from '../../../src/receiver/verify/delivery';
import { createStarter } from '../../../src/receiver/accept/temporal-starter';
import {
  connectInBackground,
  type BackgroundConnection,
  type Connected,
  searchAttributes,
  TASK_QUEUE,
} from '../../../src/temporal';
import { openNamespace, openTemporalProxy, silentLog, type TcpProxy } from '../../temporal/fixture';
import { authentic, NOW } from '../running';

const EXPIRED =
  '{"event":"certification.expired","data":{"userId":"mt-rita","certName":"Sales Basics","expiredAt":"2026-11-01","renewalDeadline":"2026-12-01"},"companyId":"acme"}';

let temporal: Connected;
let nextId = 0;
beforeAll(async () => {
  temporal = await openNamespace();
});
afterAll(() => temporal.close());

/** One delivery as the receiver hands it on. */
const received = (body: string | Buffer, eventId = `evt-${(nextId += 1)}`): VerifiedDelivery =>
  authentic(body, eventId);

const log = createCappedLog(silentLog, () => NOW);

/** Without a spool: only Temporal acknowledges. */
function acceptBy(
  client: () => Promise<Client>,
  { patienceMs = 5000, startConcurrency = 8 }: { patienceMs?: number; startConcurrency?: number } = {},
): Accept {
  return createAccept({
    starter: createStarter(client),
    spool: undefined,
    isTemporalAway: () => false,
    onSpooled: () => undefined,
    slots: createStartSlots(startConcurrency),
    replayGuard: createReplayGuard(1000),
    startTimeoutMs: 250,
    temporalOnlyTimeoutMs: patienceMs,
    log,
  });
}

const accept: Accept = (each) => acceptBy(() => Promise.resolve(temporal.client))(each);

async function firstEvent(workflowId: string) {
  const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  if (!started) throw new Error('no first event');
  return started;
}

describe('accept', () => {
  test('starts one workflow whose id is the event id, with lane, attributes and summary', async () => {
    expect(await accept(received(EXPIRED, 'evt-a'))).toBe('started');
    const handle = temporal.client.workflow.getHandle('evt-a');
    const { type, taskQueue, priority, typedSearchAttributes, staticSummary } = await handle.describe();
    expect({ type, taskQueue, lane: priority?.priorityKey, summary: await staticSummary() }).toEqual({
      type: 'recertification',
      taskQueue: TASK_QUEUE,
      lane: 2,
      summary: 'Recertification: mt-rita, Sales Basics',
    });
    const { event, userId, phase } = searchAttributes;
    expect([event, userId, phase].map((key) => typedSearchAttributes.get(key))).toEqual([
      'certification.expired',
      'mt-rita',
      'working',
    ]);
  });

  test('says duplicate of an event id whose workflow runs, and of one that is closed', async () => {
    expect(await accept(received(EXPIRED, 'evt-b'))).toBe('started');
    expect(await accept(received(EXPIRED, 'evt-b'))).toBe('duplicate');
    await temporal.client.workflow.getHandle('evt-b').terminate();
    expect(await accept(received(EXPIRED, 'evt-b'))).toBe('duplicate');
  });

  test('of an event id that comes with other bytes, the second is kept as a conflict, once', async () => {
    const other = received(EXPIRED.replace('Sales Basics', 'Sales Advanced'), 'evt-conflict');
    expect(await accept(received(EXPIRED, 'evt-conflict'))).toBe('started');
    expect(await accept(other)).toBe('conflict');
    expect(await accept(other)).toBe('conflict');
    expect(await accept(received(EXPIRED, 'evt-conflict'))).toBe('duplicate');
    const { workflowId } = asConflict(other);
    expect(workflowId).toBe(`conflict:evt-conflict:${other.delivery.bodyDigest.slice(0, 16)}`);
    const { type, staticSummary } = await temporal.client.workflow.getHandle(workflowId).describe();
    expect(type).toBe('quarantine');
    expect(await staticSummary()).toBe('Quarantine: conflict, certification.expired, mt-rita');
    const { input } = await firstEvent(workflowId);
    expect(Buffer.from(input?.payloads?.[1]?.data ?? []).equals(other.rawBody)).toBe(true);
    const delivery = JSON.parse(Buffer.from(input?.payloads?.[0]?.data ?? []).toString()) as object;
    expect(delivery).toMatchObject({ eventId: 'evt-conflict', problem: { kind: 'conflict' } });
  });

  test('takes a signature under the limit of event ids, from the second on in the lowest lane, and no more', async () => {
    const limited = createAccept({
      starter: createStarter(() => Promise.resolve(temporal.client)),
      spool: undefined,
      isTemporalAway: () => false,
      onSpooled: () => undefined,
      slots: createStartSlots(8),
      replayGuard: createReplayGuard(3),
      startTimeoutMs: 250,
      log,
    });
    const outcomes: string[] = [];
    for (const id of ['r-1', 'r-2', 'r-3', 'r-4', 'r-1']) outcomes.push(await limited(received(EXPIRED, id)));
    expect(outcomes).toEqual(['started', 'started', 'started', 'replay-limit', 'duplicate']);
    const { priority } = await temporal.client.workflow.getHandle('r-2').describe();
    expect(priority?.priorityKey).toBe(5);
  });

  test('an event whose workflow was terminated stays a duplicate, and it is said by whose hand', async () => {
    let say: (ended: object) => void;
    const said = new Promise((resolve) => (say = resolve));
    const starter = createStarter(
      () => Promise.resolve(temporal.client),
      (workflowId, ending) => say({ workflowId, ...ending }),
    );
    const leaver = received(EXPIRED, 'evt-terminated');
    expect(await starter.start(leaver, 5000)).toBe('started');
    await temporal.client.workflow.getHandle('evt-terminated').terminate('a mistake');
    expect(await starter.start(leaver, 5000)).toBe('duplicate');
    const { identity } = temporal.client.options;
    expect(await said).toEqual({ workflowId: 'evt-terminated', how: 'terminated', by: identity, reason: 'a mistake' });
  });

  test('of 20 at once with one event id, one starts and 19 are duplicates', async () => {
    const wide = acceptBy(() => Promise.resolve(temporal.client), { startConcurrency: 20 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => wide(received(EXPIRED, 'evt-c'))));
    expect(outcomes.filter((outcome) => outcome === 'started')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(19);
  });

  test('takes 60 at once through 8 turns', async () => {
    const narrow = acceptBy(() => Promise.resolve(temporal.client), { patienceMs: 20_000 });
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => narrow(received(EXPIRED))));
    expect(new Set(outcomes)).toEqual(new Set(['started']));
  });

  test.each([
    ['white space', `\r\n ${EXPIRED.replaceAll(':', ' :\t')} \n`],
    ['numbers that would grow', EXPIRED.replace('"data"', '"n":[1e20,1.0,-0,1E-7,100000000000000000000001],"data"')],
    ['a number beyond all numbers', EXPIRED.replace('"data"', '"n":1e400,"data"')],
    ['escapes and letters', EXPIRED.replace('Sales Basics', '\\u00e9 é 漢 🎓 \\ud83c\\udf93 \\ud800')],
    ['keys twice', EXPIRED.replace('"data"', '"event":"certification.expired","data"')],
    ['a prototype', EXPIRED.replace('"data"', '"__proto__":{"a":1},"data"')],
    ['1 MiB', EXPIRED.replace('"data"', `"pad":"${'x'.repeat(1_048_576 - EXPIRED.length - 9)}","data"`)],
  ])('the body arrives byte for byte: %s', async (_what, body) => {
    const delivery = received(body);
    expect(await accept(delivery)).toBe('started');
    const { input } = await firstEvent(delivery.delivery.eventId);
    expect(Buffer.from(input?.payloads?.[1]?.data ?? []).equals(Buffer.from(body))).toBe(true);
    expect(Buffer.from(input?.payloads?.[1]?.metadata?.['encoding'] ?? []).toString()).toBe('json/plain');
  });

  test('a workflow reads the delivery, and the body as JSON, or as bytes when it is none', async () => {
    const json = received(EXPIRED.replace('Sales Basics', '漢 \\u00e9 🎓'));
    const bytes = received(Buffer.from([0x7b, 0xff, 0x00, 0x0a]));
    const list = received('[1, 2.50, "x"]');
    const own = await openNamespace();
    const worker = await Worker.create({
      connection: own.connection,
      namespace: own.namespace,
      taskQueue: TASK_QUEUE,
      workflowsPath: require.resolve('./echo-workflow'),
    });
    const resultOf = async (each: VerifiedDelivery): Promise<unknown> => {
      await acceptBy(() => Promise.resolve(own.client))(each);
      return own.client.workflow.getHandle(each.delivery.eventId).result();
    };
    const results = await worker.runUntil(Promise.all([json, bytes, list].map(resultOf)));
    await own.close();
    expect(results).toEqual([
      { delivery: json.delivery, body: JSON.parse(json.rawBody.toString()) as unknown },
      { delivery: bytes.delivery, body: [0x7b, 0xff, 0x00, 0x0a], isBytes: true },
      { delivery: list.delivery, body: [1, 2.5, 'x'], isBytes: false },
    ]);
    expect(bytes.delivery.problem?.kind).toBe('not-json');
  });

  test.each([
    ['a learner id of 256 characters', { userId: 'u'.repeat(256) }],
    ['a learner id with a NUL', { userId: 'a\u0000b' }],
    ['a title of 1024 characters', { certName: '漢'.repeat(1024) }],
  ])('%s does not stop the start', async (_what, change) => {
    const envelope = JSON.parse(EXPIRED) as { data: object };
    const body = JSON.stringify({ ...envelope, data: { ...envelope.data, ...change } });
    expect(await accept(received(body))).toBe('started');
  });

  test('a namespace that is not there is unavailable', async () => {
    const elsewhere = new Client({ connection: temporal.connection, namespace: 'nowhere' });
    expect(await acceptBy(() => Promise.resolve(elsewhere))(received(EXPIRED))).toBe('unavailable');
  });
});

describe('accept, while Temporal is away', () => {
  let proxy: TcpProxy;
  let background: BackgroundConnection;
  const open = async (state?: 'cut'): Promise<void> => {
    proxy = await openTemporalProxy(state);
    const env = { TEMPORAL_ADDRESS: proxy.address, TEMPORAL_NAMESPACE: temporal.namespace };
    background = connectInBackground({ log: silentLog, env });
  };
  afterEach(async () => {
    await background.close();
    await proxy.close();
  });
  const timed = async (promise: Promise<string>): Promise<{ outcome: string; ms: number }> => {
    const begun = performance.now();
    return { outcome: await promise, ms: performance.now() - begun };
  };

  test('never reached: unavailable within the time limit, and started once it is there', async () => {
    await open('cut');
    const impatient = acceptBy(() => background.connected, { patienceMs: 100 });
    const { outcome, ms } = await timed(impatient(received(EXPIRED)));
    expect(outcome).toBe('unavailable');
    expect(ms).toBeLessThan(1000);
    expect(background.client()).toBeUndefined();
    const waiting = acceptBy(() => background.connected)(received(EXPIRED));
    await proxy.set('open');
    expect(await waiting).toBe('started');
  });

  test.each(['silent', 'cut'] as const)('%s: unavailable within the time limit, then as before', async (state) => {
    await open();
    const client = await background.connected;
    const patient = acceptBy(() => background.connected, { patienceMs: 20_000 });
    const impatient = acceptBy(() => background.connected, { patienceMs: 300, startConcurrency: 1 });
    expect(await patient(received(EXPIRED))).toBe('started');
    await proxy.set(state);
    const all = await Promise.all([1, 2, 3].map(() => timed(impatient(received(EXPIRED)))));
    for (const { outcome, ms } of all) {
      expect(outcome).toBe('unavailable');
      expect(ms).toBeLessThan(1500);
    }
    await proxy.set('open');
    expect(await patient(received(EXPIRED))).toBe('started');
    expect(background.client()).toBe(client);
  });

  test('a delivery answered 503 whose start happened is a duplicate when it comes again', async () => {
    await open();
    await background.connected;
    const again = received(EXPIRED);
    const late = acceptBy(
      async () => {
        await accept(again);
        return new Promise<Client>(() => undefined);
      },
      { patienceMs: 1000 },
    );
    expect(await late(again)).toBe('unavailable');
    expect(await accept(again)).toBe('duplicate');
  });
});
