import { completedFact, decideCertificate } from '../src/domain';
import type { CourseCompleted, EventDelivery } from '../src/events';
import type { Outcome } from './messages';
import { archive, openProcess, recordTraining, sideBySide, storeStatement } from './process';
import type { Process, ProcessResult, Start } from './process';

/**
 * Issue the certificate of a learner's first completion of a course that reaches the mark, where the policy sets one. A
 * retake is recorded, and issues no second one.
 */
export async function courseCompletion(
  delivery: EventDelivery<CourseCompleted>,
  body: unknown,
): Promise<ProcessResult> {
  const { data } = delivery;
  const { userId, courseName } = data;
  const about = `Course completion of ${userId}: ${courseName}`;
  const process = openProcess({ delivery, body, userId, about });
  return process.run({
    said: completedFact(delivery),
    body: (start) => issue(process, data, start),
  });
}

async function issue(process: Process, data: CourseCompleted, { policy, recorded }: Start): Promise<Outcome> {
  const { passPercent } = policy.course;
  const decision = decideCertificate(data.score, recorded.answer, passPercent);
  if (decision === 'below the mark') {
    process.note({
      what: 'below the pass mark: no certificate',
      by: 'mindtickle',
      reason: `${data.score} % of ${passPercent} %`,
    });
    return 'done';
  }
  if (decision === 'completed before') {
    process.note({ what: 'completed before: no second certificate', by: 'mindtickle', reason: null });
    // One record a learner and course: a better score stands in it.
    if (recorded.answer.improved === true) await recordTraining(process, data);
    return 'done';
  }
  await sideBySide(
    () => storeCertificate(process, data),
    () => storeStatement(process, data, policy),
    () => recordTraining(process, data),
    () => process.notifyLearner('notifyLearner', { kind: 'certificate', courseName: data.courseName }),
  );
  return 'done';
}

function storeCertificate(
  process: Process,
  { userId, courseId, courseName, score, completedAt }: CourseCompleted,
): Promise<unknown> {
  const facts = { userId, courseId, courseName, score, completedAt };
  return process.steps.write({
    system: 'archive',
    step: 'storeCertificate',
    title: 'Store the certificate',
    call: (context, options) => archive.storeCertificate.executeWithOptions(options, [context, facts]),
  });
}
