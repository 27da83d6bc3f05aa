import fc from 'fast-check';
import { createLedgerModel } from '../ledger/model';
import {
  CERTIFIED,
  lifeOf,
  ordersOf,
  play,
  PROGRAM,
  quizzesOf,
  RENEWALS,
  renewalsOf,
  REQUIRED,
  unrenewed,
  type Arrival,
  type EndState,
  type Pace,
  type Played,
  type Renewal,
} from '../ledger/orders';
import { RULES } from '../ledger/events';

const NOW = Date.parse('2026-11-23T09:00:00Z');

const paces: readonly Pace[] = [
  { reads: 'at once', closes: 'at once' },
  { reads: 'at once', closes: 'last' },
  { reads: 'last', closes: 'last' },
];

const playOne = (order: readonly Arrival[], pace: Pace): Promise<Played> =>
  play(createLedgerModel(RULES, NOW), order, pace);

const RANDOM = 1500;

const arrivalsOf = (facts: ReturnType<typeof lifeOf>): readonly Arrival[] =>
  Object.entries(facts).map(([eventId, fact]) => ({ eventId, fact }));
const life = arrivalsOf(lifeOf('u1', NOW));

const namesOf = (order: readonly Arrival[]): readonly string[] => order.map(({ eventId }) => eventId);

/** Whose workflow waits, and any of what settles it. */
const WAITS = [
  ['expired', 'renewal', 'expiredAgain'],
  ['expiredAgain'],
  ['hired', 'oldCompletion', 'renewal'],
  ['quizFailed', 'quizPassed'],
] as const;

/** What has to come of these facts, whatever their order. */
function endOf(names: readonly string[]): EndState {
  const has = (name: string): boolean => names.includes(name);
  if (has('left')) return { open: [], standing: 'left', isActive: false, groups: [] };
  const open = WAITS.filter(([name, ...settling]) => has(name) && !settling.some(has)).map(([name]) => name);
  const isRequired = open.some((name) => name.startsWith('expired'));
  const groups = [CERTIFIED, ...(has('hired') ? [PROGRAM] : []), ...(isRequired ? [REQUIRED] : [])];
  return { open, standing: 'active', isActive: true, groups };
}

function endOfRenewals(names: readonly string[], when: Renewal): EndState {
  if (names.includes('left')) return endOf(names);
  const waits = unrenewed(names, when);
  const groups = [CERTIFIED, ...(names.includes('hired') ? [PROGRAM] : []), ...(waits === null ? [] : [REQUIRED])];
  const isNew = names.includes('hired') && !names.includes('renewal');
  const open = [...(waits === null ? [] : [waits]), ...(isNew ? ['hired'] : [])];
  return { open, standing: 'active', isActive: true, groups };
}

/** What is wrong with an order, as a sentence; null when nothing is. */
function faultOf(order: readonly Arrival[], { end, writes, messages }: Played, must: typeof endOf): string | null {
  const [is, ought] = [JSON.stringify(end), JSON.stringify(must(namesOf(order)))];
  if (is !== ought) return `${namesOf(order).join(', ')}: ${is} instead of ${ought}`;
  const did = [...writes, ...messages];
  return new Set(did).size === did.length ? null : `${namesOf(order).join(', ')}: ${did.join('; ')}`;
}

describe('facts in any order of arrival', () => {
  let played = 0;
  afterAll(() => {
    // eslint-disable-next-line no-console -- how many were tried is what the claim is worth.
    console.info(`${played} orders of arrival were played`);
  });

  async function faultsOf(orders: Iterable<readonly Arrival[]>, pace: Pace, must = endOf): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const order of orders) {
      played += 1;
      const fault = faultOf(order, await playOne(order, pace), must);
      if (fault !== null) faults.push(fault);
    }
    return faults;
  }

  test.each(paces)(
    'up to four of a life end as they must, and nothing is done twice: messages are read $reads, cases close $closes',
    async (pace) => {
      expect((await faultsOf(ordersOf(life, 4), pace)).slice(0, 5)).toEqual([]);
    },
  );

  test.each(paces)(
    `so do ${RANDOM} random orders of five or more: messages are read $reads, cases close $closes`,
    async (pace) => {
      const longer = fc.sample(fc.shuffledSubarray([...life], { minLength: 5 }), { numRuns: RANDOM, seed: 20_261_128 });
      expect((await faultsOf(longer, pace)).slice(0, 5)).toEqual([]);
    },
  );

  test.each(paces)('so do the quizzes of one: messages are read $reads, cases close $closes', async (pace) => {
    expect(await faultsOf(ordersOf(arrivalsOf(quizzesOf('u1', NOW)), 5), pace)).toEqual([]);
  });

  const renewals = Object.keys(RENEWALS) as readonly Renewal[];
  test.each(renewals.flatMap((when) => paces.map((pace) => ({ when, ...pace }))))(
    'a completion $when renews one of two expiries: messages are read $reads, cases close $closes',
    async ({ when, ...pace }) => {
      const must = (names: readonly string[]): EndState => endOfRenewals(names, when);
      expect((await faultsOf(ordersOf(arrivalsOf(renewalsOf('u1', NOW, when)), 5), pace, must)).slice(0, 5)).toEqual(
        [],
      );
    },
  );
});
