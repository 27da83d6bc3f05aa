import { createHash } from 'node:crypto';
import { z } from 'zod';
import { people, type Person } from '../../people';

const userSchema = z.object({
  /** `U…`, in both APIs. */
  id: z.string(),
  /** The handle. */
  name: z.string(),
  realName: z.string(),
  email: z.string(),
  active: z.boolean(),
  /** As whoever provisions the workspace gave it: MindTickle's user id. */
  externalId: z.string().optional(),
});

const channelSchema = z.object({
  /** `C…`, or `D…` of a conversation with one person. */
  id: z.string(),
  /** Without `#`; null of a direct one. */
  name: z.string().nullable(),
  /** With whom a direct one is. */
  userId: z.string().nullable(),
  /** Is our app in it? */
  isMember: z.boolean(),
});

const messageSchema = z.object({
  channel: z.string(),
  /** Seconds and a counter: unique in the workspace, and in order. */
  ts: z.string(),
  text: z.string(),
  metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).nullable(),
});

/** What the workspace holds. */
export const workspaceSchema = z.object({
  users: z.array(userSchema),
  channels: z.array(channelSchema),
  messages: z.array(messageSchema),
});

export type Workspace = z.infer<typeof workspaceSchema>;
export type WorkspaceUser = z.infer<typeof userSchema>;
export type Channel = z.infer<typeof channelSchema>;
export type Message = z.infer<typeof messageSchema>;

/** The demo's people, a channel that our app is in and one that it is not; with the same ids each time. */
export function seedWorkspace(): Workspace {
  const everyone: readonly Person[] = Object.values(people);
  const users = everyone.map(({ name, email, userId }) => ({
    id: stableId('U', userId),
    name: (email.split('@')[0] ?? email).replace(/\W/g, '.'),
    realName: name,
    email,
    active: true,
    externalId: userId,
  }));
  const channel = (name: string, isMember: boolean): Channel => ({
    id: stableId('C', name),
    name,
    userId: null,
    isMember,
  });
  return { users, channels: [channel('enablement', true), channel('leadership', false)], messages: [] };
}

/** The conversation with a user: made when it is first asked for, the same from then on. */
export function directOf(workspace: Workspace, { id: userId }: WorkspaceUser): Channel {
  const known = workspace.channels.find((channel) => channel.userId === userId);
  return known ?? { id: stableId('D', userId), name: null, userId, isMember: true };
}

function stableId(kind: 'U' | 'C' | 'D', name: string): string {
  return `${kind}0${createHash('sha256').update(`${kind} ${name}`).digest('hex').slice(0, 9).toUpperCase()}`;
}

/** The next message's `ts`: later than the last, whatever the clock says. */
export function nextTs({ messages }: Workspace, now: Date): string {
  const last = Number((messages.at(-1)?.ts ?? '0').replace('.', ''));
  const micros = String(Math.max(now.getTime() * 1000, last + 1));
  return `${micros.slice(0, -6)}.${micros.slice(-6)}`;
}

/** The messages and users of `GET /_state`. */
export interface SlackState {
  /** Oldest first. */
  readonly messages: readonly {
    readonly channel: string;
    /** `#name`; null of a direct one. */
    readonly channelName: string | null;
    /** The address of the one who got it directly; null in a channel. */
    readonly to: string | null;
    readonly ts: string;
    /** As it was sent: `&amp;`, `&lt;` and `&gt;` stand for their characters. */
    readonly text: string;
    readonly metadata: Message['metadata'];
  }[];
  readonly users: readonly Pick<WorkspaceUser, 'id' | 'name' | 'email' | 'active'>[];
}

/** What people and tests look at: names instead of ids. */
export function summaryOf({ users, channels, messages }: Workspace): SlackState {
  return {
    messages: messages.map((message) => {
      const channel = channels.find(({ id }) => id === message.channel);
      const name = channel?.name ?? null;
      return {
        ...message,
        channelName: name === null ? null : `#${name}`,
        to: users.find(({ id }) => id === channel?.userId)?.email ?? null,
      };
    }),
    users: users.map(({ id, name, email, active }) => ({ id, name, email, active })),
  };
}
