import type { ChatTarget } from '../../activities';
import type { Notification, PolicySnapshot } from '../../src/domain';
import { slack } from './activity-proxies';
import type { Recorder } from './state';
import { since } from '../releases';

/** Letters in the chat, beside mail and never instead of it. */
export interface Chat {
  /** The channel that hears of everything that parks or is escalated, where the policy names one. */
  readonly post: (letter: Notification) => Promise<void>;
  readonly tell: (role: string, target: ChatTarget, letter: Notification) => Promise<void>;
}

export interface ChatDeps {
  readonly userId: string;
  readonly recorder: Recorder;
  readonly terms: () => PolicySnapshot | undefined;
  readonly nextStep: () => string;
}

export function createChat({ userId, recorder, terms, nextStep }: ChatDeps): Chat {
  async function post(letter: Notification): Promise<void> {
    const channel = terms()?.policy.slack?.alertsChannel;
    if (channel !== undefined) await tell('channel', { channel }, letter);
  }

  async function tell(role: string, target: ChatTarget, letter: Notification): Promise<void> {
    const mode = terms()?.modes.slack ?? 'off';
    if (mode === 'off' || !since('slack')) return;
    const context = { step: nextStep(), userId, mode };
    const summary = `Tell the ${role} in the chat: ${letter.kind}`;
    const sent = await slack.postMessage.executeWithOptions({ summary }, [context, target, letter]);
    if (sent === 'sent') recorder.tell({ role, letter: `${subjectOf(letter)}, in the chat` });
  }

  return { post, tell };
}

/** What a letter is about, for the list of who was told. */
export function subjectOf(letter: Notification): string {
  return letter.kind === 'parked' ? `parked: ${letter.step}` : letter.kind;
}
