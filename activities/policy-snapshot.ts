import type { Policy, PolicySnapshot } from '../src/domain';

export interface TermsActivities {
  /** Policy and connector modes as they stand now; a workflow keeps what it gets until it ends. */
  readTerms(): Promise<PolicySnapshot>;
}

export function createTermsActivities(policy: Policy, modes: PolicySnapshot['modes']): TermsActivities {
  return { readTerms: () => Promise.resolve({ policy, modes }) };
}
