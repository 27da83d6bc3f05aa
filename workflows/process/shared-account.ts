import { isCancellation } from '@temporalio/workflow';
import { identity } from './activity-proxies';
import type { Process } from './process';
import { NeedsDecision } from './steps';

/** What is done about an account that several learners have: MindTickle knows ids, the systems know addresses. */
export interface SharedAccount {
  /** Settles when no other active learner has the account, or somebody decided to go on: no step ends access before. */
  readonly answered: () => Promise<void>;
  /** Those about whom somebody decided. */
  readonly snapshot: () => readonly string[];
}

/** The provider may know the person by another address than the event. Where it does not say, the step itself finds out. */
const LOOK_UP_TIMEOUT = '5 minutes';

/** Parks as the step `sharedAccount`. `before`: about whom somebody decided in the run before. */
export function createSharedAccount(process: Process, before: readonly string[] = []): SharedAccount {
  const { lookUps, steps, people } = process;
  const decided = new Set(before);
  let known: readonly string[] | undefined;
  let asking: Promise<void> | undefined;

  async function accountAddresses(): Promise<readonly string[]> {
    if (!steps.isOn('identity')) return [];
    const options = { summary: 'Whose account is it?', scheduleToCloseTimeout: LOOK_UP_TIMEOUT };
    try {
      const contact = await identity.findContact.executeWithOptions(options, [await people.person()]);
      known = contact?.email ? [contact.email] : [];
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
    return known ?? [];
  }

  async function others(): Promise<readonly string[]> {
    const { email } = await people.person();
    const emails = [...(email === null ? [] : [email]), ...(known ?? (await accountAddresses()))];
    const sharers = await lookUps.sharers(emails);
    return sharers.filter((other) => !decided.has(other));
  }

  async function ask(): Promise<void> {
    let asked = await others();
    if (asked.length === 0) return;
    let isRetry = false;
    const title = 'Confirm that the account is of nobody else';
    const found = await steps.attempt({ step: 'sharedAccount', title }, async () => {
      if (isRetry) asked = await others();
      isRetry = true;
      if (asked.length > 0) throw new NeedsDecision(questionOf(asked), 'sharedAccount', { mayPass: true });
      return 'nobody';
    });
    if (found === undefined) for (const other of asked) decided.add(other);
  }

  /** Once for all who ask at the same time: a second step would have to be decided on as well. */
  function answered(): Promise<void> {
    asking ??= ask().finally(() => (asking = undefined));
    return asking;
  }

  return { answered, snapshot: () => [...decided] };
}

/** Ids only: an address is not shown. */
function questionOf(others: readonly string[]): string {
  const who =
    others.length === 1 ? `the active learner ${others[0] ?? ''} has` : `active learners have (${others.join(', ')})`;
  return `shared account? ${who} the address of this account: skipStep ends its access all the same, cancel gives everything back`;
}
