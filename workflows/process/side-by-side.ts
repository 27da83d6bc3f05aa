import { isCancellation } from '@temporalio/workflow';

/**
 * Chains of steps that do not depend on one another: one that is parked holds up no other. When they are cancelled, all of
 * them come to rest first: a step and its undo must not run side by side.
 */
export async function sideBySide<T extends readonly Promise<unknown>[]>(
  ...chains: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(chains);
  } catch (error) {
    if (isCancellation(error)) await Promise.allSettled(chains);
    throw error;
  }
}
