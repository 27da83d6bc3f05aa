import type { Notification } from './notifications';
import { DAY, HOUR, isoTime } from './time';
import type { WebhookFault, WebhookFaultKind } from './webhook-fault';
import { LADDER_MS, type WebhookHealth } from './webhook-health';
import { isSuspended } from './webhook-suspension';
import type { WebhookFacts } from './webhook-facts';

/** Something that went wrong with the webhook, from when it was noticed until it is over. Epoch ms. */
export interface WebhookIncident {
  readonly kind: WebhookFaultKind;
  readonly event: string | null;
  readonly since: number;
  readonly says: string;
  /** The last delivery before it; null: there was none. */
  readonly lastAt: number | null;
}

export interface IncidentChanges<Open extends WebhookIncident> {
  readonly begun: readonly (WebhookIncident & { readonly todo: readonly string[] })[];
  readonly over: readonly Open[];
  /** Another incident says why, and goes on: nobody has to be notified of the end of this one. */
  readonly absorbed: readonly Open[];
}

/** What has begun and what is over, by what is open and what is wrong now. */
export function incidentChanges<Open extends WebhookIncident>(
  open: readonly Open[],
  { faults }: Pick<WebhookHealth, 'faults'>,
  lastAt: number | null,
): IncidentChanges<Open> {
  const isOpen = (fault: WebhookFault): boolean => open.some((incident) => isSame(incident, fault));
  const ended = open.filter((incident) => !faults.some((fault) => isSame(incident, fault)));
  const isExplained = ({ kind }: Open): boolean =>
    kind === 'silent' && faults.some((fault) => fault.kind === 'suspended' || fault.kind === 'gone');
  return {
    begun: faults
      .filter((fault) => fault.isAlert && !isOpen(fault))
      .map(({ kind, event, since, says, todo }) => ({ kind, event, since, says, todo, lastAt })),
    over: ended.filter((incident) => !isExplained(incident)),
    absorbed: ended.filter(isExplained),
  };
}

function isSame(one: Pick<WebhookIncident, 'kind' | 'event'>, other: Pick<WebhookIncident, 'kind' | 'event'>): boolean {
  return one.kind === other.kind && one.event === other.event;
}

const MAX_REACTIVATIONS = 5;
const WITHIN_MS = 7 * DAY;
/** After the first, the second, … of the last week. */
const PAUSES_MS = [HOUR, 4 * HOUR, 16 * HOUR, DAY] as const;

/** Whether the suspended webhook is re-activated now; `why`: not, as a sentence. Null: there is nothing to re-activate. */
export function reactivation(
  facts: WebhookFacts,
): { readonly may: true } | { readonly may: false; readonly why: string } | null {
  const { now, webhook, receiver, reactivations } = facts;
  if (isSuspended(facts) === 'no') return null;
  const waits = (why: string) => ({ may: false, why }) as const;
  if (webhook?.id == null)
    return waits('It is not re-activated by itself: its id is not known (MINDTICKLE_WEBHOOK_ID).');
  if (receiver.isReady !== true) return waits('It is re-activated by itself as soon as our receiver is ready.');
  const recent = reactivations.filter((at) => now - at < WITHIN_MS);
  if (recent.length >= MAX_REACTIVATIONS)
    return waits(
      `It was re-activated ${recent.length} times within a week, and is not any more: find out why deliveries fail.`,
    );
  const next = (recent.at(-1) ?? 0) + (PAUSES_MS[recent.length - 1] ?? 0);
  return now < next ? waits(`It is re-activated by itself again at ${isoTime(next)}.`) : { may: true };
}

/** What people are notified of when it begins. `note`: what we do about it by ourselves. */
export function noticeOfBegin(
  incident: IncidentChanges<WebhookIncident>['begun'][number],
  note: string | null,
): Notification {
  const { says, todo, since } = incident;
  return {
    kind: 'webhook',
    what: 'begun',
    says,
    todo: [...(note === null ? [] : [note]), ...todo],
    since: isoTime(since),
    gap: null,
  };
}

/** What people are notified of when it is over. `firstAt`: the first delivery since; null: none has come. */
export function noticeOfEnd(incident: WebhookIncident, firstAt: number | null, now: number): Notification {
  const { says, since, kind, lastAt } = incident;
  const gap = hasGap(kind, since, now) ? { from: isoOf(lastAt), to: isoOf(firstAt) } : null;
  const todo = gap === null ? [] : GAP_TODO;
  return { kind: 'webhook', what: 'over', says, todo, since: isoTime(since), gap };
}

const GAP_TODO = [
  'MindTickle sends what failed again for 7 h 20 min, and nothing of what happened while the webhook was suspended.',
  "Compare these hours with MindTickle's reports, leavers first. What is missing can be sent by hand: mt send.",
];

/** What comes back late by the sender's own ladder is no gap. */
function hasGap(kind: WebhookFaultKind, since: number, now: number): boolean {
  if (kind === 'notReady' || kind === 'refusing') return now - since > LADDER_MS;
  return kind === 'suspended' || kind === 'gone' || kind === 'silent';
}

function isoOf(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
