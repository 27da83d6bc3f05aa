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
  const corrected = correctedOf(delivery, body);
  return process.alert({ kind: 'quarantined', event, why, workflowId, since: receivedAt, corrected }, STEP);
}

/** Of a leaver only the user id is needed. What is wrong with more than the data is corrected by a whole envelope. */
function correctedOf({ event, problem }: Delivery, body: unknown): unknown {
  const data = { userId: personIn(body).userId || 'USER_ID' };
  if (event === LEAVER && problem?.kind === 'data-does-not-fit') return data;
  const { companyId } = (body ?? {}) as { readonly companyId?: unknown };
  return { event: LEAVER, data, companyId: typeof companyId === 'string' ? companyId : 'COMPANY_ID' };
}

const LEAVER = 'user.deprovisioned';

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
  // Beyond 2^53 two ids would be read as one.
  const id = typeof userId === 'number' && Number.isSafeInteger(userId) ? String(userId) : userId;
  return {
    userId: typeof id === 'string' && /^[\w.@:+-]{1,128}$/.test(id) ? id : '',
    ...(typeof email === 'string' && isEmail(email) && { email }),
  };
}
