import type { Answer, RemoteWebhook, WantedWebhook } from './client';

/** What there is: in the ledger, in the settings, and at MindTickle as far as it can be read. */
export interface ActualWebhook {
  /** As it was registered last; null: never, by us. */
  readonly stored: {
    readonly webhookId: string | null;
    readonly url: string | null;
    readonly events: readonly string[];
  } | null;
  /** Of MINDTICKLE_WEBHOOK_ID. */
  readonly namedId: string | undefined;
  readonly listed: Answer<readonly RemoteWebhook[]>;
  /** The webhook with the id that is known; undefined: none is, or the list has it. */
  readonly shown: Answer<RemoteWebhook> | undefined;
}

export type WebhookAction =
  | { readonly do: 'create' }
  /** It is there already, and ours from now on. */
  | { readonly do: 'adopt'; readonly id: string }
  | { readonly do: 'change'; readonly id: string; readonly url?: string; readonly events?: readonly string[] }
  | { readonly do: 'reactivate'; readonly id: string };

export interface WebhookPlan {
  readonly actions: readonly WebhookAction[];
  /** What is known and what cannot be known, a sentence each. */
  readonly notes: readonly string[];
}

const NO_LIST = 'MindTickle does not let us list webhooks (the call is not documented)';

/** What has to be done so that what is wanted is so. Pure; carried out, the next plan is empty. */
export function planWebhook(wanted: WantedWebhook, actual: ActualWebhook): WebhookPlan {
  const { listed, stored, namedId } = actual;
  const knownId = namedId ?? stored?.webhookId ?? undefined;
  const here = listed.ok ? listed.value.filter((each) => isOfCompany(each, wanted)) : undefined;
  const found = findOurs(here ?? [], { knownId, wanted, actual });
  if (found !== undefined) return planFor(found, wanted, { stored, here: here ?? [] });
  return here === undefined ? planUnread(knownId, wanted, actual) : planNew(knownId, here, wanted);
}

/** By its id, else by its URL: unless a setting names the one that is meant. */
function findOurs(
  here: readonly RemoteWebhook[],
  {
    knownId,
    wanted,
    actual: { shown, namedId },
  }: { readonly knownId: string | undefined; readonly wanted: WantedWebhook; readonly actual: ActualWebhook },
): RemoteWebhook | undefined {
  const byId = here.find(({ id }) => id === knownId);
  if (byId !== undefined) return byId;
  if (shown?.ok === true) return shown.value;
  return namedId === undefined ? here.find((each) => deliversTo(each, wanted)) : undefined;
}

function planFor(
  found: RemoteWebhook,
  wanted: WantedWebhook,
  { stored, here }: Pick<ActualWebhook, 'stored'> & { readonly here: readonly RemoteWebhook[] },
): WebhookPlan {
  const { id, status } = found;
  const change = changeOf(found, wanted);
  // A change re-activates, too.
  const first: readonly WebhookAction[] =
    change === undefined ? (status === 'suspended' ? [{ do: 'reactivate', id }] : []) : [change];
  const isKept = stored?.webhookId === id && (change !== undefined || isAsStored(stored, wanted));
  return {
    actions: isKept ? first : [...first, { do: 'adopt', id }],
    notes: notesOn(found, wanted, here),
  };
}

function isAsStored({ url, events }: NonNullable<ActualWebhook['stored']>, wanted: WantedWebhook): boolean {
  return url === wanted.url && isSameSet(events, wanted.events);
}

function notesOn(
  { id, status, events }: RemoteWebhook,
  wanted: WantedWebhook,
  here: readonly RemoteWebhook[],
): readonly string[] {
  const others = here.filter((each) => each.id !== id && deliversTo(each, wanted));
  const more = (events ?? []).filter((event) => !wanted.events.includes(event));
  return [
    ...(events === null ? ['MindTickle does not say which events it is subscribed to.'] : []),
    ...(status === 'unknown' ? ['MindTickle does not say whether it is suspended.'] : []),
    ...others.map(
      (other) =>
        `Webhook ${other.id} delivers to the same URL, too: everything comes twice, and the second is a duplicate. Remove one in Admin > Integrations.`,
    ),
    ...(more.length === 0 ? [] : [`It has more events: ${more.join(', ')}.`]),
  ];
}

/** Events of ours that are missing are added. One more is left: somebody else may want it. */
function changeOf({ id, url, events }: RemoteWebhook, wanted: WantedWebhook): WebhookAction | undefined {
  const missing = events === null ? [] : wanted.events.filter((event) => !events.includes(event));
  const isElsewhere = url !== null && !isSameUrl(url, wanted.url);
  if (missing.length === 0 && !isElsewhere) return undefined;
  return {
    ...{ do: 'change', id },
    ...(isElsewhere && { url: wanted.url }),
    ...(missing.length > 0 && { events: [...(events ?? []), ...missing] }),
  };
}

function planNew(knownId: string | undefined, listed: readonly RemoteWebhook[], wanted: WantedWebhook): WebhookPlan {
  const elsewhere = listed.filter(({ url }) => url !== null && !isSameUrl(url, wanted.url));
  return {
    actions: [{ do: 'create' }],
    notes: [
      ...(knownId === undefined ? [] : [`Webhook ${knownId} is not there any more.`]),
      ...(elsewhere.length === 0 ? [] : [`There are others, which stay: ${elsewhere.map(({ id }) => id).join(', ')}.`]),
    ],
  };
}

/** MindTickle does not let us look: the ledger's word is all there is. */
function planUnread(knownId: string | undefined, wanted: WantedWebhook, { stored }: ActualWebhook): WebhookPlan {
  if (knownId === undefined)
    return {
      actions: [{ do: 'create' }],
      notes: [
        `${NO_LIST}: whether one is there already is not known. If it is, everything comes twice, and the second is a duplicate.`,
      ],
    };
  const unknown = 'whether it is still there, and whether it is suspended, is not known.';
  if (stored?.webhookId !== knownId)
    return {
      actions: [{ do: 'adopt', id: knownId }],
      notes: [`${NO_LIST}: the URL and the events of ${knownId} are taken as given here, and ${unknown}`],
    };
  const events = wanted.events.filter((event) => !stored.events.includes(event));
  const isElsewhere = stored.url !== wanted.url;
  return {
    actions:
      events.length === 0 && !isElsewhere
        ? []
        : [
            {
              ...{ do: 'change', id: knownId },
              ...(isElsewhere && { url: wanted.url }),
              ...(events.length > 0 && { events: [...stored.events, ...events] }),
            },
          ],
    notes: [`${NO_LIST}: the ledger says that ${knownId} was registered, but ${unknown}`],
  };
}

function deliversTo({ url }: RemoteWebhook, wanted: WantedWebhook): boolean {
  return url !== null && isSameUrl(url, wanted.url);
}

function isOfCompany({ companyId }: RemoteWebhook, wanted: WantedWebhook): boolean {
  return companyId === null || companyId === wanted.companyId;
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}

/** `HTTPS://Hooks.example.com:443/x` is `https://hooks.example.com/x`. */
function isSameUrl(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) ? new URL(one).href === new URL(other).href : one === other;
}
