import type { Letter } from '../src/domain/letters';
import type { StepContext } from './effects';
import type { Change } from './identity-changes';
import type { Person } from './identity-driver';

/** A channel by its id or name (`C024BE91L`, `#enablement`), or a person, who gets a direct message. */
export type ChatTarget = { readonly channel: string } | { readonly email: string };

/** `not configured`: there is no SLACK_SCIM_TOKEN, and without one nobody's account can be changed. */
export type AccountChange = Change | 'not configured';

export interface SlackActivities {
  /**
   * Post one letter to a channel or a person. Slack cannot be told to post it once: after a lost answer the conversation
   * is read, and only what is not there is posted again.
   */
  postMessage(context: StepContext, target: ChatTarget, letter: Letter): Promise<'sent' | 'observed'>;
  /** End a leaver's sign-in to the workspace. */
  deactivateUser(context: StepContext, person: Person): Promise<AccountChange>;
  /** Undo what step `of` changed; what never happened needs no undoing, and a leaver gets nothing back. */
  restoreUser(context: StepContext, person: Person, of: string): Promise<AccountChange>;
}
