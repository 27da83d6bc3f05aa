import { isProtectedUser, type Policy } from '../../src/domain';
import type { UserDeprovisioned } from '../../src/events';
import type { Process } from '../process/process';
import { askLedger } from '../process/activity-proxies';
import { NeedsDecision } from '../process/steps';
import { since } from '../releases';

/** Before the first step that ends access: each guard is a parked step; `skipStep` goes on all the same. */
export async function guard(
  process: Process,
  { userId, email, reason }: UserDeprovisioned,
  eventId: string,
  policy: Policy,
): Promise<void> {
  const { offboarding: rules, protected: isProtected } = policy;
  await process.steps.attempt('checkReason', () => {
    if (rules.leaverReasons === undefined || rules.leaverReasons.includes(reason)) return Promise.resolve();
    return Promise.reject(
      new NeedsDecision('the reason given is not one of a leaver; skipStep to offboard all the same, or cancel'),
    );
  });
  await process.steps.attempt('checkProtected', () => {
    if (!isProtectedUser([userId, email], isProtected)) return Promise.resolve();
    return Promise.reject(new NeedsDecision('this user is protected by the policy and will not be changed; cancel'));
  });
  let isAsked = false;
  await process.steps.attempt('checkLimit', async () => {
    if (await askLedger('admitLeaver', 'Within the limit of an hour?', eventId)) return;
    // A person who has it tried again has looked at it: nobody should have to wait for the hour to pass.
    if (isAsked && since('retry-admits-a-leaver')) return;
    isAsked = true;
    throw new NeedsDecision(
      `over the limit of ${rules.limitPerHour} leavers an hour; retryStep lets this one go on, cancel stops it`,
      'over the limit of leavers an hour',
    );
  });
}
