/** Notifications by every channel that reaches somebody, beside the steps. */
import { isCancellation } from '@temporalio/workflow';
import { NOTIFICATION_TOPICS, type Notification, type PolicySnapshot, type System } from '../../src/domain';
import { FOR_A_PERSON } from './activity-proxies';
import { whyFailed } from './failures';
import { routesTo, type Audience, type Route } from './channels';
import type { StateRecorder } from './state';

/** What notifications are about, and by what they are sent. */
export interface SenderContext {
  readonly userId: string;
  /** An address that is known of the learner beside the ledger's. */
  readonly email: string | null;
  readonly recorder: StateRecorder;
  /** Undefined until it is read. */
  readonly policySnapshot: () => PolicySnapshot | undefined;
}

export interface Sender {
  /** Whom the notifications are about, for those who read them. */
  readonly person: { readonly userId: string; readonly email?: string };
  /** The channels that are configured and reach them. */
  readonly routes: (audience: Audience, notification: Notification) => readonly Route[];
  /** False where the channel is off. @throws what the channel refuses with. */
  readonly sendBy: (route: Route, audience: Audience, notification: Notification) => Promise<boolean>;
  /** To each by each channel; what refuses is noted. True when somebody was notified. */
  readonly send: (audiences: readonly Audience[], notification: Notification) => Promise<boolean>;
  /** How many there were. */
  readonly count: () => number;
}

export function createSender({ userId, email, recorder, policySnapshot }: SenderContext, sentBefore: number): Sender {
  const person = { userId, ...(email !== null && { email }) };
  let count = sentBefore;

  const modeOf = (system: System) => policySnapshot()?.modes[system] ?? 'off';
  const routes: Sender['routes'] = (audience, notification) =>
    routesTo(audience, notification, policySnapshot()?.policy).filter(({ system }) => modeOf(system) !== 'off');

  const sendBy: Sender['sendBy'] = async ({ system, send }, { role }, notification) => {
    const mode = modeOf(system);
    if (mode === 'off') return false;
    count += 1;
    const context = { step: `notification${count}`, ...person, mode };
    const summary = titleOf(role, notification);
    const sent = await send(context, { summary, ...(notification.kind === 'escalation' && FOR_A_PERSON) });
    if (sent === 'sent') recorder.addNotified({ role, channel: system, notification: subjectOf(notification) });
    return true;
  };

  /** Each by itself: mail that is away must not hold up Slack, nor one address the others. */
  async function trySending(route: Route, audience: Audience, notification: Notification): Promise<boolean> {
    try {
      return await sendBy(route, audience, notification);
    } catch (error) {
      if (isCancellation(error)) throw error;
      recorder.note({ what: 'a notification was not sent', by: 'mindtickle', reason: whyFailed(error) });
      return false;
    }
  }

  const send: Sender['send'] = async (audiences, notification) => {
    const sent = audiences.flatMap((audience) =>
      routes(audience, notification).map((route) => trySending(route, audience, notification)),
    );
    return (await Promise.all(sent)).includes(true);
  };

  return { person, routes, sendBy, send, count: () => count };
}

/** What a notification is about, for the list of who was notified. */
function subjectOf(notification: Notification): string {
  return notification.kind === 'parked' ? `parked: ${notification.step}` : notification.kind;
}

export function titleOf(role: string, { kind }: Notification): string {
  return `Notify the ${role}: ${NOTIFICATION_TOPICS[kind]}`;
}
