import { createLine, type Leave } from '../../../src/receiver/accept/start-slots';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function admitted(turn: Promise<Leave | 'late'>): Promise<Leave> {
  const leave = await turn;
  if (leave === 'late') throw new Error('late');
  return leave;
}

describe('createLine', () => {
  test('lets so many in at once, and the next when one leaves', async () => {
    const line = createLine(2);
    const first = await admitted(line.enter(3, 1000));
    await admitted(line.enter(3, 1000));
    const order: string[] = [];
    const third = line.enter(3, 1000).then(() => order.push('third'));
    order.push('first leaves');
    first();
    await third;
    expect(order).toEqual(['first leaves', 'third']);
  });

  test('lets lower lanes go first, and keeps the order within a lane', async () => {
    const line = createLine(1);
    let leave = await admitted(line.enter(3, 1000));
    const order: string[] = [];
    const turns = [
      [5, 'tick 1'],
      [3, 'course 1'],
      [1, 'leaver'],
      [5, 'tick 2'],
      [3, 'course 2'],
    ] as const;
    const all = turns.map(async ([lane, name]) => {
      leave = await admitted(line.enter(lane, 1000));
      order.push(name);
      leave();
    });
    leave();
    await Promise.all(all);
    expect(order).toEqual(['leaver', 'course 1', 'course 2', 'tick 1', 'tick 2']);
  });

  test('lets lane 1 in beyond the width, but not without end', async () => {
    const line = createLine(1);
    await admitted(line.enter(5, 1000));
    expect(line.tryEnter(2)).toBeUndefined();
    expect([line.tryEnter(1), line.tryEnter(1)]).toEqual([expect.any(Function), expect.any(Function)]);
    expect(line.tryEnter(1)).toBeUndefined();
    expect(line.inside()).toBe(3);
  });

  test('says so when a place is free and nobody waits for it', async () => {
    const line = createLine(1);
    const freed = jest.fn();
    line.onFree(freed);
    const first = await admitted(line.enter(3, 1000));
    const second = line.enter(3, 1000);
    first();
    expect(freed).not.toHaveBeenCalled();
    (await admitted(second))();
    expect(freed).toHaveBeenCalledTimes(1);
  });

  test('says late to whom the time runs out, and does not call them any more', async () => {
    const line = createLine(1);
    const leave = await admitted(line.enter(3, 1000));
    const impatient = line.enter(2, 10);
    const patient = line.enter(5, 1000);
    jest.advanceTimersByTime(10);
    expect(await impatient).toBe('late');
    leave();
    await admitted(patient);
  });

  test('counts a turn that is ended twice once', async () => {
    const line = createLine(1);
    const leave = await admitted(line.enter(3, 1000));
    leave();
    leave();
    await admitted(line.enter(3, 1000));
    const next = line.enter(3, 10);
    jest.advanceTimersByTime(10);
    expect(await next).toBe('late');
  });
});
