import { eventNames, type EventName } from '../../events';
import { coursePlan, expiryPlan, layoffPlan, quizPlan, retakePlan, scimPlan, type Plan, type PlanInput } from './plan';
import type { PlannedEvent } from './plan';
import type { ScenarioName } from '../scenario-titles';

/** What a scenario can do to the world, and what it waits for. */
export interface Stage {
  /** Let these happen, in bursts at the rate of the options. */
  readonly send: (events: readonly PlannedEvent[]) => Promise<void>;
  /** Let these happen evenly over so many hours of MindTickle's. Resolves when they are over. */
  readonly spread: (events: readonly PlannedEvent[], hours: number) => Promise<void>;
  /** So many hours of MindTickle's. */
  readonly hours: (hours: number) => Promise<void>;
  /** Between MindTickle and the receiver. */
  readonly setReachable: (isReachable: boolean) => Promise<void>;
  /** MindTickle signs with a new secret from now on. */
  readonly rotate: () => Promise<void>;
  /** The receiver is given the new secret, before the old one. */
  readonly introduceSecret: () => void;
  /** A delivery was answered so. */
  readonly untilAnswered: (status: number) => Promise<void>;
  /** A suspended webhook: wait until our housekeeping re-activates it, else do so. */
  readonly heal: () => Promise<void>;
  /** Every delivery has come to its end. */
  readonly untilDelivered: () => Promise<void>;
}

export interface Scenario {
  /** People; deliveries a second, and how many of them at once. */
  readonly count: number;
  readonly rate: number;
  readonly burst: number;
  readonly plan: (input: PlanInput) => Plan;
  readonly play: (stage: Stage, events: readonly PlannedEvent[]) => Promise<void>;
  /** Of the subscription while it is played. */
  readonly subscribed: readonly EventName[];
  /** Some are not meant to arrive. */
  readonly isLossy?: true;
}

const SCIM_EVENTS: readonly EventName[] = ['user.provisioned', 'user.deprovisioned'];

/** The last retry comes 7 h 20 min after the first attempt: what is first sent later than this arrives after 8 h. */
const HOURS_UNTIL_SAFE = 0.75;

const usual = {
  count: 20,
  rate: 10,
  burst: 5,
  subscribed: eventNames,
  play: ({ send }: Stage, events: readonly PlannedEvent[]) => send(events),
} as const;

/** Every scenario, by its name on the command line. */
export const scenarios = {
  quiz: { ...usual, count: 30, plan: quizPlan },
  expiry: { ...usual, count: 60, plan: expiryPlan },
  layoff: { ...usual, count: 1000, plan: layoffPlan },
  retake: {
    ...usual,
    plan: retakePlan,
    play: async (stage, events) => {
      const half = events.length / 2;
      await stage.send(events.slice(0, half));
      await stage.untilDelivered();
      await stage.send(events.slice(half));
    },
  },
  rotation: {
    ...usual,
    plan: coursePlan,
    play: async (stage, events) => {
      const third = Math.ceil(events.length / 3);
      await stage.send(events.slice(0, third));
      await stage.rotate();
      await stage.send(events.slice(third, 2 * third));
      await stage.untilAnswered(403);
      stage.introduceSecret();
      await stage.send(events.slice(2 * third));
    },
  },
  'outage-8h': {
    ...usual,
    count: 24,
    plan: coursePlan,
    play: async (stage, events) => {
      await stage.setReachable(false);
      await stage.hours(HOURS_UNTIL_SAFE);
      await stage.spread(events, 8 - HOURS_UNTIL_SAFE);
      await stage.setReachable(true);
    },
  },
  'outage-25h': {
    ...usual,
    count: 60,
    plan: coursePlan,
    isLossy: true,
    play: async (stage, events) => {
      const [before, after] = [4, events.length - 6];
      await stage.send(events.slice(0, before));
      await stage.untilDelivered();
      await stage.setReachable(false);
      await stage.spread(events.slice(before, after), 25);
      await stage.setReachable(true);
      await stage.heal();
      await stage.send(events.slice(after));
    },
  },
  'no-scim': {
    ...usual,
    plan: scimPlan,
    isLossy: true,
    subscribed: eventNames.filter((event) => !SCIM_EVENTS.includes(event)),
  },
} as const satisfies Readonly<Record<ScenarioName, Scenario>>;
