import { condition, setHandler } from '@temporalio/workflow';
import { isRefusal, readTexts } from '../src/domain/requests';
import { retryStepUpdate, skipStepUpdate, type ProcessState } from './messages';
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

  function requireParked(request: unknown, fields: readonly ('step' | 'reason' | 'by')[]): void {
    const read = readTexts(request, fields);
    if (isRefusal(read)) throw new Error(read.refused);
    const parked = recorder.stepsIn('parked');
    if (parked.includes(read.step)) return;
    throw new Error(
      parked.length === 0 ? 'no step is parked' : `this step is not parked; parked: ${parked.join(', ')}`,
    );
  }

  setHandler(
    retryStepUpdate,
    ({ step, by }): ProcessState => {
      made.set(step, { kind: 'retry' });
      recorder.note({ what: `retryStep ${step}`, by, reason: null });
      return recorder.snapshot();
    },
    {
      validator: (request) => requireParked(request, ['step', 'by']),
      description: 'Try a parked step again: { step, by }',
    },
  );
  setHandler(
    skipStepUpdate,
    ({ step, by, reason }): ProcessState => {
      made.set(step, { kind: 'skip', why: `by ${by}: ${reason}` });
      recorder.note({ what: `skipStep ${step}`, by, reason });
      return recorder.snapshot();
    },
    {
      validator: (request) => requireParked(request, ['step', 'reason', 'by']),
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
