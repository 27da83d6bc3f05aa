import type { Policy } from '../src/domain/policy';
import type { CertificateFacts } from './certificate';
import type { StepContext } from './effects';

/** What is said of a completion; all of it from the event and the workflow's own terms, so that it can be said again. */
export interface StatementFacts extends CertificateFacts {
  /** `passed`: the policy sets a mark, and the score reaches it. */
  readonly verb: 'completed' | 'passed';
  /** The policy's of the workflow's terms. Absent in what was taken before there was one: the defaults. */
  readonly iris?: Policy['xapi'];
}

export interface XapiActivities {
  /**
   * Store the learner's completion in the LMS's record store, the certificate with it. One statement an event, verb and
   * course. `unchanged`: it was there already.
   */
  storeStatement(context: StepContext, facts: StatementFacts): Promise<'done' | 'unchanged' | 'observed'>;
}
