import type { Delivery } from '../../../src/events';

/** What a workflow is given: stands in for the real ones of these names. */
export async function recertification(delivery: Delivery, body: unknown): Promise<unknown> {
  return Promise.resolve({ delivery, body });
}

export async function quarantine(delivery: Delivery, body: unknown): Promise<unknown> {
  const bytes = body instanceof Uint8Array ? [...body] : undefined;
  return Promise.resolve({ delivery, body: bytes ?? body, isBytes: bytes !== undefined });
}
