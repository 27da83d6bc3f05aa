import { DAY, HOUR, isoTime, MINUTE } from './time';
import { fault, type WebhookFault } from './webhook-fault';
import { isSuspended, suspended } from './webhook-suspension';
import type { DeliveryFacts, WebhookFacts } from './webhook-facts';

export interface WebhookHealth {
  readonly status: 'ok' | 'warn' | 'fail';
  /** The worst first. */
  readonly faults: readonly WebhookFault[];
  /** What is known of it when nothing is wrong, a sentence each. */
  readonly notes: readonly string[];
}

/** A delivery that fails is sent again for 7 h 20 min. */
export const LADDER_MS = 7 * HOUR + 20 * MINUTE;
const ENOUGH_WEEKS = 3;
const SHARE_WARNS = 0.2;
const SHARE_FAILS = 0.5;
const ENOUGH_REFUSED = 5;
/** Two checks in a row. */
const UNREADY_MS = 20 * MINUTE;

/** How long an event that is subscribed may be absent while others come. Leavers and expiries are rare. */
const RARE_DAYS = 30;
const COMMON_DAYS = 7;
const RARE: readonly string[] = ['user.provisioned', 'user.deprovisioned', 'certification.expired'];

/** Events that are easily left out of the subscription, and what does not happen then. */
export const WITHOUT_EVENT: Readonly<Record<string, string>> = {
  'user.provisioned':
    'new hires are not put into the groups of their program, welcomed or reminded, and an offboarding does not notice that somebody is hired again',
  'user.deprovisioned': 'NOBODY WHO LEAVES IS OFFBOARDED: their access stays open',
  'certification.expired': 'nobody is asked to renew a certificate, and access that depends on it does not end',
};

/** Judge the webhook by what is known of it. Pure: everything it takes into account is in `facts`. */
export function judgeWebhook(facts: WebhookFacts): WebhookHealth {
  const faults = [
    ...suspended(facts),
    ...notReady(facts),
    ...refusing(facts),
    ...silent(facts),
    ...notSubscribed(facts),
    ...neverCame(facts),
    ...apiRefused(facts),
  ].sort((one, other) => rank(one) - rank(other));
  return { status: faults[0]?.status ?? 'ok', faults, notes: notesOn(facts) };
}

function rank({ status }: WebhookFault): number {
  return status === 'fail' ? 0 : 1;
}

function notReady({ receiver, webhook, now }: WebhookFacts): readonly WebhookFault[] {
  const { isReady, readyAt } = receiver;
  if (isReady !== false) return [];
  const todo = [
    'Look at the receiver: its /readyz says why, and its log. MindTickle tries again for 7 h 20 min, and suspends the webhook after 24 h.',
    `If it is ready, see what is in front of it: ${webhook?.url ?? 'its public URL'} has to lead to it.`,
  ];
  const says = 'Our receiver is not ready, or cannot be reached by its public URL.';
  // At first this may be our own network: many do not lead from inside to their public address.
  if (readyAt === null) return [{ ...fault('notReady', 'warn', now, says, todo), isAlert: false }];
  return [{ ...fault('notReady', 'fail', readyAt, says, todo), isAlert: now - readyAt > UNREADY_MS }];
}

function refusing({ deliveries: { refused, accepted }, now }: WebhookFacts): readonly WebhookFault[] {
  const count = refused.reduce((sum, each) => sum + each.count, 0);
  const share = count / Math.max(count + accepted, 1);
  if (count < ENOUGH_REFUSED || share < SHARE_WARNS) return [];
  const percent = Math.round(share * 100);
  const says = `${count} of ${count + accepted} deliveries of the last hour were refused (${percent} %), most often: ${refused[0]?.cause ?? 'unknown'}.`;
  return [
    fault('refusing', share < SHARE_FAILS ? 'warn' : 'fail', now - HOUR, says, [
      'Find out why: docs/refusals.md, and Deliveries on the operations page.',
    ]),
  ];
}

