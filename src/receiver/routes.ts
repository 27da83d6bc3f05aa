import type { EventName } from '../events';

/** 1 goes first, 5 last: Temporal's `priorityKey`, and the order in which a spool is drained. */
export const LANES = [1, 2, 3, 4, 5] as const;

export type Lane = (typeof LANES)[number];

export interface Route {
  /** As the workflow's function is named, and as Temporal Web UI shows it. */
  readonly workflowType: string;
  readonly lane: Lane;
  /** What a person reads first in Temporal Web UI. */
  readonly title: string;
  /** The field of `data` that says what it is about, beside the learner. */
  readonly subject?: string;
}

/** Withdrawing access must not wait behind ten thousand progress ticks: hence the lanes. */
export const routes: Readonly<Record<EventName, Route>> = {
  'course.completed': {
    workflowType: 'courseCompletion',
    lane: 3,
    title: 'Course completed',
    subject: 'courseName',
  },
  'quiz.submitted': { workflowType: 'quizCoaching', lane: 3, title: 'Quiz submitted', subject: 'quizName' },
  'user.provisioned': { workflowType: 'onboarding', lane: 2, title: 'Onboarding' },
  'user.deprovisioned': { workflowType: 'offboarding', lane: 1, title: 'Offboarding' },
  'module.progress': { workflowType: 'moduleProgress', lane: 5, title: 'Module progress', subject: 'moduleName' },
  'certification.expired': {
    workflowType: 'recertification',
    lane: 2,
    title: 'Recertification',
    subject: 'certName',
  },
};

/** Where an authentic delivery goes that cannot be read: it waits for a person. */
export const quarantine: Route = { workflowType: 'quarantine', lane: 3, title: 'Quarantine' };
