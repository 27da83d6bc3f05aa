import { type Notification, type Readers, renderNotification } from '../../src/domain';
import { effectsOfStep } from '../../src/ledger';
import type { SystemSettings } from '../../src/settings';
import { readersOf, type Check, type Connector, type ConnectorDeps } from '../connector';
import { askLedger, rejected } from '../failure';
import { createHttp, type Http } from '../http';
import { createWrite, digest, ownWorkflowId, type StepContext } from '../write-once';
import { createAccountActivities, findUser, type AccountActivities } from './accounts';
import { createCallSlack, type CallSlack } from './web';

/** A channel by its id or name (`C024BE91L`, `#enablement`), or a person, who gets a direct message. */
export type ChatTarget = { readonly channel: string } | { readonly email: string };

export interface SlackActivities extends AccountActivities {
  /**
   * Post one message to a channel or a person. Slack has no idempotency key: after a lost answer the conversation is read,
   * and only what is not found there is posted again.
   */
  postSlackMessage(context: StepContext, target: ChatTarget, notification: Notification): Promise<'sent' | 'observed'>;
}

/**
 * Slack: messages by its Web API, accounts by its SCIM API. The scopes that they need are in docs/connectors.md. A message
 * is posted at least once: one whose first attempt outlives our time limit may come twice.
 * @throws `slack.unavailable` and `ledger.unavailable` (retry), `slack.rejected`.
 */
export function connect(
  { url, scimUrl, token, scimToken }: SystemSettings['slack'],
  deps: ConnectorDeps,
): Connector<SlackActivities> {
  const write = createWrite('slack', deps.pool);
  const api = (baseUrl: string, secret: () => string): Http =>
    createHttp({ system: 'slack', baseUrl, headers: () => ({ authorization: `Bearer ${secret()}` }), write, ...deps });
  const call = createCallSlack(api(url, token));
  const scim = scimToken && api(scimUrl, scimToken);

  async function postSlackMessage(
    context: StepContext,
    target: ChatTarget,
    notification: Notification,
  ): Promise<'sent' | 'observed'> {
    const recipient = 'email' in target ? digest(target.email.toLowerCase()) : target.channel;
    const naturalKey = `${notification.kind}:${recipient}`;
    const to = 'email' in target ? 'person' : target.channel;
    const effect = { context, naturalKey, would: { notification: notification.kind, to } };
    const workflowId = ownWorkflowId();
    const key = digest(`${workflowId} ${context.step} ${recipient}`);
    const member = 'email' in target ? await memberOf(call, target.email) : undefined;

    const rows = await askLedger(() => effectsOfStep(deps.pool, workflowId, context.step, 'slack'));
    const begun = rows.find((row) => row.naturalKey === naturalKey && row.status === 'pending');
    return write(effect, async () => {
      const conversation = 'email' in target ? await openDirect(call, member) : target.channel;
      if (begun !== undefined && (await isPosted(call, conversation, key, Date.parse(begun.begunAt)))) return 'sent';
      await call('chat.postMessage', { channel: conversation, ...messageOf(notification, key, readersOf(deps)) });
      return 'sent' as const;
    });
  }

  /** Each API is asked who we are, or who nobody is, and whether we are in the channel that the policy names. */
  const { alertsChannel } = deps.policy.slack;
  const checks: readonly Check[] = [
    () => call('auth.test', {}),
    async () => alertsChannel !== undefined && requireMember(call, alertsChannel),
    async () => scim !== undefined && findUser(scim, NOBODY, null),
  ];

  async function note(): Promise<string | undefined> {
    const found = scim === undefined ? null : await findUser(scim, NOBODY, null);
    return found === 'not supported'
      ? 'It has no SCIM API for this workspace: deactivating accounts is not supported'
      : undefined;
  }

  return { activities: { postSlackMessage, ...createAccountActivities(scim, deps) }, checks, note };
}

const NOBODY = 'nobody@example.com';

/** Our app is in the channel: reads its newest message. @throws `slack.rejected` */
async function requireMember(call: CallSlack, channel: string): Promise<void> {
  const id = await idOf(call, channel);
  if (id === undefined)
    throw rejected('slack', `has no channel ${channel} that our app is in`, {
      advice: "Invite our app to it, or correct the policy's `slack.alertsChannel`",
    });
  await call('conversations.history', { channel: id, limit: '1' });
}

