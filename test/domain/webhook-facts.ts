import { DAY, HOUR, MINUTE, type DeliveryFacts, type WebhookFacts } from '../../src/domain';

export const NOW = Date.UTC(2026, 10, 23, 9);
export const ALL_EVENTS = [
  ...['course.completed', 'quiz.submitted', 'user.provisioned'],
  ...['user.deprovisioned', 'module.progress', 'certification.expired'],
];

export interface Change {
  readonly webhook?: Partial<NonNullable<WebhookFacts['webhook']>> | null;
  readonly deliveries?: Partial<DeliveryFacts>;
  readonly remote?: Partial<NonNullable<WebhookFacts['remote']>> | null;
  readonly receiver?: Partial<WebhookFacts['receiver']>;
  readonly reactivations?: readonly number[];
}

/** All is well: registered a quarter ago, something comes every few minutes, MindTickle says that it is active. */
export function factsOf({ webhook, deliveries, remote, receiver, reactivations = [] }: Change = {}): WebhookFacts {
  const registeredAt = NOW - 90 * DAY;
  const events = Object.fromEntries(ALL_EVENTS.map((event) => [event, registeredAt]));
  return {
    now: NOW,
    webhook:
      webhook === null
        ? null
        : { id: 'wh-1', url: 'https://hooks.example.com/webhooks/mindtickle', events, registeredAt, ...webhook },
    deliveries: {
      firstAt: registeredAt,
      lastAt: NOW - 5 * MINUTE,
      usualSilencesMs: [HOUR, HOUR, HOUR, HOUR],
      accepted: 100,
      refused: [],
      came: ALL_EVENTS,
      ...deliveries,
    },
    remote: remote === null ? null : { at: NOW, status: 'active', events: ALL_EVENTS, problem: null, ...remote },
    receiver: { isReady: true, readyAt: NOW, outage: null, ...receiver },
    reactivations,
  };
}
