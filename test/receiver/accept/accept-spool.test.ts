import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccept, type Accept } from '../../../src/receiver/accept/accept';
import { createCappedLog } from '../../../src/telemetry';
import { createDrain, type Drain } from '../../../src/receiver/spool/drain';
import { createStartSlots } from '../../../src/receiver/accept/start-slots';
import { createReplayGuard } from '../../../src/receiver/accept/replay-guard';
import { openSpool, type Spool } from '../../../src/receiver/spool';
import { asConflict, type VerifiedDelivery } from '../../../src/receiver/verify/delivery';
import { createStarter } from '../../../src/receiver/accept/temporal-starter';
import { connectInBackground, type BackgroundConnection, type Connected } from '../../../src/temporal';
import { openNamespace, openTemporalProxy, silentLog, type TcpProxy } from '../../temporal/fixture';
import { authentic, NOW } from '../running';

const LEAVER =
  '{"event":"user.deprovisioned","data":{"userId":"u","email":"u@example.com","reason":"left","deprovisionedAt":"2026-11-01T00:00:00Z"},"companyId":"acme"}';
const PROGRESS =
  '{"event":"module.progress","data":{"userId":"u","moduleName":"m","moduleId":"m","progressPct":1,"timeSpentSec":1},"companyId":"acme"}';

const log = createCappedLog(silentLog, () => NOW);
let temporal: Connected;
let proxy: TcpProxy;
let background: BackgroundConnection;
let dir: string;
let spool: Spool;
let drain: Drain;
let accept: Accept;

beforeAll(async () => {
  temporal = await openNamespace();
});
afterAll(() => temporal.close());
beforeEach(async () => {
  proxy = await openTemporalProxy();
  const env = { TEMPORAL_ADDRESS: proxy.address, TEMPORAL_NAMESPACE: temporal.namespace };
  background = connectInBackground({ log: silentLog, env });
  await background.connected;
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
  await begin();
});
afterEach(async () => {
  await end();
  await background.close();
  await proxy.close();
  await rm(dir, { recursive: true, force: true });
});

async function begin(maxBytes = 64 * 1024 * 1024): Promise<void> {
  spool = await openSpool({ dir, maxBytes, now: () => NOW, log });
  const line = createStartSlots(8);
  const starter = createStarter(() => background.connected);
  drain = createDrain({ spool, starter, slots: line, reading: { companyId: 'acme' }, log });
  accept = createAccept({
    starter,
    spool,
    isTemporalAway: drain.isBackedOff,
    onSpooled: drain.wake,
    slots: line,
    replayGuard: createReplayGuard(128),
    // Longer than a start takes on a busy machine.
    startTimeoutMs: 2000,
    log,
  });
}

async function end(): Promise<void> {
  await drain.stop();
  await spool.close();
}

let nextId = 0;
const received = (body: string | Buffer, eventId = `spooled-${(nextId += 1)}`): VerifiedDelivery =>
  authentic(body, eventId);

const leaver = (reason: string, eventId?: string): VerifiedDelivery =>
  received(LEAVER.replace('left', reason), eventId);
const untilEmpty = async (): Promise<void> => {
  while (!spool.isEmpty()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const typeOf = async (workflowId: string): Promise<string> =>
  (await temporal.client.workflow.getHandle(workflowId).describe()).type;

describe('accept, with a spool', () => {
  test('goes straight to Temporal while the spool is empty', async () => {
    expect(await accept(leaver('straight', 'straight-1'))).toBe('started');
    expect(spool.status().records).toBe(0);
  });

  test.each(['silent', 'cut'] as const)(
    'takes everything while Temporal is %s; all of it is started after',
    async (state) => {
      await proxy.set(state);
      const all = Array.from({ length: 30 }, (_, n) => leaver(`${state} ${n}`));
      const outcomes = await Promise.all(all.map((each) => accept(each)));
      expect(new Set(outcomes)).toEqual(new Set(['spooled']));
      expect(spool.status().records).toBe(30);
      await proxy.set('open');
      await untilEmpty();
      for (const { workflowId } of all) expect(await typeOf(workflowId)).toBe('offboarding');
    },
  );

  test('what was spooled outlives the process', async () => {
    await proxy.set('cut');
    const one = leaver('outlives');
    expect(await accept(one)).toBe('spooled');
    await end();
    await proxy.set('open');
    await begin();
    drain.wake();
    await untilEmpty();
    expect(await typeOf(one.workflowId)).toBe('offboarding');
  });

  test('an id that the spool holds is a duplicate; with other bytes a conflict, and both are started', async () => {
    await proxy.set('cut');
    const genuine = leaver('genuine');
    const forged = leaver('forged', genuine.delivery.eventId);
    const outcomes = [await accept(genuine), await accept(genuine), await accept(forged), await accept(forged)];
    expect(outcomes).toEqual(['spooled', 'duplicate', 'conflict', 'conflict']);
    await proxy.set('open');
    await untilEmpty();
    expect(await typeOf(genuine.workflowId)).toBe('offboarding');
    expect(await typeOf(asConflict(forged).workflowId)).toBe('quarantine');
    expect(await accept(forged)).toBe('conflict');
  });

  test('a spooled one whose id Temporal has with other bytes is kept as a conflict', async () => {
    const first = leaver('first');
    expect(await accept(first)).toBe('started');
    await proxy.set('silent');
    const second = leaver('second', first.delivery.eventId);
    expect(await accept(second)).toBe('spooled');
    await proxy.set('open');
    await untilEmpty();
    expect(await typeOf(asConflict(second).workflowId)).toBe('quarantine');
  });

  test('joins the spool while it is not empty, though Temporal takes everything', async () => {
    await spool.put(received(PROGRESS));
    expect(await accept(leaver('joins'))).toBe('spooled');
    await untilEmpty();
    expect(await accept(leaver('straight again'))).toBe('started');
  });

  test('is unavailable when the spool is full too, and takes again once it is drained', async () => {
    await end();
    await begin(65_536);
    await proxy.set('cut');
    const outcomes: string[] = [];
    while (outcomes.at(-1) !== 'unavailable')
      outcomes.push(await accept(leaver(`${outcomes.length}${'x'.repeat(2000)}`)));
    expect(outcomes.length).toBeGreaterThan(20);
    await proxy.set('open');
    await untilEmpty();
    expect(await accept(leaver('after'))).toBe('started');
  });
});
