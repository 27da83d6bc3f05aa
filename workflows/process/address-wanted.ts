/** Which steps wait for the learner's address: there `identify` is offered and taken. */
import type { StepState } from '../messages';

/** The step that finds it. */
export const FIND_ADDRESS = 'findAddress';

/** Of others, the sentence offers it: a connector's, where the keys of a person disagree. */
export function wantsAddress({ step, status, detail }: StepState): boolean {
  return status === 'parked' && (step === FIND_ADDRESS || /\bidentify\b/.test(detail ?? ''));
}
