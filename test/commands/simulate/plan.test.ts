import { retakePlan, seededRandom, type PlanInput } from '../../../src/commands/simulate/plan';
import { scenarios, type Scenario } from '../../../src/commands/simulate/scenarios';
import { events, eventNames } from '../../../src/events';

const NOW = Date.parse('2026-11-02T10:00:00Z');
const input = (seed = 1): PlanInput => ({ run: 'r1', count: 12, random: seededRandom(seed), now: NOW });

describe.each(Object.entries<Scenario>(scenarios))('the plan of %s', (_name, { plan }) => {
  test('has data that fit their events, and event ids of the run', () => {
    for (const { event, eventId, data } of plan(input()).events) {
      expect(events[event].schema.safeParse(data).error).toBeUndefined();
      expect(eventId).toMatch(/^sim-r1\.[A-Za-z0-9-]+$/);
    }
  });

  test('has each event id once, and is the same for the same seed', () => {
    const ids = plan(input()).events.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(JSON.stringify(plan(input()))).toBe(JSON.stringify(plan(input())));
  });
});

describe('retakePlan', () => {
  test('is better the second time, never above 100 %', () => {
    const scores = retakePlan(input(7)).events.map(({ data }) => (data as { score: number }).score);
    const [first, again] = [scores.slice(0, 12), scores.slice(12)];
    for (const [index, score] of first.entries()) expect(again[index]).toBeGreaterThan(score);
    expect(Math.max(...again)).toBeLessThanOrEqual(100);
  });
});

describe('the scenario without SCIM events', () => {
  test('has a subscription that lacks just those', () => {
    const missing = eventNames.filter((event) => !scenarios['no-scim'].subscribed.includes(event));
    expect(missing.sort()).toEqual(['user.deprovisioned', 'user.provisioned']);
  });
});
