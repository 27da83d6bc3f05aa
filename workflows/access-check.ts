/** Whether a leaver's access is still ended: every system is read again, and nothing is changed. */
import type { AccessFound, Person } from '../activities';
import { identity, readPolicySnapshot, salesforce, sideBySide, slack, whyFailed } from './process';
import { beginRelease } from './releases';

/** Those that a person can get into. */
export type AccessSystem = 'identity' | 'salesforce' | 'slack';

/** `off`: it has no settings. `unknown`: it did not answer, or could not decide; `why` says so. */
export type AccessAnswer =
  AccessFound | { readonly state: 'off' } | { readonly state: 'unknown'; readonly why: string };

export interface AccessReport {
  readonly outcome: 'done';
  readonly systems: Readonly<Record<AccessSystem, AccessAnswer>>;
}

/** A person waits for the answer: a system that is away is asked again, but not for long. */
const OPTIONS = { retry: { maximumAttempts: 3 }, scheduleToCloseTimeout: '45 seconds' } as const;

/** `person`: MindTickle's user id and the address that the ledger has; started by an operator. */
export async function accessCheck(person: Person): Promise<AccessReport> {
  beginRelease();
  const { modes } = await readPolicySnapshot.executeWithOptions({ summary: 'Read the policy' }, []);
  const read: Readonly<Record<AccessSystem, () => Promise<AccessFound>>> = {
    identity: () => identity.readIdentityAccess.executeWithOptions(options('the identity provider'), [person]),
    salesforce: () => salesforce.readCrmAccess.executeWithOptions(options('the CRM'), [person]),
    slack: () => slack.readSlackAccess.executeWithOptions(options('Slack'), [person]),
  };
  const ask = async (system: AccessSystem): Promise<AccessAnswer> => {
    if ((modes[system] ?? 'off') === 'off') return { state: 'off' };
    try {
      return await read[system]();
    } catch (error) {
      return { state: 'unknown', why: whyFailed(error) };
    }
  };
  const [ofIdentity, ofSalesforce, ofSlack] = await sideBySide(
    () => ask('identity'),
    () => ask('salesforce'),
    () => ask('slack'),
  );
  return { outcome: 'done', systems: { identity: ofIdentity, salesforce: ofSalesforce, slack: ofSlack } };
}

function options(system: string) {
  return { ...OPTIONS, summary: `Has the person still access to ${system}?` };
}