/** How long nothing may come at this hour of the week, in ms; undefined: not enough history yet. */
export function usualSilence({ usualSilencesMs }: DeliveryFacts): number | undefined {
  if (usualSilencesMs.length < ENOUGH_WEEKS) return undefined;
  const longestFirst = [...usualSilencesMs].sort((one, other) => other - one);
  // One week of a holiday, or of an outage, does not make its silence a usual one.
  const usual = longestFirst[longestFirst.length > ENOUGH_WEEKS ? 1 : 0] ?? 0;
  return Math.max(usual + HOUR, 1.5 * usual);
}

function silent(facts: WebhookFacts): readonly WebhookFault[] {
  const { deliveries, webhook, now } = facts;
  // That is why.
  if (isSuspended(facts) !== 'no' || facts.remote?.status === 'gone') return [];
  const todo = [
    'Is the webhook active in MindTickle: mt webhooks show, or Admin > Integrations?',
    'Does the way lead here: mt doctor. Then a holiday may explain it.',
  ];
  if (deliveries.lastAt === null) {
    const since = webhook?.registeredAt ?? now;
    if (now - since < DAY) return [];
    return [fault('silent', 'warn', since, 'Nothing has come since the webhook was registered.', todo)];
  }
  const limit = usualSilence(deliveries);
  const silence = now - deliveries.lastAt;
  if (limit === undefined || silence <= limit) return [];
  const says = `Nothing has come for ${inHours(silence)}: at this hour of the week, less than ${inHours(limit)} is usual.`;
  return [fault('silent', 'warn', deliveries.lastAt, says, todo)];
}

function notSubscribed({ remote, webhook, now }: WebhookFacts): readonly WebhookFault[] {
  const subscribed = remote?.events ?? null;
  if (subscribed === null) return [];
  return Object.keys(webhook?.events ?? {})
    .filter((event) => !subscribed.includes(event))
    .map((event) => ({
      ...fault(
        'notSubscribed',
        'fail',
        now,
        `MindTickle's webhook is not subscribed to ${event}${consequence(event)}.`,
        ['See what would change: mt webhooks register --dry-run'],
      ),
      event,
    }));
}

function neverCame({ webhook, deliveries, remote, now }: WebhookFacts): readonly WebhookFault[] {
  // While nothing comes at all, one event more or less says nothing.
  if (webhook === null || deliveries.came.length === 0) return [];
  const missing = Object.entries(webhook.events).filter(
    ([event, since]) =>
      !deliveries.came.includes(event) &&
      remote?.events?.includes(event) !== false &&
      now - since >= (RARE.includes(event) ? RARE_DAYS : COMMON_DAYS) * DAY,
  );
  return missing.map(([event, since]) => ({
    ...fault(
      'neverCame',
      'warn',
      since,
      `No ${event} has ever come, although the webhook was subscribed to it${consequence(event)}.`,
      [
        `If there was none at MindTickle, all is well. Else see in Admin > Integrations that the webhook names ${event}.`,
      ],
    ),
    event,
  }));
}

function consequence(event: string): string {
  const without = WITHOUT_EVENT[event];
  return without === undefined ? '' : `; without it, ${without}`;
}

function apiRefused({ remote }: WebhookFacts): readonly WebhookFault[] {
  if (remote?.problem !== 'refused') return [];
  const says =
    "MindTickle's management API refuses our token: a suspended webhook is not noticed, and not re-activated.";
  return [fault('apiRefused', 'warn', remote.at, says, ['Put a token that is valid into MINDTICKLE_API_TOKEN.'])];
}

function notesOn({ webhook, deliveries, remote }: WebhookFacts): readonly string[] {
  const { lastAt } = deliveries;
  return [
    lastAt === null ? 'No delivery has come yet.' : `The last delivery came at ${isoTime(lastAt)}.`,
    ...(usualSilence(deliveries) === undefined
      ? ['There is not enough history yet to know which silence is unusual (three weeks).']
      : []),
    ...(webhook === null
      ? ['It was not registered by mt webhooks register: what it is subscribed to is not known.']
      : []),
    ...(remote?.problem === 'unsupported' ? ['MindTickle does not let us read whether it is suspended.'] : []),
  ];
}

/** `2 h`, `45 min`, `3 days`. */
function inHours(ms: number): string {
  if (ms < 2 * HOUR) return `${Math.round(ms / MINUTE)} min`;
  return ms < 3 * DAY ? `${Math.round(ms / HOUR)} h` : `${Math.round(ms / DAY)} days`;
}