/** Marks our messages, whose metadata has the key by which each is found again. */
const EVENT_TYPE = 'mindtickle_notification';

/** Slack accepts 40,000 characters, and an escaped one may be five. */
const MAX_CHARACTERS = 8000;

/** Plain text: nothing in a title formats, mentions or links. */
function messageOf(notification: Notification, key: string, readers: Readers): Readonly<Record<string, string>> {
  const { subject, text } = renderNotification(notification, readers);
  const whole = Array.from(`${subject}\n\n${text}`);
  return {
    text: escape(whole.slice(0, MAX_CHARACTERS).join('')),
    mrkdwn: 'false',
    unfurl_links: 'false',
    unfurl_media: 'false',
    metadata: JSON.stringify({ event_type: EVENT_TYPE, event_payload: { key } }),
  };
}

/** The three characters that Slack gives a meaning (https://docs.slack.dev/messaging/formatting-message-text). */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function memberOf(call: CallSlack, email: string): Promise<unknown> {
  const method = 'users.lookupByEmail';
  const { user } = await call(method, { email });
  const { id, profile } = (user ?? {}) as { readonly id?: unknown; readonly profile?: { readonly email?: unknown } };
  const theirs = profile?.email;
  if (typeof theirs === 'string' && theirs.toLowerCase() !== email.toLowerCase())
    throw rejected('slack', 'answered with a member of another address than was asked for', { call: method });
  return id;
}

/** The conversation with a member, the same one each time. */
async function openDirect(call: CallSlack, member: unknown): Promise<string> {
  const { channel } = await call('conversations.open', { users: String(member) });
  return String((channel as { readonly id?: unknown } | undefined)?.id);
}

/** The ledger's clock and Slack's may differ by this much, in ms. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** In a conversation with more messages since the first attempt, ours may be posted twice. */
const MAX_PAGES = 5;
const PAGE = '200';

async function isPosted(call: CallSlack, channel: string, key: string, since: number): Promise<boolean> {
  const id = await idOf(call, channel);
  // We are in no such channel, and cannot have posted there.
  if (id === undefined) return false;
  const oldest = ((since - CLOCK_SKEW_MS) / 1000).toFixed(6);
  const page = { channel: id, oldest, include_all_metadata: 'true', limit: PAGE };
  return someOf(call, 'conversations.history', page, 'messages', (message) => keyOf(message) === key);
}

function keyOf(message: unknown): unknown {
  const { metadata } = message as { metadata?: { event_type?: unknown; event_payload?: { key?: unknown } } };
  return metadata?.event_type === EVENT_TYPE ? metadata.event_payload?.key : undefined;
}

/** A message may be posted to a channel's name, but its history is read by id: that of a channel which we are in. */
async function idOf(call: CallSlack, channel: string): Promise<string | undefined> {
  if (/^[CDG][A-Z0-9]{7,}$/.test(channel)) return channel;
  const name = channel.replace(/^#/, '');
  let id: string | undefined;
  const args = { types: 'public_channel,private_channel', limit: PAGE };
  await someOf(call, 'users.conversations', args, 'channels', (one) => {
    const found = one as { readonly id?: unknown; readonly name?: unknown };
    if (found.name !== name || typeof found.id !== 'string') return false;
    id = found.id;
    return true;
  });
  return id;
}

/** Is there such a thing on one of the first pages? */
async function someOf(
  call: CallSlack,
  method: string,
  args: Readonly<Record<string, string>>,
  list: string,
  isWanted: (one: unknown) => boolean,
): Promise<boolean> {
  let cursor = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await call(method, { ...args, ...(cursor !== '' && { cursor }) });
    const all = answer[list];
    if (Array.isArray(all) && all.some(isWanted)) return true;
    const { next_cursor: next } = (answer['response_metadata'] ?? {}) as { next_cursor?: unknown };
    if (typeof next !== 'string' || next === '') return false;
    cursor = next;
  }
  return false;
}
