/** Whether a message still makes sense for a workflow when its turn comes: so that the same bulk again does nothing more. */
import { takesMessage, type CaseMessageName } from '../../domain';
import type { ProcessState } from '../../../workflows/messages';
import type { Body } from './bodies';
import type { Listed } from './temporal';

/** What is to be sent: the bodies, one for each step where there are several. `done`: why nothing is. */
export type Fit = { readonly bodies: readonly Body[] } | { readonly done: string };

/** By what visibility says alone. */
export function fitsAsListed({ workflowType, status }: Listed, message: CaseMessageName): boolean {
  return status === 'running' && takesMessage(workflowType, message);
}

/** By what the workflow says of itself. `by`: the name of the credential. */
export function stillFits(state: ProcessState, message: CaseMessageName, body: Body, by: string): Fit {
  if (state.outcome !== null) return { done: 'it has ended' };
  const check = CHECKS[message];
  return check === undefined ? { bodies: [body] } : check(state, body, by);
}

type Check = (state: ProcessState, body: Body, by: string) => Fit;

const CHECKS: Readonly<Partial<Record<CaseMessageName, Check>>> = {
  cancel: ({ phase }, body) => (phase === 'undoing' ? { done: 'it is cancelled already' } : { bodies: [body] }),
  escalate: escalateOnce,
  retryStep: (state, body) => ofParked(state, body),
  skipStep: (state, body) => ofParked(state, body),
  identify: (state, body) => (wantsAddress(state) ? { bodies: [body] } : { done: 'it does not ask for an address' }),
  extendDeadline: ({ deadline }, body) =>
    isSameTime(deadline, body['deadline']) ? { done: 'it has this deadline' } : { bodies: [body] },
};

/** Somebody of this name has escalated it for the same reason: whoever means it again gives another reason. */
function escalateOnce({ history, phase }: ProcessState, body: Body, by: string): Fit {
  if (phase === 'undoing') return { done: 'it is cancelled' };
  const before = history.find(
    (entry) => entry.what === 'escalate' && entry.by === by && entry.reason === body['reason'],
  );
  return before === undefined ? { bodies: [body] } : { done: `it was escalated for this reason at ${before.at}` };
}

/** The step that is named, else all that are parked. */
function ofParked({ steps }: ProcessState, body: Body): Fit {
  const { step: wanted } = body;
  const parked = steps
    .filter(({ step, status }) => status === 'parked' && (wanted === undefined || step === wanted))
    .map(({ step }) => ({ ...body, step }));
  return parked.length === 0 ? { done: 'the step is not parked any more' } : { bodies: parked };
}

/** As the workflows decide it: by the step that finds the address, or by the sentence that offers it. */
function wantsAddress({ steps }: ProcessState): boolean {
  return steps.some(
    ({ step, status, detail }) => status === 'parked' && (step === 'findAddress' || /\bidentify\b/.test(detail ?? '')),
  );
}

function isSameTime(one: string | null, other: unknown): boolean {
  return one !== null && typeof other === 'string' && Date.parse(one) === Date.parse(other);
}
