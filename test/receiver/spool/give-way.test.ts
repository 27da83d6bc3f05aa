import { NO_BURST, observe, startInterval, type Burst } from '../../../src/receiver/spool/give-way';

const WINDOW_MS = 100;

interface Second {
  /** Starts that Temporal took in it. */
  readonly taken: number;
  readonly burst: Burst;
  readonly waiting: number;
}

/** Second by second, a Temporal that takes `takesPerSecond` at most, while so many come in each of the seconds. */
function simulate(
  arrivals: readonly number[],
  takesPerSecond: number,
  isLeaver: (second: number) => boolean = () => false,
): readonly Second[] {
  let burst = NO_BURST;
  let waiting = 0;
  let credit = 0;
  return arrivals.map((perSecond, second) => {
    let sum = 0;
    for (let ms = 0; ms < 1000; ms += WINDOW_MS) {
      const arrived = (perSecond * WINDOW_MS) / 1000;
      const interval = startInterval(burst);
      credit += Math.min(takesPerSecond, interval === 0 ? Infinity : 1000 / interval) * (WINDOW_MS / 1000);
      const taken = Math.min(Math.floor(credit), Math.floor(waiting + arrived));
      credit = Math.min(credit - taken, 1);
      waiting += arrived - taken;
      sum += taken;
      burst = observe(burst, { ms: WINDOW_MS, arrived, taken, urgent: ms === 0 && isLeaver(second) });
    }
    return { taken: sum, burst, waiting };
  });
}

const seconds = (count: number, perSecond: number): number[] => Array.from({ length: count }, () => perSecond);

describe('the drain gives way', () => {
  test('to a burst: for its first seconds a few starts a second remain, and all of them when it is over', () => {
    const [first, ...rest] = simulate([...seconds(5, 4000), ...seconds(3, 0)], 200);
    expect(first?.taken).toBeLessThan(30);
    expect(rest.slice(0, 4).map(({ taken }) => taken)).toEqual([4, 4, 4, 4]);
    expect(rest[4]?.taken).toBeGreaterThan(170);
    expect(rest[5]?.taken).toBe(200);
  });

  test('to a burst without an end for ten seconds; then its share doubles, until it has all of it', () => {
    const shares = simulate(seconds(30, 4000), 200).map(({ taken }) => taken);
    expect(Math.max(...shares.slice(1, 10))).toBeLessThan(10);
    expect(shares.slice(10, 20)).toEqual([...shares.slice(10, 20)].sort((a, b) => a - b));
    expect(shares.slice(20)).toEqual(seconds(10, 200));
  });

  test('for half of the time at most where bursts come again and again', () => {
    const pattern = Array.from({ length: 20 }, () => [...seconds(4, 4000), ...seconds(1, 0)]).flat();
    const late = simulate(pattern, 200).slice(40);
    const share = late.reduce((sum, { taken }) => sum + taken, 0) / (late.length * 200);
    expect(share).toBeGreaterThan(0.4);
  });

  test.each([
    ['what Temporal takes', 180],
    ['less than twice what Temporal takes', 350],
    ['so little that it costs nothing', 90],
  ])('to nothing where what comes is %s', (_what, perSecond) => {
    const takes = perSecond === 90 ? 10 : 200;
    for (const { burst, taken } of simulate(seconds(20, perSecond), takes).slice(1)) {
      expect(burst.isOn).toBe(false);
      expect(taken).toBeGreaterThanOrEqual(Math.min(takes, perSecond) - 1);
    }
  });

  test('no longer than the burst: a backlog that only remains is drained at full speed', () => {
    const after = simulate([...seconds(3, 4000), ...seconds(20, 50)], 200).slice(4);
    expect(after.map(({ taken }) => taken)).toEqual(seconds(19, 200));
    expect(after.at(-1)?.waiting).toBeGreaterThan(0);
  });

  test('to a leaver for three seconds, and to leavers without an end as to a burst', () => {
    const one = simulate([2000, ...seconds(8, 0)], 200, (second) => second === 2).map(({ taken }) => taken);
    expect(one.slice(3, 5)).toEqual([20, 20]);
    expect(one.slice(6)).toEqual(seconds(3, 200));
    const many = simulate([8000, ...seconds(25, 0)], 200, (second) => second > 0).map(({ taken }) => taken);
    expect(many[5]).toBe(20);
    expect(many.slice(22)).toEqual(seconds(4, 200));
  });
});
