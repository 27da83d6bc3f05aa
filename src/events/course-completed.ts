import { z } from 'zod';
import { id, isoInstant, title } from './fields';

/**
 * A learner finished a course. `score` is a percentage. A retake is another event with another id.
 * Source: the community's description of MindTickle's webhooks; nothing official is published.
 */
export const courseCompleted = z.looseObject({
  userId: id,
  courseName: title,
  courseId: id,
  score: z.number(),
  completedAt: isoInstant,
});

export type CourseCompleted = z.infer<typeof courseCompleted>;
