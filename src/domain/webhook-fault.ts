export type WebhookFaultKind =
  'suspended' | 'gone' | 'notReady' | 'refusing' | 'silent' | 'notSubscribed' | 'neverCame' | 'apiRefused';

/** Something that is wrong with the webhook, or may be. */
export interface WebhookFault {
  readonly kind: WebhookFaultKind;
  /** Of `notSubscribed` and `neverCame`. */
  readonly event: string | null;
  readonly status: 'warn' | 'fail';
  /** False: it begins no incident of its own, but one that is open goes on. */
  readonly isAlert: boolean;
  /** Epoch ms. */
  readonly since: number;
  /** What is wrong, a sentence. */
  readonly says: string;
  /** What to do, a sentence each. */
  readonly todo: readonly string[];
}

/** One that is an alert, and about no event. */
export function fault(
  kind: WebhookFaultKind,
  status: WebhookFault['status'],
  since: number,
  says: string,
  todo: readonly string[],
): WebhookFault {
  return { kind, event: null, status, isAlert: true, since, says, todo };
}
