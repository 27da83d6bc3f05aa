import { DAY, isoTime } from '../../domain';
import type { EventName } from '../../events';
import { routes } from '../../receiver/routes';
import { personOf } from '../../dev/people';

/** One delivery of the demo, and the workflow that it should become. */
export interface DemoDelivery {
  readonly event: string;
  readonly eventId: string;
  readonly workflowType: string;
  readonly data: object;
  /** The last step before its workflow rests; absent where it ends. */
  readonly lastStep?: string;
}

const LAST_STEPS: Readonly<Record<string, string>> = {
  recertification: 'tellManager',
  quizCoaching: 'tellManager',
  onboarding: 'welcome',
  offboarding: 'archive',
};

/**
 * One delivery of every event, each about another person, and one of an event that nobody knows. Courses and quizzes
 * are the run's own, so that a second run completes them for the first time too. `now` in epoch ms.
 */
export function demoDeliveries(run: string, now: number): readonly DemoDelivery[] {
  const data = demoData(run, now);
  const known = (Object.keys(data) as EventName[]).map((event) => {
    const { workflowType } = routes[event];
    const lastStep = LAST_STEPS[workflowType];
    return {
      event,
      eventId: eventIdOf(run, event),
      workflowType,
      data: { userId: personOf[event].userId, ...data[event] },
      ...(lastStep !== undefined && { lastStep }),
    };
  });
  const unknown = { event: 'badge.awarded', eventId: eventIdOf(run, 'badge.awarded'), workflowType: 'quarantine' };
  return [...known, { ...unknown, data: { userId: 'mt-carla', badgeName: 'First Steps' } }];
}

function eventIdOf(run: string, event: string): string {
  return `demo-${run}-${event}`;
}

function demoData(run: string, now: number): Readonly<Record<EventName, object>> {
  const provisioned = personOf['user.provisioned'];
  const deprovisioned = personOf['user.deprovisioned'];
  return {
    'course.completed': {
      courseName: 'Discovery Calls',
      courseId: `course-${run}`,
      score: 92,
      completedAt: isoTime(now),
    },
    'quiz.submitted': { quizName: 'Pricing Basics', quizId: `quiz-${run}`, score: 4, maxScore: 10, passed: false },
    'user.provisioned': {
      email: provisioned.email,
      role: provisioned.role,
      teamId: provisioned.teamId,
      provisionedBy: 'scim',
    },
    'user.deprovisioned': { email: deprovisioned.email, reason: 'terminated', deprovisionedAt: isoTime(now) },
    'module.progress': {
      moduleName: 'Objection Handling',
      moduleId: `module-${run}`,
      progressPct: 40,
      timeSpentSec: 900,
    },
    'certification.expired': {
      certName: 'Sales Methodology',
      expiredAt: isoTime(now - DAY),
      renewalDeadline: isoTime(now + 60 * DAY),
    },
  };
}
