/** Who hears that a delivery is in quarantine, and whom it is about. */
import { workflowInfo } from '@temporalio/workflow';
import { isEmail, mayBeLeaver, SHARED_CAUSES } from '../../src/domain';
import type { Delivery } from '../../src/events';
import type { Process } from '../process';

/** As long as it waits, a leaver may have access: people are notified at once. Of all else one digest an hour is enough. */
export function alert(process: Process, delivery: Delivery, body: unknown, isNew: boolean): () => void {
  const { event, problem, receivedAt } = delivery;
  const why = problem?.detail ?? 'unknown';
  // The run before has notified them.
  if (!isNew) return () => undefined;
  if (!mayBeLeaver(event ?? textOf(body))) return process.keepForDigest(STEP, SHARED_CAUSES.quarantined);
  const { workflowId } = workflowInfo();
  return process.alert({ kind: 'quarantined', event, why, workflowId, since: receivedAt }, STEP);
}

const STEP = 'redrive or discard';

/** What cannot be read may still say what it is about. */
function textOf(body: unknown): string {
  if (body instanceof Uint8Array) return Array.from(body, (byte) => String.fromCharCode(byte)).join('');
  return JSON.stringify(body);
}

/** Whom it is about, where that much can be read. */
export function personIn(body: unknown): { readonly userId: string; readonly email?: string } {
  const { data } = (body ?? {}) as { readonly data?: { readonly userId?: unknown; readonly email?: unknown } | null };
  const { userId, email } = data ?? {};
  return {
    userId: typeof userId === 'string' && /^[\w.@:+-]{1,128}$/.test(userId) ? userId : '',
    ...(typeof email === 'string' && isEmail(email) && { email }),
  };
}
