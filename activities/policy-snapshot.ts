import type { Policy, Terms } from '../src/domain/policy';

export interface TermsActivities {
  /** Policy and connector modes as they stand now; a workflow keeps what it gets until it ends. */
  readTerms(): Promise<Terms>;
}

export function createTermsActivities(policy: Policy, modes: Terms['modes']): TermsActivities {
  return { readTerms: () => Promise.resolve({ policy, modes }) };
}
