import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCappedLog } from '../../../src/telemetry';
import { createDrain, type Drain } from '../../../src/receiver/spool/drain';
import { createStartSlots, type StartSlots } from '../../../src/receiver/accept/start-slots';
import { LANES, type Lane } from '../../../src/events';
import { openSpool, type Spool } from '../../../src/receiver/spool';
import { verifiedDelivery, type VerifiedDelivery } from '../../../src/receiver/verify/delivery';
import type { Started } from '../../../src/receiver/accept/temporal-starter';
import { parseBody } from '../../../src/receiver/verify/parse';
import { silentLog } from '../../temporal/fixture';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const EVENTS: Readonly<Record<1 | 2 | 3 | 5, string>> = {
  1: '{"event":"user.deprovisioned","data":{"userId":"u","email":"u@example.com","reason":"left","deprovisionedAt":"2026-11-01T00:00:00Z"},"companyId":"acme"}',
  2: '{"event":"user.provisioned","data":{"userId":"u","email":"u@example.com","role":"rep","teamId":"t","provisionedBy":"hr"},"companyId":"acme"}',
  3: '{"event":"anything","data":{},"companyId":"acme"}',
  5: '{"event":"module.progress","data":{"userId":"u","moduleName":"m","moduleId":"m","progressPct":1,"timeSpentSec":1},"companyId":"acme"}',
};
const WRONG = Object.assign(new Error('x'), { code: 3, details: 'x', metadata: {} });
const AWAY = Object.assign(new Error('x'), { code: 14, details: 'x', metadata: {} });

const log = createCappedLog(silentLog, () => NOW);
let dir: string;
let spool: Spool;
let drain: Drain | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
  spool = await openSpool({ dir, maxBytes: 64 * 1024 * 1024, now: () => NOW, log });
});
afterEach(async () => {
  await drain?.stop();
  drain = undefined;
  await spool.close();
  await rm(dir, { recursive: true, force: true });
});

function received(eventId: string, lane: keyof typeof EVENTS = 3, companyId = 'acme'): VerifiedDelivery {
  const rawBody = Buffer.from(EVENTS[lane].replace('acme', companyId));
  const contents = parseBody(rawBody, { companyId }, NOW);
  if (contents.kind === 'foreign') throw new Error('not ours');
  const at = new Date(NOW).toISOString();
  const delivery = {
    eventId,
    event: contents.event,
    signedAt: at,
    receivedAt: at,
    signatureDigest: 's',
    bodyDigest: 'b',
  };
  return verifiedDelivery(delivery, contents, rawBody);
}

type Start = (received: VerifiedDelivery) => Promise<Started>;

/** Started ids in order; `start` decides what becomes of each. */
function drainWith(start: Start = () => Promise.resolve('started'), line: StartSlots = createStartSlots(1)): string[] {
  const started: string[] = [];
  const starter = {
    start: async (each: VerifiedDelivery): Promise<Started> => {
      const outcome = await start(each);
      started.push(each.workflowId);
      return outcome;
    },
  };
  drain = createDrain({ spool, starter, slots: line, reading: { companyId: 'acme' }, log, now: () => 0 });
  return started;
}

const untilEmpty = async (): Promise<void> => {
  drain?.wake();
  while (!spool.isEmpty()) await new Promise(setImmediate);
};

