import { z } from 'zod';
import { daysAfter, describeEvent } from './descriptor';
import { id, time, unneededEmail, unneededText } from './fields';

/** A person left, by SCIM. Arrives only when the subscription names it. `deprovisionedAt` may be ahead; only `userId` is needed. */
export const userDeprovisioned = describeEvent({
  name: 'user.deprovisioned',
  schema: z.object({ userId: id, email: unneededEmail, reason: unneededText, deprovisionedAt: time }),
  times: { deprovisionedAt: 'announced' },
  workflowType: 'offboarding',
  lane: 1,
  title: 'Offboarding',
  sample: ({ userId, email, now }) => ({ userId, email, reason: 'terminated', deprovisionedAt: daysAfter(now, 0) }),
  demo: {
    person: 'omar',
    lastStep: 'archive',
    effects: [
      { step: 'freeze', signInBlocked: true },
      { step: 'leaveGroups', leftAllGroups: true },
      { step: 'freezeCrm', crmRecord: { type: 'UserLogin', IsFrozen: true } },
      { step: 'deactivateSlack', chatDeactivated: true },
    ],
  },
});

export type UserDeprovisioned = z.infer<typeof userDeprovisioned.schema>;
