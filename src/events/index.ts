import { certificationExpired } from './certification-expired';
import { courseCompleted } from './course-completed';
import { moduleProgress } from './module-progress';
import { quizSubmitted } from './quiz-submitted';
import { userDeprovisioned } from './user-deprovisioned';
import { userProvisioned } from './user-provisioned';

export type { CertificationExpired } from './certification-expired';
export type { CourseCompleted } from './course-completed';
export type { Delivery, Envelope, Problem } from './delivery';
export { email, id, isoInstant, text } from './fields';
export type { ModuleProgress } from './module-progress';
export type { QuizSubmitted } from './quiz-submitted';
export type { UserDeprovisioned } from './user-deprovisioned';
export type { UserProvisioned } from './user-provisioned';

/** Every event we know, with the schema of its `data`. A new event is a file and a line here. */
export const eventSchemas = {
  'course.completed': courseCompleted,
  'quiz.submitted': quizSubmitted,
  'user.provisioned': userProvisioned,
  'user.deprovisioned': userDeprovisioned,
  'module.progress': moduleProgress,
  'certification.expired': certificationExpired,
} as const;

export type EventName = keyof typeof eventSchemas;

export const eventNames = Object.keys(eventSchemas) as EventName[];

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(eventSchemas, name);
}
