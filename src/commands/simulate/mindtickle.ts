import type { JournalLine, MindtickleSettings, StandInsState } from '../../dev/stand-ins';
import type { StackInfo } from '../../dev/data-dir';
import type { PlannedEvent } from './plan';

export type Webhook = StandInsState['mindtickle']['webhooks'][number];

/** The stand-in of MindTickle in a running `mt dev`: steered, and asked by its own API. */
export interface Mindtickle {
  readonly set: (settings: MindtickleSettings) => Promise<void>;
  /** It happened there: sent at once, and again by the sender's retries. */
  readonly happen: (events: readonly PlannedEvent[], webhookId: string) => Promise<void>;
  /** What was sent and answered since the last call. */
  readonly news: () => Promise<readonly JournalLine[]>;
  readonly webhook: (webhookId: string) => Promise<Webhook | undefined>;
  /** The webhook of the receiver's URL: the one that is there, or a new one for these events. */
  readonly subscribe: (url: string, events: readonly string[], companyId: string) => Promise<Webhook>;
  /** PATCH: re-activates, with these events. */
  readonly reactivate: (webhookId: string, events: readonly string[]) => Promise<void>;
  /** What all stand-ins hold. */
  readonly state: () => Promise<StandInsState>;
  /** Add a user to the identity provider, and answer its id. */
  readonly addUser: (user: object) => Promise<string>;
  readonly addToGroup: (name: string, userIds: readonly string[]) => Promise<void>;
}

const TIME_LIMIT_MS = 30_000;

export function createMindtickle({ standIns, mindtickleApi }: StackInfo): Mindtickle {
  const call = async (method: string, url: string, body?: object): Promise<unknown> => {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${mindtickleApi.token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${new URL(url).pathname} was answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const state = async (): Promise<StandInsState> => (await call('GET', `${standIns}/_state?calls=1`)) as StandInsState;
  const webhooks = async (): Promise<readonly Webhook[]> => (await state()).mindtickle.webhooks;
  const find = async (webhookId: string): Promise<Webhook | undefined> =>
    (await webhooks()).find((webhook) => webhook.webhookId === webhookId);
  let position = 0;

  return {
    set: async (settings) => {
      await call('PUT', `${standIns}/_mindtickle`, settings);
    },
    happen: async (planned, webhookId) => {
      const events = planned.map(({ event, eventId, data }) => ({ event, eventId, data }));
      await call('POST', `${standIns}/_mindtickle/events`, { events, webhookId });
    },
    news: async () => {
      const answer = await call('GET', `${standIns}/_mindtickle/journal?from=${position}`);
      const { lines, next } = answer as { readonly lines: readonly JournalLine[]; readonly next: number };
      position = next;
      return lines;
    },
    webhook: find,
    subscribe: async (url, events, companyId) => {
      const known = (await webhooks()).find((webhook) => webhook.url === url);
      if (known !== undefined) return known;
      const made = (await call('POST', `${mindtickleApi.url}/v2/webhooks`, { url, events, companyId })) as Webhook;
      const { webhookId } = made;
      return { ...made, webhookId, url, events: [...events], companyId };
    },
    reactivate: async (webhookId, events) => {
      await call('PATCH', `${mindtickleApi.url}/v2/webhooks/${webhookId}`, { events });
    },
    state,
    addUser: async (user) => {
      const { id } = (await call('POST', `${standIns}/identity/scim/v2/Users`, user)) as { readonly id: string };
      return id;
    },
    addToGroup: async (name, userIds) => {
      const id = (await state()).identity.groups.find(({ displayName }) => displayName === name)?.id;
      const value = userIds.map((userId) => ({ value: userId }));
      await call('PATCH', `${standIns}/identity/scim/v2/Groups/${String(id)}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'add', path: 'members', value }],
      });
    },
  };
}
