import { z } from 'zod';
import { describeEvent } from './descriptor';
import { id, unneededEmail, unneededId } from './fields';

/** A person joined, by SCIM. Arrives only when the subscription names it. Carries no time of its own. */
export const userProvisioned = describeEvent({
  name: 'user.provisioned',
  schema: z.object({ userId: id, email: unneededEmail, role: unneededId, teamId: unneededId }),
  workflowType: 'onboarding',
  lane: 2,
  title: 'Onboarding',
  sample: ({ userId, email, role, teamId }) => ({ userId, email, role, teamId, provisionedBy: 'scim' }),
  demo: {
    person: 'nina',
    lastStep: 'welcome',
    effects: [
      { step: 'joinProgram', inGroup: 'Sales onboarding' },
      { step: 'welcome', mailTo: 'learner', subjectStarts: 'Welcome' },
      { step: 'linkContact', crmRecord: { type: 'Contact', MindTickle_User_Id__c: 'learner' } },
    ],
  },
});

export type UserProvisioned = z.infer<typeof userProvisioned.schema>;
