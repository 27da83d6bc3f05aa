/** Whether a message still makes sense for a workflow when its turn comes: so that the same bulk again does nothing more. */
import { readDeadline, takesMessage, type CaseMessageName } from '../../domain';
import type { ProcessState } from '../../../workflows/messages';
import type { Body } from './bodies';
import type { Listed } from './temporal';

/** What is to be sent: the bodies, one for each step where there are several. `done`: why nothing is. */
export type Fit = { readonly bodies: readonly Body[] } | { readonly done: string };

/** By what visibility says alone. */
export function fitsAsListed({ workflowType, status }: Listed, message: CaseMessageName): boolean {
  return status === 'running' && takesMessage(workflowType, message);
}

export interface Sender {
  /** The name of the credential. */
  readonly by: string;
  /** Where a date without a time ends. */
  readonly timeZone: string;
}

/** By what the workflow says of itself. */
export function stillFits(state: ProcessState, message: CaseMessageName, body: Body, sender: Sender): Fit {
  if (state.outcome !== null) return { done: 'it has ended' };
  const check = CHECKS[message];
  return check === undefined ? { bodies: [body] } : check(state, body, sender);
}

type Check = (state: ProcessState, body: Body, sender: Sender) => Fit;

const CHECKS: Readonly<Partial<Record<CaseMessageName, Check>>> = {
  cancel: ({ phase }, body) => (phase === 'undoing' ? { done: 'it is cancelled already' } : { bodies: [body] }),
  escalate: escalateOnce,
  retryStep: (state, body) => ofParked(state, body),
  skipStep: (state, body) => ofParked(state, body),
  identify: (state, body) => (wantsAddress(state) ? { bodies: [body] } : { done: 'it does not ask for an address' }),
  extendDeadline: ({ deadline }, body, { timeZone }) =>
    isSameTime(deadline, body['deadline'], timeZone) ? { done: 'it has this deadline' } : { bodies: [body] },
};

/** Somebody of this name has escalated it for the same reason: whoever means it again gives another reason. */
function escalateOnce({ history, phase }: ProcessState, body: Body, { by }: Sender): Fit {
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

/** ISO 8601 has no fractions of a second here. */
function isSameTime(one: string | null, other: unknown, timeZone: string): boolean {
  return one !== null && Math.floor(Date.parse(one) / 1000) === Math.floor(readDeadline(other, timeZone) / 1000);
}
