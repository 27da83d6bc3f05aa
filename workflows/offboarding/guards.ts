import { isLeaverReason, isProtectedUser, type Policy, SHARED_CAUSES } from '../../src/domain';
import type { UserDeprovisioned } from '../../src/events';
import { askLedger, NeedsDecision, type Process } from '../process';

interface Guarded {
  readonly data: UserDeprovisioned;
  readonly eventId: string;
  /** The limit of an hour was asked about with the first step. */
  readonly isAdmitted: boolean;
}

/** Before the first step that ends access: each guard is a parked step; `skipStep` goes on all the same. */
export async function checkGuards(
  { steps, people }: Process,
  { data: { userId, email, reason }, eventId, isAdmitted }: Guarded,
  { offboarding, protected: isProtected }: Policy,
): Promise<void> {
  await steps.attempt({ step: 'checkReason', title: 'Check that the reason is one of a leaver' }, () => {
    if (!isLeaverReason(reason, offboarding))
      throw new NeedsDecision(
        'the reason given is not one of a leaver; skipStep to offboard all the same, or cancel',
        'leaverReason',
      );
  });
  await steps.attempt({ step: 'checkProtected', title: 'Check that the user is not protected' }, async () => {
    const known = await people.person();
    if (isProtectedUser([userId, email, known.email], isProtected))
      throw new NeedsDecision('this user is protected by the policy and will not be changed; cancel', 'protected');
  });
  let isAsked = false;
  await steps.attempt({ step: 'checkLimit', title: 'Check the limit of leavers an hour' }, async () => {
    if (isAdmitted || (await askLedger('admitLeaver', 'Within the limit of an hour?', eventId))) return;
    // A person who has it tried again has looked at it: nobody should have to wait for the hour to pass.
    if (isAsked) return;
    isAsked = true;
    throw new NeedsDecision(
      `over the limit of ${offboarding.limitPerHour} leavers an hour; retryStep lets this one go on, cancel stops it`,
      'limitPerHour',
      { shared: SHARED_CAUSES.leaverLimit },
    );
  });
}
