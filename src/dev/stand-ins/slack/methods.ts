import { directOf, nextTs, type Channel, type Message, type Workspace, type WorkspaceUser } from './workspace';
import type { Stored } from '../store';

/** What a method is given: the arguments, whichever way they came. */
export interface MethodCall {
  readonly args: Readonly<Record<string, unknown>>;
  readonly workspace: Stored<Workspace>;
  readonly now: Date;
}

/** The answer without `ok`, or Slack's code of a refusal. */
export type MethodAnswer = Readonly<Record<string, unknown>> | string;

interface Method {
  /** Does it accept arguments as JSON too? Those that only read do not. */
  readonly acceptsJson?: true;
  readonly run: (call: MethodCall) => MethodAnswer;
}

const APP = { team: 'Acme', team_id: 'T00000ACME', user: 'mindtickle', user_id: 'U0000000APP', bot_id: 'B0000000APP' };

/** The methods of Slack's Web API that there are here, by name. */
export const methods: Readonly<Record<string, Method>> = {
  'auth.test': { acceptsJson: true, run: () => APP },
  'users.lookupByEmail': { run: lookUp },
  'users.conversations': { run: ({ args, workspace }) => list(args, workspace.read()) },
  'conversations.open': { acceptsJson: true, run: open },
  'conversations.history': { run: history },
  'chat.postMessage': { acceptsJson: true, run: post },
};

function lookUp({ args, workspace }: MethodCall): MethodAnswer {
  const email = textOf(args['email'])?.toLowerCase();
  const user = workspace.read().users.find((one) => one.active && one.email.toLowerCase() === email);
  return user === undefined ? 'users_not_found' : { user: shown(user) };
}

function shown({ id, name, realName, email, active }: WorkspaceUser): object {
  return { id, name, real_name: realName, deleted: !active, profile: { email, real_name: realName } };
}

function list(args: MethodCall['args'], { channels }: Workspace): MethodAnswer {
  const ours = channels.filter(({ isMember, name }) => isMember && name !== null);
  const page = paged(ours, args, 1000);
  if (typeof page === 'string') return page;
  const shownChannels = page.items.map(({ id, name }) => ({ id, name, is_channel: true, is_archived: false }));
  return { channels: shownChannels, response_metadata: { next_cursor: page.next } };
}

function open({ args, workspace }: MethodCall): MethodAnswer {
  const before = workspace.read();
  const user = before.users.find(({ id }) => id === textOf(args['users']));
  if (user === undefined) return 'user_not_found';
  if (!user.active) return 'user_disabled';
  const channel = directOf(before, user);
  const isKnown = before.channels.some(({ id }) => id === channel.id);
  if (!isKnown) workspace.write({ ...before, channels: [...before.channels, channel] });
  return { ...(isKnown && { no_op: true, already_open: true }), channel: { id: channel.id } };
}

function history({ args, workspace }: MethodCall): MethodAnswer {
  const { channels, messages } = workspace.read();
  const channel = channels.find(({ id }) => id === textOf(args['channel']));
  if (channel === undefined) return 'channel_not_found';
  if (!channel.isMember) return 'not_in_channel';
  const [oldest, latest] = [Number(args['oldest'] ?? 0), Number(args['latest'] ?? Infinity)];
  if (Number.isNaN(oldest)) return 'invalid_ts_oldest';
  if (Number.isNaN(latest)) return 'invalid_ts_latest';
  const isInside = ({ ts }: Message): boolean =>
    isTrue(args['inclusive'])
      ? Number(ts) >= oldest && Number(ts) <= latest
      : Number(ts) > oldest && Number(ts) < latest;
  const found = messages.filter((message) => message.channel === channel.id && isInside(message)).reverse();
  const page = paged(found, args, 999);
  if (typeof page === 'string') return page;
  const withMetadata = isTrue(args['include_all_metadata']);
  return {
    messages: page.items.map(({ ts, text, metadata }) => ({
      ...{ type: 'message', user: APP.user_id, bot_id: APP.bot_id, ts, text },
      ...(withMetadata && metadata !== null && { metadata }),
    })),
    has_more: page.next !== '',
    ...(page.next !== '' && { response_metadata: { next_cursor: page.next } }),
  };
}

/** One page, and the cursor of the next; `''` after the last. */
function paged<T>(
  all: readonly T[],
  args: MethodCall['args'],
  most: number,
): { readonly items: readonly T[]; readonly next: string } | 'invalid_cursor' | 'invalid_limit' {
  const limit = Number(args['limit'] ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) return 'invalid_limit';
  const from = startOf(textOf(args['cursor']) ?? '');
  if (!(from <= all.length)) return 'invalid_cursor';
  const end = from + limit;
  return { items: all.slice(from, end), next: end < all.length ? Buffer.from(`from:${end}`).toString('base64') : '' };
}

/** NaN for a cursor that is none of ours. */
function startOf(cursor: string): number {
  if (cursor === '') return 0;
  return Number(/^from:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1] ?? NaN);
}

/** Two posts of one message look like two messages: there are two then, as at Slack. */
function post({ args, workspace, now }: MethodCall): MethodAnswer {
  const before = workspace.read();
  const channel = channelOf(before, textOf(args['channel']) ?? '');
  if (channel === undefined) return 'channel_not_found';
  if (!channel.isMember) return 'not_in_channel';
  const text = textOf(args['text']) ?? '';
  if (text.trim() === '') return 'no_text';
  if (text.length > 40_000) return 'msg_too_long';
  const metadata = metadataOf(args['metadata']);
  if (typeof metadata === 'string') return metadata;
  const message = { channel: channel.id, ts: nextTs(before, now), text, metadata };
  const isKnown = before.channels.some(({ id }) => id === channel.id);
  workspace.write({
    ...before,
    channels: isKnown ? before.channels : [...before.channels, channel],
    messages: [...before.messages, message],
  });
  const { ts } = message;
  return { channel: channel.id, ts, message: { type: 'message', user: APP.user_id, bot_id: APP.bot_id, ts, text } };
}

/** By id or name, or the conversation with a user by theirs. */
function channelOf(workspace: Workspace, wanted: string): Channel | undefined {
  const user = workspace.users.find(({ id, active }) => id === wanted && active);
  if (user !== undefined) return directOf(workspace, user);
  const name = wanted.replace(/^#/, '');
  return workspace.channels.find((channel) => channel.id === wanted || channel.name === name);
}

function metadataOf(given: unknown): Message['metadata'] | 'invalid_metadata_format' | 'invalid_metadata_schema' {
  if (given === undefined) return null;
  let parsed: unknown = given;
  try {
    if (typeof given === 'string') parsed = JSON.parse(given);
  } catch {
    return 'invalid_metadata_format';
  }
  const { event_type: type, event_payload: payload } = (parsed ?? {}) as {
    event_type?: unknown;
    event_payload?: unknown;
  };
  if (typeof type !== 'string' || !/^[A-Za-z][\w.]*$/.test(type)) return 'invalid_metadata_schema';
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return 'invalid_metadata_schema';
  return { event_type: type, event_payload: { ...payload } };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}
