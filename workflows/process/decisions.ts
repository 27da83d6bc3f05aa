import { condition, setHandler } from '@temporalio/workflow';
import { isInvalidRequest, readTextFields } from '../../src/domain';
import { retryStepUpdate, skipStepUpdate, type ProcessState } from '../messages';
import type { Recorder } from './state';

/** What a person decided of a parked step. */
export type Decision = { readonly kind: 'retry' } | { readonly kind: 'skip'; readonly why: string };

export interface Decisions {
  /** Wait until somebody decides; cancellable. */
  readonly of: (step: string) => Promise<Decision>;
  readonly retry: (step: string) => void;
}

/** The updates `retryStep` and `skipStep`; both are refused for a step that is not parked. */
export function createDecisions(recorder: Recorder): Decisions {
  const made = new Map<string, Decision>();

  function requireParked(request: unknown, fields: readonly ('step' | 'reason' | 'by')[]): string {
    const read = readTextFields(request, fields);
    if (isInvalidRequest(read)) throw new Error(read.problem);
    const parked = recorder.stepsIn('parked');
    // By its name to the letter: that is what the handler has.
    if (parked.includes((request as { step: string }).step)) return read.step;
    throw new Error(
      parked.length === 0 ? 'no step is parked' : `this step is not parked; parked: ${parked.join(', ')}`,
    );
  }

  /** What was decided a moment ago stands; the same again is the same as once. */
  function requireOpen(step: string, kind: Decision['kind']): void {
    if (made.has(step) && made.get(step)?.kind !== kind) throw new Error('it is decided already');
  }

  setHandler(
    retryStepUpdate,
    ({ step, by }): ProcessState => {
      if (made.get(step)?.kind !== 'retry') recorder.note({ what: `retryStep ${step}`, by, reason: null });
      made.set(step, { kind: 'retry' });
      return recorder.snapshot();
    },
    {
      validator: (request) => requireOpen(requireParked(request, ['step', 'by']), 'retry'),
      description: 'Try a parked step again: { step, by }',
    },
  );
  setHandler(
    skipStepUpdate,
    ({ step, by, reason }): ProcessState => {
      if (made.get(step)?.kind !== 'skip') recorder.note({ what: `skipStep ${step}`, by, reason });
      made.set(step, { kind: 'skip', why: `by ${by}: ${reason}` });
      return recorder.snapshot();
    },
    {
      validator: (request) => requireOpen(requireParked(request, ['step', 'reason', 'by']), 'skip'),
      description: 'Go on without a parked step: { step, reason, by }',
    },
  );

  async function of(step: string): Promise<Decision> {
    await condition(() => made.has(step));
    const decision = made.get(step) ?? { kind: 'retry' };
    made.delete(step);
    return decision;
  }

  return { of, retry: (step) => void made.set(step, { kind: 'retry' }) };
}
