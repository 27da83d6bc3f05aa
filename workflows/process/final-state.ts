/** What is kept of a case in the ledger when it ends: Temporal forgets a closed workflow after its retention. */
import { defaultPayloadConverter } from '@temporalio/common';
import type { Outcome, ProcessState } from '../messages';

/** Bytes of JSON. */
const MAX_BYTES = 256_000;

/** The whole state where it fits; else the steps, then decisions, then who was notified, the newest of each. */
export function finalStateOf(state: ProcessState, outcome: Outcome, maxBytes = MAX_BYTES): ProcessState {
  const ended = { ...state, phase: 'done', outcome, waitingFor: null, deadline: null } as const;
  if (sizeOf(ended) <= maxBytes) return ended;
  let left = maxBytes - sizeOf({ ...ended, steps: [], history: [], notified: [] });
  const take = <T>(all: readonly T[]): readonly T[] => {
    const kept: T[] = [];
    for (const one of all.toReversed()) {
      const size = sizeOf(one) + 1;
      if (size > left) break;
      left -= size;
      kept.push(one);
    }
    return kept.reverse();
  };
  const steps = take(ended.steps);
  const history = take(ended.history);
  const { forgotten = 0 } = ended;
  return {
    ...ended,
    steps,
    history,
    notified: take(ended.notified),
    forgotten: forgotten + ended.history.length - history.length,
  };
}

function sizeOf(value: unknown): number {
  return defaultPayloadConverter.toPayload(value).data?.length ?? 0;
}
