import { scopeOf } from '../accept/failures';

/** What follows from a start that failed. `pause`: it is about every start. */
export type Verdict = 'try-again' | 'set-aside' | 'pause';

export interface Verdicts {
  readonly failed: (workflowId: string, error: unknown) => Verdict;
  readonly passed: (workflowId: string) => void;
}

/** Tries of one record that Temporal calls wrong. */
const TRIES = 3;
/** As many records called wrong, with none passing in between: then it is not the records. */
const ALIKE = 3;

/**
 * Tell a record that Temporal will never take from a Temporal that takes none: a forgotten search attribute makes each
 * start an invalid one, and setting all of them aside would be the loss.
 */
export function createVerdicts(): Verdicts {
  const tries = new Map<string, number>();
  const alike = new Set<string>();

  const failed = (workflowId: string, error: unknown): Verdict => {
    if (scopeOf(error) === 'everything') return 'pause';
    alike.add(workflowId);
    if (alike.size >= ALIKE) return 'pause';
    const count = (tries.get(workflowId) ?? 0) + 1;
    tries.set(workflowId, count);
    if (count < TRIES) return 'try-again';
    tries.delete(workflowId);
    alike.delete(workflowId);
    return 'set-aside';
  };
  const passed = (workflowId: string): void => {
    tries.delete(workflowId);
    alike.clear();
  };
  return { failed, passed };
}
