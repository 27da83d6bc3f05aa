import { ApplicationFailure } from '@temporalio/workflow';

/** An update that makes no sense now, or is malformed: thrown by its validator or handler, it fails the update alone. */
export function refusal(why: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'refused', message: why, nonRetryable: true });
}
