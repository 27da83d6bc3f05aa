import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Fact } from '../../src/domain';
import { closeWorkflow, findLearner, recordEvent } from '../../src/ledger';
import { request, RULES } from './events';
import { openLedger, type LedgerFixture } from './fixture';
import { createLedgerModel, type Told } from './model';
import {
  lifeOf,
  play,
  RENEWALS,
  renewalsOf,
  unrenewed,
  type Arrival,
  type LedgerOfOne,
  type Pace,
  type Renewal,
} from './orders';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

const ORDERS = 100;
const AT_ONCE = 6;
const NOW = Date.now();

/** Ids of one order alone: `<fact> of <learner>`. */
const idOf = (name: string, userId: string): string => `${name} of ${userId}`;

/** The run's ledger, of one learner. Every fact is asked for twice, as an attempt whose answer got lost would. */
function realLedger(userId: string): LedgerOfOne & { readonly repeats: string[] } {
  const repeats: string[] = [];
  const ask = async (eventId: string, fact: Fact): Promise<Told> => {
    const recorded = await recordEvent(ledger.pool, request(eventId, fact));
    if (recorded.outcome !== 'new') throw new Error('every event is new');
    const { answer, settledBy, settles } = recorded;
    return { joins: answer.joins ?? null, settledBy, settles };
  };
  return {
    repeats,
    record: async (eventId, fact) => {
      const told = await ask(eventId, fact);
      const again = await ask(eventId, fact);
      if (JSON.stringify(again) !== JSON.stringify(told)) repeats.push(eventId);
      return told;
    },
    close: (workflowId) =>
      closeWorkflow(ledger.pool, { workflowId, firstRunId: `run of ${workflowId}`, outcome: 'done' }),
    standing: async () => (await findLearner(ledger.pool, userId))?.standing ?? 'active',
  };
}

type FactsOf = (userId: string) => Readonly<Record<string, Fact>>;

/** As played on the run's ledger and on the model, and which facts gave another answer when they were asked for again. */
async function playBoth(names: readonly string[], pace: Pace, factsOf: FactsOf) {
  const userId = randomUUID();
  const life = factsOf(userId);
  const arrivals = names.map((name): Arrival => ({ eventId: idOf(name, userId), fact: life[name] as Fact }));
  const real = realLedger(userId);
  const played = await play(real, arrivals, pace);
  const modelled = await play(createLedgerModel(RULES, NOW), arrivals, pace);
  const anonymous = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll(` of ${userId}`, ''));
  return { real: anonymous(played), model: anonymous(modelled), repeats: real.repeats };
}

const order = fc.shuffledSubarray(Object.keys(lifeOf('u', NOW)), { minLength: 4 });
const pace = fc.record<Pace>({ reads: fc.constantFrom('at once', 'last'), closes: fc.constantFrom('at once', 'last') });

describe('recordEvent', () => {
  test(`does as the model in ${ORDERS} random orders of arrival, asked twice each time`, async () => {
    const runs = fc.sample(fc.tuple(order, pace), { numRuns: ORDERS, seed: 20_261_124 });
    const ends = new Map<string, string>();
    const wrong: unknown[] = [];
    const player = async (): Promise<void> => {
      for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
        const { real, model, repeats } = await playBoth(...run, (userId) => lifeOf(userId, NOW));
        const { end } = real as { readonly end: object };
        const choice = run[0].toSorted().join(', ');
        const known = ends.get(choice) ?? JSON.stringify(end);
        ends.set(choice, known);
        const isRight =
          JSON.stringify(real) === JSON.stringify(model) && known === JSON.stringify(end) && repeats.length === 0;
        if (!isRight) wrong.push({ run, real, model, known, repeats });
      }
    };
    await Promise.all(Array.from({ length: ledger.isConcurrent ? AT_ONCE : 1 }, player));
    expect(wrong.slice(0, 2)).toEqual([]);
  }, 180_000);

  const three = ['expired', 'renewal', 'expiredAgain'];
  const six = three
    .flatMap((first) => three.map((second) => [first, second, ...three]))
    .flatMap((names) => {
      const order = [...new Set(names)];
      return names[0] === names[1] ? [] : [order];
    });
  test.each(Object.keys(RENEWALS) as readonly Renewal[])(
    'has a completion %s renew one of two expiries, in all six orders',
    async (when) => {
      for (const order of six)
        for (const reads of ['at once', 'last'] as const) {
          const factsOf: FactsOf = (userId) => renewalsOf(userId, NOW, when);
          const { real, model, repeats } = await playBoth(order, { reads, closes: reads }, factsOf);
          const waits = unrenewed(order, when);
          expect(real).toEqual(model);
          expect(real).toMatchObject({ end: { open: waits === null ? [] : [waits] } });
          expect(repeats).toEqual([]);
        }
    },
  );
});
