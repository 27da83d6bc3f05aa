import { scopeOf } from '../accept';

export interface Backoff {
  /** Wait, twice as long each time until `reset`, then call `resume`. Changes nothing while it waits. */
  readonly begin: () => void;
  readonly reset: () => void;
  /** From the first `begin` until `reset`. */
  readonly isOn: () => boolean;
  readonly isWaiting: () => boolean;
  readonly stop: () => void;
}

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2000;

/** Waits with jitter for as long as every start fails. */
export function createBackoff(resume: () => void): Backoff {
  let ms = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    if (timer !== undefined) return;
    ms = Math.min(MAX_BACKOFF_MS, Math.max(MIN_BACKOFF_MS, ms * 2));
    timer = setTimeout(
      () => {
        timer = undefined;
        resume();
      },
      ms * (0.8 + 0.4 * Math.random()),
    );
  };
  return {
    begin,
    reset: () => void (ms = 0),
    isOn: () => ms > 0,
    isWaiting: () => timer !== undefined,
    stop: () => clearTimeout(timer),
  };
}

/** What follows from a start that failed. `back-off`: no start would succeed now. */
export type RetryDecision = 'try-again' | 'dead-letter' | 'back-off';

export interface RetryDecisions {
  readonly failed: (workflowId: string, error: unknown) => RetryDecision;
  readonly succeeded: (workflowId: string) => void;
}

/** How often a record that Temporal calls invalid is tried. */
const MAX_TRIES = 3;
/** After so many invalid records in a row, the records are not the cause. */
const MAX_INVALID_IN_A_ROW = 3;

/**
 * Tell a record that Temporal never accepts from a Temporal that accepts none: a forgotten search attribute makes every
 * start invalid, and then no record must become a dead letter.
 */
export function createRetryDecisions(): RetryDecisions {
  const tries = new Map<string, number>();
  const invalid = new Set<string>();
  return {
    failed: (workflowId, error) => {
      if (scopeOf(error) === 'everything') return 'back-off';
      invalid.add(workflowId);
      if (invalid.size >= MAX_INVALID_IN_A_ROW) return 'back-off';
      const count = (tries.get(workflowId) ?? 0) + 1;
      tries.set(workflowId, count);
      if (count < MAX_TRIES) return 'try-again';
      tries.delete(workflowId);
      invalid.delete(workflowId);
      return 'dead-letter';
    },
    succeeded: (workflowId) => {
      tries.delete(workflowId);
      invalid.clear();
    },
  };
}
