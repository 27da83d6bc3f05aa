import { isCancellation } from '@temporalio/workflow';

type Chain = () => Promise<unknown>;

/**
 * Chains of steps that do not depend on one another: one that is parked holds up no other. When they are cancelled, all of
 * them come to rest first: a step and its undo must not run side by side.
 */
export async function sideBySide<T extends readonly Chain[]>(
  ...chains: T
): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const running = chains.map((chain) => chain());
  try {
    return (await Promise.all(running)) as { -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> };
  } catch (error) {
    if (isCancellation(error)) await Promise.allSettled(running);
    throw error;
  }
}
