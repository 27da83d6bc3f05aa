import { z } from 'zod';
import { daysAfter, describeEvent } from './descriptor';
import { id, percentage, time, title } from './fields';

/**
 * A learner finished a course. `score` is a percentage. A retake is another event with another id.
 * Source: the community's description of MindTickle's webhooks; nothing official is published.
 */
export const courseCompleted = describeEvent({
  name: 'course.completed',
  schema: z.object({
    userId: id,
    courseName: title,
    courseId: id,
    score: percentage,
    completedAt: time,
  }),
  times: { completedAt: 'past' },
  workflowType: 'courseCompletion',
  lane: 3,
  title: 'Course completed',
  subject: 'courseName',
  sample: ({ userId, run, now }) => ({
    userId,
    courseName: 'Discovery Calls',
    courseId: `course-${run}`,
    score: 92,
    completedAt: daysAfter(now, 0),
  }),
  demo: {
    person: 'carla',
    effects: [
      { step: 'notifyLearner', mailTo: 'learner', subjectStarts: 'Your certificate' },
      { step: 'recordTraining', crmRecord: { Learner_Id__c: 'learner', Status__c: 'Completed' } },
      { step: 'storeStatement', lmsStatement: true },
    ],
  },
});

export type CourseCompleted = z.infer<typeof courseCompleted.schema>;
