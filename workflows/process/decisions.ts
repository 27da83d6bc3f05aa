/**
 * What a person decides about a parked step: the updates `retryStep` and `skipStep`. Apart from the steps, which only ask for
 * the decision, because its handlers and their answers are wire format.
 */
import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import { isInvalidRequest, readTextFields } from '../../src/domain';
import { refusal } from './refusal';
import type { StateRecorder } from './state';
import { retryStepUpdate, skipStepUpdate, type ProcessState } from '../messages';

export type Decision = { readonly kind: 'retry' } | { readonly kind: 'skip'; readonly why: string };

export interface Decisions {
  /** Wait until somebody decides; cancellable. Undefined: nobody has within `withinMs`. */
  readonly made: (step: string, withinMs?: number) => Promise<Decision | undefined>;
  /** What was decided meanwhile means nothing any more. */
  readonly forget: (step: string) => void;
  readonly retry: (step: string) => void;
  /** Runs `work`, which somebody who decides meanwhile cuts off: then undefined. */
  readonly unlessMade: <T>(step: string, work: () => Promise<T>) => Promise<T | undefined>;
  /** Settles when the step has come to what the decision made of it, or after a few seconds: then it is under way. */
  readonly carriedOut: (step: string) => Promise<void>;
}

/** Whoever decided waits so long for what came of it. */
const ANSWER_WITHIN = '5 seconds';

/** Both updates are refused for a step that is not parked. */
export function createDecisions(recorder: StateRecorder): Decisions {
  const made = new Map<string, Decision>();

  /** What was decided a moment ago stays; the same again is the same as once. */
  function validate(request: unknown, fields: readonly ('step' | 'reason' | 'by')[], kind: Decision['kind']): void {
    const step = requireParked(request, fields, recorder.stepsIn('parked'));
    if (made.has(step) && made.get(step)?.kind !== kind) throw refusal('it is decided already');
  }

  function isCarriedOut(step: string): boolean {
    const status = recorder.statusOf(step);
    return status !== 'running' && !(status === 'parked' && made.has(step));
  }

  async function carriedOut(step: string): Promise<void> {
    await condition(() => isCarriedOut(step), ANSWER_WITHIN, { summary: 'What came of it is answered' });
  }

  setHandler(
    retryStepUpdate,
    async ({ step, by, reason }): Promise<ProcessState> => {
      if (made.get(step)?.kind !== 'retry') recorder.note({ what: `retryStep ${step}`, by, reason: reason ?? null });
      made.set(step, { kind: 'retry' });
      recorder.setRetried(step);
      await carriedOut(step);
      return recorder.snapshot();
    },
    {
      validator: (request) => validate(request, ['step', 'by'], 'retry'),
      description: 'Try a parked step again: { step, by, reason? }',
    },
  );
  setHandler(
    skipStepUpdate,
    async ({ step, by, reason }): Promise<ProcessState> => {
      if (made.get(step)?.kind !== 'skip') recorder.note({ what: `skipStep ${step}`, by, reason });
      made.set(step, { kind: 'skip', why: `by ${by}: ${reason}` });
      await carriedOut(step);
      return recorder.snapshot();
    },
    {
      validator: (request) => validate(request, ['step', 'reason', 'by'], 'skip'),
      description: 'Go on without a parked step: { step, reason, by }',
    },
  );

  async function untilMade(step: string, withinMs?: number): Promise<Decision | undefined> {
    const isMade = (): boolean => made.has(step);
    if (withinMs === undefined) await condition(isMade);
    else if (!(await condition(isMade, withinMs, { summary: 'Then try whether it works again' }))) return undefined;
    const decision = made.get(step) ?? { kind: 'retry' };
    made.delete(step);
    return decision;
  }

  return {
    made: untilMade,
    unlessMade: (step, work) => runUnless(() => made.has(step), work),
    forget: (step) => void made.delete(step),
    retry: (step) => void made.set(step, { kind: 'retry' }),
    carriedOut,
  };
}

async function runUnless<T>(isMade: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
  const [working, watching] = [new CancellationScope(), new CancellationScope()];
  const cutOff = (): void => working.cancel();
  void watching.run(() => condition(isMade)).then(cutOff, () => undefined);
  try {
    return await working.run(work);
  } catch (error) {
    if (isCancellation(error) && isMade()) return undefined;
    throw error;
  } finally {
    watching.cancel();
  }
}

/** The step, by exactly the name that it is parked under: that is what the handler gets. */
function requireParked(
  request: unknown,
  fields: readonly ('step' | 'reason' | 'by')[],
  parked: readonly string[],
): string {
  const read = readTextFields(request, fields, fields.includes('reason') ? [] : ['reason']);
  if (isInvalidRequest(read)) throw refusal(read.problem);
  const { step } = request as { readonly step: string };
  if (parked.includes(step)) return step;
  throw refusal(parked.length === 0 ? 'no step is parked' : `this step is not parked; parked: ${parked.join(', ')}`);
}
