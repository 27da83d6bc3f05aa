import { createStartSlots, type ReleaseSlot } from '../../../src/receiver/accept/start-slots';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function admitted(slot: Promise<ReleaseSlot | 'timeout'>): Promise<ReleaseSlot> {
  const release = await slot;
  if (release === 'timeout') throw new Error('no slot in time');
  return release;
}

describe('createStartSlots', () => {
  test('gives so many slots at once, and the next one when one is released', async () => {
    const slots = createStartSlots(2);
    const first = await admitted(slots.take(3, 1000));
    await admitted(slots.take(3, 1000));
    const order: string[] = [];
    const third = slots.take(3, 1000).then(() => order.push('third'));
    order.push('first released');
    first();
    await third;
    expect(order).toEqual(['first released', 'third']);
  });

  test('lets lower lanes go first, and keeps the order within a lane', async () => {
    const slots = createStartSlots(1);
    let release = await admitted(slots.take(3, 1000));
    const order: string[] = [];
    const turns = [
      [5, 'tick 1'],
      [3, 'course 1'],
      [1, 'leaver'],
      [5, 'tick 2'],
      [3, 'course 2'],
    ] as const;
    const all = turns.map(async ([lane, name]) => {
      release = await admitted(slots.take(lane, 1000));
      order.push(name);
      release();
    });
    release();
    await Promise.all(all);
    expect(order).toEqual(['leaver', 'course 1', 'course 2', 'tick 1', 'tick 2']);
  });

  test('gives lane 1 slots beyond the limit, but only a few', async () => {
    const slots = createStartSlots(1);
    await admitted(slots.take(5, 1000));
    expect(slots.tryTake(2)).toBeUndefined();
    expect([slots.tryTake(1), slots.tryTake(1)]).toEqual([expect.any(Function), expect.any(Function)]);
    expect(slots.tryTake(1)).toBeUndefined();
    expect(slots.inUse()).toBe(3);
  });

  test('reports a free slot when nobody waits for it', async () => {
    const slots = createStartSlots(1);
    const freed = jest.fn();
    slots.onFree(freed);
    const first = await admitted(slots.take(3, 1000));
    const second = slots.take(3, 1000);
    first();
    expect(freed).not.toHaveBeenCalled();
    (await admitted(second))();
    expect(freed).toHaveBeenCalledTimes(1);
  });

  test('answers timeout when the time is over, and gives that waiter no slot later', async () => {
    const slots = createStartSlots(1);
    const release = await admitted(slots.take(3, 1000));
    const impatient = slots.take(2, 10);
    const patient = slots.take(5, 1000);
    jest.advanceTimersByTime(10);
    expect(await impatient).toBe('timeout');
    release();
    await admitted(patient);
  });

  test('counts a slot that is released twice once', async () => {
    const slots = createStartSlots(1);
    const release = await admitted(slots.take(3, 1000));
    release();
    release();
    await admitted(slots.take(3, 1000));
    const next = slots.take(3, 10);
    jest.advanceTimersByTime(10);
    expect(await next).toBe('timeout');
  });
});
