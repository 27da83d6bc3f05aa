/** The channels by which people are notified. Apart from the sender, which knows none of them: a new one changes this file alone. */
import type { ChatTarget, Role, StepContext } from '../../activities';
import type { Notification, Policy, System } from '../../src/domain';
import { mail, slack, type CallOptions } from './activity-proxies';

/** A person, by an e-mail address. */
export interface Recipient {
  readonly role: Role;
  readonly to: string;
}

/** Everybody who reads the channel of alerts, where the policy names one. */
export const ALERT_READERS = { role: 'channel' } as const;

export type Audience = Recipient | typeof ALERT_READERS;

type Sent = 'sent' | 'observed';

interface ChannelSpec<Address> {
  /** Its name, and what its mode decides: whether anything is sent. */
  readonly system: System;
  /** Undefined: it does not reach them. */
  readonly addressOf: (audience: Audience, policy: Policy) => Address | undefined;
  readonly isWanted: (audience: Audience, notification: Notification, policy: Policy) => boolean;
  readonly send: (
    address: Address,
    notification: Notification,
    role: Audience['role'],
    call: readonly [context: StepContext, options: CallOptions],
  ) => Promise<Sent>;
}

/**
 * In the order in which they are used: a step that notifies parks when the first that is configured refuses. The others are
 * sent beside it, and a refusal is noted. A new channel is an entry here.
 */
const CHANNELS = [
  channel<Recipient>({
    system: 'mail',
    addressOf: (audience) => ('to' in audience ? audience : undefined),
    isWanted: () => true,
    send: ({ to, role }, notification, _, [context, options]) =>
      mail.sendMail.executeWithOptions(options, [context, to, role, notification]),
  }),
  channel<ChatTarget>({
    system: 'slack',
    addressOf: (audience, policy) => ('to' in audience ? { email: audience.to } : alertsChannel(policy)),
    // Managers and leads read it sooner than mail. What is escalated they see in the channel of alerts.
    isWanted: ({ role }, { kind }, policy) =>
      role === 'channel' ||
      (policy.slack.directMessages && (role === 'manager' || role === 'lead') && kind !== 'escalation'),
    send: (target, notification, _, [context, options]) =>
      slack.postSlackMessage.executeWithOptions(options, [context, target, notification]),
  }),
];

function alertsChannel({ slack: channels }: Policy): ChatTarget | undefined {
  return channels.alertsChannel === undefined ? undefined : { channel: channels.alertsChannel };
}

/** A channel, as it reaches an audience. */
export interface Route {
  readonly system: System;
  readonly send: (context: StepContext, options: CallOptions) => Promise<Sent>;
}

type Channel = (audience: Audience, notification: Notification, policy: Policy) => Route | undefined;

function channel<Address>({ addressOf, isWanted, send, system }: ChannelSpec<Address>): Channel {
  return (audience, notification, policy) => {
    const address = addressOf(audience, policy);
    if (address === undefined || !isWanted(audience, notification, policy)) return undefined;
    return {
      system,
      send: (...call) => send(address, notification, audience.role, call),
    };
  };
}

/** The channels that reach an audience with this; none before the policy is known. */
export function routesTo(audience: Audience, notification: Notification, policy: Policy | undefined): readonly Route[] {
  if (policy === undefined) return [];
  return CHANNELS.map((route) => route(audience, notification, policy)).filter((route) => route !== undefined);
}
