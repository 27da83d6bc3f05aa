import type { Delivery, Problem } from '../events';

const DIGEST_DIGITS = 16;

/** Two deliveries of one event id contradict each other when their bytes differ. Undefined: the first one's are unknown. */
export function isContradiction(firstDigest: string | undefined, bodyDigest: string): boolean {
  return firstDigest !== undefined && firstDigest !== bodyDigest;
}

/**
 * The delivery as one that contradicts an earlier one of its event id, and the workflow id that keeps it beside that one,
 * for a person to judge: a forged delivery could claim an id that can be guessed, and the genuine event must not be lost.
 * The id names the bytes, so the same contradiction is kept once.
 */
export function conflictOf(delivery: Delivery): ConflictingDelivery {
  const { eventId, bodyDigest } = delivery;
  return {
    workflowId: `conflict:${eventId}:${bodyDigest.slice(0, DIGEST_DIGITS)}`,
    delivery: { ...delivery, problem: CONFLICT },
  };
}

interface ConflictingDelivery {
  readonly workflowId: string;
  readonly delivery: Delivery & { readonly problem: Problem };
}

const CONFLICT: Problem = {
  kind: 'conflict',
  detail: 'Another delivery with this event id and other bytes came before, and is the one that counts.',
};

/** Whether the delivery is already one that contradicts another. */
export function isConflict({ problem }: Delivery): boolean {
  return problem?.kind === 'conflict';
}
