import { Socket } from 'node:net';
import { createBudget, type Budget, type AdmissionSlot } from '../../src/receiver/admission';

let clock = 0;
beforeEach(() => (clock = 0));

const budgetOf = (bounds: { readonly deliveries?: number; readonly bodyBytes?: number }): Budget =>
  createBudget({ deliveries: 10, bodyBytes: 100, ...bounds, now: () => clock });
const connection = (): Socket => new Socket();

function enter(budget: Budget, socket = connection()): AdmissionSlot & { readonly isShed: () => boolean } {
  const place = budget.enter(socket);
  if (place === undefined) throw new Error('no place');
  let isShed = false;
  place.onShed(() => (isShed = true));
  return { ...place, isShed: () => isShed };
}

describe('createBudget', () => {
  test('counts what is held, and nothing of it once it has left', () => {
    const budget = budgetOf({});
    const [first, second] = [enter(budget), enter(budget)];
    expect([first.reserve(10), first.reserve(30), second.reserve(5)]).toEqual([true, true, true]);
    expect(budget.usage()).toEqual({ deliveries: 2, bytes: 35 });
    first.release();
    first.release();
    expect(budget.usage()).toEqual({ deliveries: 1, bytes: 5 });
    second.release();
    expect(budget.usage()).toEqual({ deliveries: 0, bytes: 0 });
  });

  test('one delivery too many sheds the one that has been coming for longest', () => {
    const budget = budgetOf({ deliveries: 2 });
    const [first, second] = [enter(budget), enter(budget)];
    first.reserve(10);
    const third = enter(budget);
    expect([first, second, third].map(({ isShed }) => isShed())).toEqual([true, false, false]);
    expect(budget.usage()).toEqual({ deliveries: 2, bytes: 0 });
    expect(first.reserve(10)).toBe(false);
    first.release();
    expect(budget.usage()).toEqual({ deliveries: 2, bytes: 0 });
  });

  test('a whole delivery is not shed, and when all are whole one more gets no place', () => {
    const budget = budgetOf({ deliveries: 2 });
    const [first, second] = [enter(budget), enter(budget)];
    first.markWhole();
    const third = enter(budget);
    expect([first.isShed(), second.isShed()]).toEqual([false, true]);
    third.markWhole();
    expect(budget.enter(connection())).toBeUndefined();
    first.release();
    expect(budget.enter(connection())).toBeDefined();
  });

  test('one byte too many sheds the slow ones, the oldest first, and no more of them than it takes', () => {
    const budget = budgetOf({});
    const slow = [40, 30, 30].map((bytes) => {
      const place = enter(budget);
      place.reserve(bytes);
      return place;
    });
    clock = 1000;
    const honest = enter(budget);
    expect(honest.reserve(50)).toBe(true);
    expect(slow.map(({ isShed }) => isShed())).toEqual([true, true, false]);
    expect(budget.usage()).toEqual({ deliveries: 2, bytes: 80 });
  });

  test('a young one is not shed for one that holds as much, which is refused', () => {
    const budget = budgetOf({});
    const young = enter(budget);
    young.reserve(60);
    clock = 999;
    const another = enter(budget);
    expect(another.reserve(60)).toBe(false);
    expect(young.isShed()).toBe(false);
    expect(another.reserve(40)).toBe(true);
  });

  test('a young one is shed for one that holds less, the oldest of the larger ones first', () => {
    const budget = budgetOf({});
    const [small, ...large] = [20, 40, 40].map((bytes) => {
      const place = enter(budget);
      place.reserve(bytes);
      return place;
    });
    expect(enter(budget).reserve(20)).toBe(true);
    expect([small, ...large].map((each) => each?.isShed())).toEqual([false, true, false]);
  });

  test('the slowest of all is shed for its own next bytes', () => {
    const budget = budgetOf({});
    const [slowest, other] = [enter(budget), enter(budget)];
    slowest.reserve(50);
    other.reserve(50);
    clock = 1000;
    expect(slowest.reserve(51)).toBe(false);
    expect([slowest.isShed(), other.isShed()]).toEqual([true, false]);
    expect(budget.usage()).toEqual({ deliveries: 1, bytes: 50 });
  });

  test('a connection is busy while any delivery on it has a place', () => {
    const budget = budgetOf({});
    const socket = connection();
    const [first, second] = [enter(budget, socket), enter(budget, socket)];
    expect(budget.isBusy(connection())).toBe(false);
    first.release();
    expect(budget.isBusy(socket)).toBe(true);
    second.release();
    expect(budget.isBusy(socket)).toBe(false);
  });
});
