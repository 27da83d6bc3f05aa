/** The steps that several processes share. */
import type { Change, Person } from '../../activities';
import type { Policy } from '../../src/domain';
import type { CourseCompleted, UserProvisioned } from '../../src/events';
import { askLedger, identity, salesforce, xapi } from './activity-proxies';
import type { Process } from './process';
import { NeedsDecision } from './steps';

export interface Membership {
  readonly step: string;
  readonly person: Person;
  readonly group: string;
  /** Leave (or give back) only when no other open workflow of this kind needs it so. */
  readonly unlessOpen?: string | null;
  /** The membership gives access that has to end. */
  readonly endsAccess?: true;
}

/**
 * A leaver gets nothing. Of one who may have been hired again nobody knows yet: it parks, and goes on by itself once the
 * offboarding has its answer.
 */
export function joinGroup(
  process: Process,
  { step, person, group, unlessOpen = null }: Membership,
): Promise<Change | undefined> {
  return process.steps.write({
    system: 'identity',
    step,
    title: `Join the group "${group}"`,
    call: async (context, options) => {
      const join = (): Promise<Change> =>
        identity.joinGroup.executeWithOptions(options, [context, process.people.current(person), group]);
      const change = await join();
      if (change !== 'not active') return change;
      const standing = (await askLedger('findLearner', 'Left, or hired again?', person.userId))?.standing;
      // The answer may have come meanwhile.
      const again = standing === 'active' ? await join() : change;
      if (again !== 'not active' || standing === 'left' || standing === undefined) return again;
      throw new NeedsDecision(NOT_DECIDED[standing], CAUSE_OF[standing], { mayPass: true });
    },
    undo: { title: `Leave the group "${group}" again`, person, unlessOpen },
  });
}

const NOT_DECIDED = {
  rehireUnconfirmed: 'left, or hired again? The offboarding of this learner asks; skipStep goes on without the group',
  active: 'the learner was not active, and now is; retryStep, or skipStep goes on without the group',
} as const;

const CAUSE_OF = { rehireUnconfirmed: 'rehireUnconfirmed', active: 'notActive' } as const;

export function leaveGroup(
  process: Process,
  { step, person, group, unlessOpen = null, endsAccess }: Membership,
): Promise<Change | undefined> {
  return process.steps.write({
    system: 'identity',
    step,
    title: `Leave the group "${group}"`,
    ...(endsAccess && { endsAccess }),
    call: (context, options) =>
      identity.leaveGroup.executeWithOptions(options, [context, process.people.current(person), group, unlessOpen]),
    undo: { title: `Join the group "${group}" again`, person, unlessOpen: null },
  });
}

/** The learner's training status: the best completion that the ledger knows stands in it. */
export function recordTraining(
  process: Process,
  { courseId, courseName, score, completedAt }: CourseCompleted,
): Promise<unknown> {
  return process.steps.write({
    system: 'salesforce',
    step: 'recordTraining',
    title: 'Record the training status in the CRM',
    call: async (context, options) => {
      const training = { ...(await process.people.person()), courseId, courseName, score, completedAt };
      return salesforce.upsertTraining.executeWithOptions(options, [context, training]);
    },
  });
}

/** The completion for the LMS, with the certificate. Where the policy sets a mark, whoever reaches it has passed. */
export function storeStatement(
  process: Process,
  { userId, courseId, courseName, score, completedAt }: CourseCompleted,
  { course, xapi: iris }: Policy,
): Promise<unknown> {
  const verb = course.passPercent === undefined ? 'completed' : 'passed';
  const facts = { userId, courseId, courseName, score, completedAt, verb, iris } as const;
  return process.steps.write({
    system: 'xapi',
    step: 'storeStatement',
    title: `Send the LMS that the course is ${verb}`,
    call: (context, options) => xapi.storeStatement.executeWithOptions(options, [context, facts]),
  });
}

const MARKS = { required: 'markRequired', certified: 'markCertified', lapsed: 'markLapsed' } as const;

/** `deadline`: by when it has to be renewed, epoch ms. */
export function markCertificate(
  process: Process,
  certName: string,
  status: keyof typeof MARKS,
  deadline: number | null,
): Promise<unknown> {
  const due = deadline === null ? null : new Date(deadline).toISOString();
  return process.steps.write({
    system: 'salesforce',
    step: MARKS[status],
    title: `Mark the certificate as ${status} in the CRM`,
    call: async (context, options) => {
      const standing = { ...(await process.people.person()), certName, status, deadline: due };
      return salesforce.markCertificate.executeWithOptions(options, [context, standing]);
    },
    undo: {
      title: 'Put the status of the certificate in the CRM back',
      person: { userId: process.userId, email: null },
      unlessOpen: null,
      of: 'certificate',
    },
  });
}

/** The new hire's contact carries MindTickle's user id. */
export function linkContact(process: Process, { role, teamId }: UserProvisioned): Promise<unknown> {
  return process.steps.write({
    system: 'salesforce',
    step: 'linkContact',
    title: "Put MindTickle's user id on the CRM contact",
    call: async (context, options) =>
      salesforce.linkContact.executeWithOptions(options, [
        context,
        { ...(await process.people.person()), role, teamId },
      ]),
  });
}
