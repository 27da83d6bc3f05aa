import { completion, departure, progress, unknownEvent, unreadable, type Planned } from './deliveries';

/** How Temporal is away. `silent`: nothing comes through. `cut`: connections end, and no new one is accepted. */
export type Away = 'silent' | 'cut';

/** When the receiver is killed. It is started again each time. */
export type Moment =
  /** After so many deliveries were sent, and so many ms more; `againAfterMs`: once more so long after it was started again. */
  | { readonly kind: 'load'; readonly afterSent: number; readonly plusMs: number; readonly againAfterMs: number | null }
  /** The same while Temporal is away, which it still is when the receiver starts again. */
  | { readonly kind: 'away'; readonly away: Away; readonly afterSent: number; readonly plusMs: number }
  /** Everything came while Temporal was away; so many ms after it is back. */
  | { readonly kind: 'drain'; readonly away: Away; readonly plusMs: number };

export interface Round {
  readonly number: number;
  readonly moment: Moment;
  /** How many are under way at once. */
  readonly connections: number;
  /** In the order in which they are sent. */
  readonly deliveries: readonly Planned[];
  /** Users that the identity provider needs before. */
  readonly leavers: readonly string[];
}

/** Whose address is known before the first round. */
export const LEARNERS = Array.from({ length: 24 }, (_, index) => `learner-${index}`);

/** Few, since the worker's part takes most of the time, and a kill needs only as many under way as there are connections. */
const EVENTS = { from: 10, to: 26 } as const;

/** The plan of one round: the same for the same seed and number, whatever came before. */
export function planRound(seed: number, number: number): Round {
  const random = createRandom(Math.imul(seed, 1_000_003) + number);
  const events = planEvents(random, number);
  const deliveries = shuffled(random, [...events, ...planTrouble(random, number, events)]);
  return {
    number,
    moment: planMoment(random, deliveries.length),
    connections: random.pick([4, 8, 16, 32]),
    deliveries,
    leavers: events.filter(({ event }) => event === 'user.deprovisioned').map(leaverOf),
  };
}

function planEvents(random: Random, number: number): Planned[] {
  const count = random.int(EVENTS.from, EVENTS.to);
  return Array.from({ length: count }, (_, index) => planEvent(random, `r${number}-${index}`));
}

function planEvent(random: Random, id: string): Planned {
  const learner = random.pick(LEARNERS);
  const dice = random.int(1, 100);
  if (dice <= 68) return progress(id, learner, `m-${random.int(1, 20)}`, random.int(0, 100));
  if (dice <= 90) return completion(id, learner, `c-${id}`, random.int(40, 100));
  if (dice <= 96) return departure(id, leaver(id));
  return dice <= 98 ? unknownEvent(id, learner) : unreadable(id);
}

const leaver = (eventId: string): string => `leaver-${eventId}`;
const leaverOf = ({ eventId }: Planned): string => leaver(eventId);

/** Duplicates, replays, conflicts and forgeries. Each is about another event, so that its expected outcome is known. */
function planTrouble(random: Random, number: number, events: readonly Planned[]): Planned[] {
  const victims = shuffled(random, events);
  const take = (count: number): Planned[] => victims.splice(0, count);
  const completions = events.filter(({ event }) => event === 'course.completed');
  const id = (kind: string, index: number): string => `r${number}-${kind}-${index}`;
  return [
    ...take(random.int(1, 4)).map((event) => ({ ...event })),
    ...take(random.int(1, 4)).map((event) => ({ ...event, signedAs: `${event.eventId} again` })),
    ...take(random.int(0, 3)).map((event, index) => ({ ...event, eventId: id('replay', index) })),
    ...take(random.int(0, 2)).map((event) => contradiction(event)),
    ...take(random.int(0, 2)).map((event) => forgery(random, contradiction(event))),
    ...completions.slice(0, random.int(0, 2)).map((event, index) => again(event, id('retake', index))),
    ...Array.from({ length: random.int(0, 2) }, (_, index) =>
      forgery(random, completion(id('forged', index), random.pick(LEARNERS), `c-${id('forged', index)}`, 100)),
    ),
  ];
}

/** Signed, under the same event id, and another event. */
function contradiction({ eventId }: Planned): Planned {
  const other = completion(eventId, LEARNERS[0] ?? '', `c-${eventId}-other`, 99);
  return { ...other, signedAs: `${eventId} other` };
}

function forgery(random: Random, event: Planned): Planned {
  return { ...event, signature: random.pick(['wrong', 'missing']) };
}

/** The same learner completes the same course again: another event, and no second certificate. */
function again(event: Planned, eventId: string): Planned {
  const body = event.body.replace('"completedAt":"2026-01-15', '"completedAt":"2026-02-15');
  return { ...event, eventId, body, signedAs: eventId };
}

function planMoment(random: Random, deliveries: number): Moment {
  const afterSent = random.int(1, deliveries);
  const plusMs = random.int(0, 25);
  const away = random.pick<Away>(['silent', 'cut']);
  const dice = random.int(1, 100);
  if (dice <= 40) return { kind: 'load', afterSent, plusMs, againAfterMs: null };
  if (dice <= 60) return { kind: 'load', afterSent, plusMs, againAfterMs: random.int(50, 900) };
  if (dice <= 80) return { kind: 'away', away, afterSent, plusMs };
  return { kind: 'drain', away, plusMs: random.int(0, 250) };
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(random.int(0, left.length - 1), 1));
  return out;
}

interface Random {
  /** A whole number from `from` to `to`, both included. */
  readonly int: (from: number, to: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** The same numbers for the same seed (mulberry32). */
function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error('there is nothing to pick from');
      return items[Math.floor(next() * items.length)] as T;
    },
  };
}
