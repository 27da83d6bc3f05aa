import { z } from 'zod';
import { daysAfter, describeEvent } from './descriptor';
import { id, time, title } from './fields';

/** A certificate ran out at `expiredAt`; it has to be renewed by `renewalDeadline`. */
export const certificationExpired = describeEvent({
  name: 'certification.expired',
  schema: z.object({ userId: id, certName: title, expiredAt: time, renewalDeadline: time }),
  times: { expiredAt: 'past', renewalDeadline: 'deadline' },
  atMost: [['expiredAt', 'renewalDeadline']],
  workflowType: 'recertification',
  lane: 2,
  title: 'Recertification',
  subject: 'certName',
  sample: ({ userId, now }) => ({
    userId,
    certName: 'Sales Methodology',
    expiredAt: daysAfter(now, -1),
    renewalDeadline: daysAfter(now, 60),
  }),
  demo: {
    person: 'rita',
    lastStep: 'notifyManager',
    effects: [
      { step: 'joinRecertificationRequired', inGroup: 'Recertification required' },
      { step: 'notifyLearner', mailTo: 'learner', subjectStarts: 'Renew your certificate' },
      { step: 'notifyManager', mailTo: 'manager', subjectStarts: 'A certificate of your team' },
      { step: 'markRequired', crmRecord: { Learner_Id__c: 'learner', Status__c: 'Recertification required' } },
    ],
  },
});

export type CertificationExpired = z.infer<typeof certificationExpired.schema>;
