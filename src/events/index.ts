import { certificationExpired } from './certification-expired';
import { courseCompleted } from './course-completed';
import type { Route } from './descriptor';
import { moduleProgress } from './module-progress';
import { quizSubmitted } from './quiz-submitted';
import { userDeprovisioned } from './user-deprovisioned';
import { userProvisioned } from './user-provisioned';

export type { CertificationExpired } from './certification-expired';
export type { CourseCompleted } from './course-completed';
export type { Delivery, Envelope, EventDelivery, Problem, Reread, Rereader } from './delivery';
export { LANES, type DemoEffect, type Lane, type Route, type TimeKind } from './descriptor';
export { email, id, text } from './fields';
export type { ModuleProgress } from './module-progress';
export type { QuizSubmitted } from './quiz-submitted';
export type { UserDeprovisioned } from './user-deprovisioned';
export type { UserProvisioned } from './user-provisioned';

/** Every event that we know. A new event is a file and a line here. */
const descriptors = [
  courseCompleted,
  quizSubmitted,
  userProvisioned,
  userDeprovisioned,
  moduleProgress,
  certificationExpired,
] as const;

type Descriptor = (typeof descriptors)[number];

export type EventName = Descriptor['name'];

export const events = Object.fromEntries(descriptors.map((event) => [event.name, event])) as unknown as {
  readonly [D in Descriptor as D['name']]: D;
};

export const eventNames: readonly EventName[] = descriptors.map(({ name }) => name);

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

/** Where an authentic delivery goes that cannot be read: it waits for a person. */
export const quarantine = { workflowType: 'quarantine', lane: 3, title: 'Quarantine' } as const satisfies Route;
