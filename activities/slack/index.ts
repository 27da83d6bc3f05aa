import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { renderNotification, type Notification } from '../../src/domain';
import { effectsOfStep } from '../../src/ledger';
import type { StepContext, Write } from '../write-once';
import type { Http } from '../http';
import { askLedger } from '../ledger/call';
import { createAccountActivities, findUser, type AccountActivities, type AccountDeps } from './accounts';
import { createCallSlack, type CallSlack } from './web';

/** A channel by its id or name (`C024BE91L`, `#enablement`), or a person, who gets a direct message. */
export type ChatTarget = { readonly channel: string } | { readonly email: string };

export interface SlackActivities extends AccountActivities {
  /**
   * Post one letter to a channel or a person. Slack cannot be told to post it once: after a lost answer the conversation
   * is read, and only what is not found there is posted again.
   */
  postMessage(context: StepContext, target: ChatTarget, letter: Notification): Promise<'sent' | 'observed'>;
}

export type SlackApis = Pick<SlackDeps, 'web' | 'scim'>;

export interface SlackDeps extends AccountDeps {
  /** Slack's Web API, by the bot token. */
  readonly web: Http;
  readonly write: Write;
}

/**
 * Slack: letters by its Web API, accounts by its SCIM API. The scopes that they need stand in
 * docs/connectors.md. A message is posted at least once: one whose first attempt outlives our patience may come twice.
 * @throws `slack.unavailable` and `ledger.unavailable` (retry), `slack.rejected`.
 */
export function createSlackActivities({ web, write, ...accounts }: SlackDeps): SlackActivities {
  const call = createCallSlack(web);
  const { pool } = accounts;

  async function postMessage(
    context: StepContext,
    target: ChatTarget,
    letter: Notification,
  ): Promise<'sent' | 'observed'> {
    const recipient = 'email' in target ? digest(target.email.toLowerCase()) : target.channel;
    const naturalKey = `${letter.kind}:${recipient}`;
    const to = 'email' in target ? 'person' : target.channel;
    const effect = { context, naturalKey, would: { letter: letter.kind, to } };
    const { workflowId } = Context.current().info.workflowExecution ?? { workflowId: 'none' };
    const key = digest(`${workflowId} ${context.step} ${recipient}`);
    const member = 'email' in target ? await memberOf(call, target.email) : undefined;
    const channel = (): Promise<string> =>
      'email' in target ? openDirect(call, member) : Promise.resolve(target.channel);

    const rows = await askLedger(() => effectsOfStep(pool, workflowId, context.step, 'slack'));
    const begun = rows.find((row) => row.naturalKey === naturalKey && row.status === 'pending');
    return write(effect, async () => {
      const conversation = await channel();
      if (begun !== undefined && (await isPosted(call, conversation, key, Date.parse(begun.begunAt)))) return 'sent';
      await call('chat.postMessage', { channel: conversation, ...messageOf(letter, key) });
      return 'sent' as const;
    });
  }

  return { postMessage, ...createAccountActivities(accounts) };
}

/** Asks each API who we are, or who nobody is. @throws as the activities. */
export async function checkSlack({ web, scim }: SlackApis): Promise<void> {
  await createCallSlack(web)('auth.test', {});
  if (scim !== undefined) await findUser(scim, 'nobody@example.com');
}

/** What marks our messages, and carries the key by which each is found again. */
const EVENT_TYPE = 'mindtickle_letter';

/** Slack takes 40,000 characters, and an escaped one may be five. */
const LONGEST = 8000;

/** Plain text: nothing in a title formats, mentions or links. */
function messageOf(letter: Notification, key: string): Readonly<Record<string, string>> {
  const { subject, text } = renderNotification(letter);
  const whole = Array.from(`${subject}\n\n${text}`);
  return {
    text: escape(whole.slice(0, LONGEST).join('')),
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
  const { user } = await call('users.lookupByEmail', { email });
  return (user as { readonly id?: unknown } | undefined)?.id;
}

/** The conversation with a member, the same one each time. */
async function openDirect(call: CallSlack, member: unknown): Promise<string> {
  const { channel } = await call('conversations.open', { users: String(member) });
  return String((channel as { readonly id?: unknown } | undefined)?.id);
}

/** The ledger's clock and Slack's may differ by as much, in ms. */
const CLOCKS_APART = 5 * 60_000;

/** A conversation that is livelier than this since the first attempt is not read on: then it may be posted twice. */
const PAGES = 5;
const PAGE = '200';

async function isPosted(call: CallSlack, channel: string, key: string, since: number): Promise<boolean> {
  const id = await idOf(call, channel);
  // We are in no such channel, and cannot have posted there.
  if (id === undefined) return false;
  const oldest = ((since - CLOCKS_APART) / 1000).toFixed(6);
  const page = { channel: id, oldest, include_all_metadata: 'true', limit: PAGE };
  return someOf(call, 'conversations.history', page, 'messages', (message) => keyOf(message) === key);
}

function keyOf(message: unknown): unknown {
  const { metadata } = message as { metadata?: { event_type?: unknown; event_payload?: { key?: unknown } } };
  return metadata?.event_type === EVENT_TYPE ? metadata.event_payload?.key : undefined;
}

/** A message may be posted to a channel's name; its history is asked by id. Looked for among the channels that we are in. */
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
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await call(method, { ...args, ...(cursor !== '' && { cursor }) });
    const all = answer[list];
    if (Array.isArray(all) && all.some(isWanted)) return true;
    const { next_cursor: next } = (answer['response_metadata'] ?? {}) as { next_cursor?: unknown };
    if (typeof next !== 'string' || next === '') return false;
    cursor = next;
  }
  return false;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