describe('createDrain', () => {
  test('goes by lane and then by age, except that one start in sixteen is for the lowest lane', async () => {
    const lanes: readonly (keyof typeof EVENTS)[] = [5, 3, 2, 1];
    for (const lane of lanes) for (let n = 0; n < 10; n += 1) await spool.put(received(`${lane}-${n}`, lane));
    const started = drainWith();
    await untilEmpty();
    const expected = [1, 2, 3].flatMap((lane) => Array.from({ length: 10 }, (_, n) => `${lane}-${n}`));
    expected.splice(15, 0, '5-0');
    expect(started.slice(0, 31)).toEqual(expected);
    expect(started).toHaveLength(40);
  });

  test('hands on what is read of the body, by the zone of the policy, and keeps none of it beside the body', async () => {
    const rawBody = Buffer.from(EVENTS[1].replace('T00:00:00Z', ''));
    await spool.put({ ...received('evt-1', 1), rawBody });
    const seen: unknown[] = [];
    const starter = {
      start: (each: VerifiedDelivery): Promise<Started> => {
        seen.push(each.delivery);
        return Promise.resolve('started');
      },
    };
    const reading = { companyId: 'acme', timeZone: 'America/Los_Angeles' };
    drain = createDrain({ spool, starter, slots: createStartSlots(1), reading, log });
    expect(spool.oldest(1, 1, () => false)[0]?.delivery).not.toHaveProperty('data');
    await untilEmpty();
    expect(seen).toMatchObject([{ eventId: 'evt-1', data: { userId: 'u', deprovisionedAt: '2026-11-02T07:59:59Z' } }]);
  });

  test('has as many under way at once as there are slots, each once', async () => {
    for (let n = 0; n < 30; n += 1) await spool.put(received(`evt-${n}`));
    let inside = 0;
    let most = 0;
    const started = drainWith(async () => {
      most = Math.max(most, (inside += 1));
      await new Promise(setImmediate);
      inside -= 1;
      return 'started';
    }, createStartSlots(4));
    await untilEmpty();
    expect(most).toBe(4);
    expect(new Set(started).size).toBe(30);
    expect(started).toHaveLength(30);
  });

  test('backs off as a whole while Temporal accepts nothing, and one start finds out when it does', async () => {
    for (let n = 0; n < 20; n += 1) await spool.put(received(`evt-${n}`));
    let isAway = true;
    let tries = 0;
    const started = drainWith(() => {
      tries += 1;
      return isAway ? Promise.reject(AWAY) : Promise.resolve('started');
    }, createStartSlots(8));
    await drain?.settled();
    expect(drain?.isBackedOff()).toBe(true);
    expect(tries).toBeLessThanOrEqual(8);
    expect(spool.status().records).toBe(20);
    isAway = false;
    await untilEmpty();
    expect(started).toHaveLength(20);
    expect(drain?.isBackedOff()).toBe(false);
  });

  test('makes a record that Temporal calls invalid three times a dead letter, and starts the others', async () => {
    for (const id of ['a', 'wrong', 'b', 'c']) await spool.put(received(id));
    let tries = 0;
    const started = drainWith(({ workflowId }) => {
      if (workflowId !== 'wrong') return Promise.resolve('started');
      tries += 1;
      return Promise.reject(WRONG);
    });
    await untilEmpty();
    expect(tries).toBe(3);
    expect(new Set(started)).toEqual(new Set(['a', 'b', 'c']));
    expect(spool.deadLetters(5)).toMatchObject([
      { workflowId: 'wrong', reason: 'Temporal refuses its start: gRPC 3: x' },
    ]);
  });

  test('makes no dead letters when every record is called invalid: a forgotten search attribute', async () => {
    for (let n = 0; n < 6; n += 1) await spool.put(received(`evt-${n}`));
    let isForgotten = true;
    let tries = 0;
    const tried = new Promise<void>((enough) => {
      drainWith(() => {
        tries += 1;
        if (tries > 6) isForgotten = false;
        if (tries > 6) enough();
        return isForgotten ? Promise.reject(WRONG) : Promise.resolve('started');
      }, createStartSlots(4));
    });
    drain?.wake();
    await tried;
    await untilEmpty();
    expect(spool.status()).toMatchObject({ records: 0, deadLetters: 0 });
  });

  test('makes a record of another company a dead letter: the settings were changed', async () => {
    await spool.put(received('theirs', 3, 'globex'));
    await spool.put(received('ours'));
    const started = drainWith();
    await untilEmpty();
    expect(started).toEqual(['ours']);
    expect(spool.deadLetters(5)).toMatchObject([{ workflowId: 'theirs' }]);
  });

  test.each(['duplicate', 'conflict'] as const)('a record that Temporal has (%s) is removed', async (outcome) => {
    await spool.put(received('known'));
    drainWith(() => Promise.resolve(outcome));
    await untilEmpty();
    expect(spool.isEmpty()).toBe(true);
  });

  test('parses a record again, with its lane and id as stored', async () => {
    await spool.put({ ...received('replay', 1), lane: 5 });
    let seen: VerifiedDelivery | undefined;
    drainWith((each) => {
      seen = each;
      return Promise.resolve('started');
    });
    await untilEmpty();
    expect(seen).toMatchObject({ workflowId: 'replay', lane: 5, contents: { event: 'user.deprovisioned' } });
  });

  test('begins when a record comes, and when a slot is free', async () => {
    const line = createStartSlots(1);
    const started = drainWith(undefined, line);
    const leave = line.tryTake(3);
    await spool.put(received('a'));
    drain?.wake();
    expect(started).toEqual([]);
    leave?.();
    await untilEmpty();
    expect(started).toEqual(['a']);
  });

  test('steps back while more comes than Temporal takes, except for lane 1', async () => {
    for (let n = 0; n < 20; n += 1) await spool.put(received(`progress-${n}`, 5));
    let now = 0;
    const started: string[] = [];
    const starter = {
      start: (each: VerifiedDelivery): Promise<Started> => {
        started.push(each.workflowId);
        return Promise.resolve('started');
      },
    };
    const settled = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    };
    const line = createStartSlots(8);
    const leave = Array.from({ length: 8 }, () => line.tryTake(5));
    drain = createDrain({ spool, starter, slots: line, reading: { companyId: 'acme' }, log, now: () => now });
    for (let n = 0; n < 200; n += 1) drain.wake();
    now = 150;
    drain.wake();
    for (const release of leave) release?.();
    await settled();
    expect(started).toEqual(['progress-0']);
    await spool.put(received('leaver', 1));
    drain.wake();
    await settled();
    expect(started).toEqual(['progress-0', 'leaver']);
    // No more came, and the leaver has had its time.
    for (now of [400, 4000]) drain.wake();
    await untilEmpty();
    expect(started).toHaveLength(21);
  });

  test('stops: waits for what is under way, and begins nothing more', async () => {
    for (const id of ['a', 'b']) await spool.put(received(id));
    let finish: () => void = () => undefined;
    const started = drainWith(() => new Promise((resolve) => (finish = () => resolve('started'))));
    drain?.wake();
    const stopped = drain?.stop();
    finish();
    await stopped;
    expect(started).toEqual(['a']);
    expect(LANES.flatMap((lane: Lane) => spool.oldest(lane, 9, () => false)).map((each) => each.workflowId)).toEqual([
      'b',
    ]);
  });
});
