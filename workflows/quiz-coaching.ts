import { addWorkingDays } from '../src/domain/calendar';
import { quizzedFact } from '../src/domain/facts';
import type { Delivery, Envelope, QuizSubmitted } from '../src/events';
import { letterTo } from './effects';
import type { Outcome } from './messages';
import { openProcess, type Body, type Process, type ProcessResult } from './process';
import { onSignal } from './signals';

/** Alert the manager of a failed quiz, and wait until it is coached or taken again; overdue, tell the next in line. */
export async function quizCoaching(delivery: Delivery, envelope: Envelope<QuizSubmitted>): Promise<ProcessResult> {
  const { userId, quizName } = envelope.data;
  const about = `Quiz coaching of ${userId}: ${quizName}`;
  const process = openProcess({ delivery, body: envelope, userId, about, messages: ['coached', 'retaken'] });
  const verdict = listen(process);
  return process.run(
    ({ policy }) => quizzedFact(envelope, delivery, policy.quiz.passPercent),
    async (given) => {
      const { verdict: result, percent } = quizzedFact(envelope, delivery, given.terms.policy.quiz.passPercent);
      if (result === 'failed') return untilSettled(process, verdict, { quizName, userId, percent }, given);
      process.note({ what: `quiz ${result}: no coaching`, by: 'mindtickle', reason: null });
      return 'done';
    },
  );
}

interface Verdict {
  outcome: 'coached' | 'retaken' | null;
}

function listen(process: Process): Verdict {
  const verdict: Verdict = { outcome: null };
  onSignal(
    process.recorder,
    { name: 'coached', description: 'The learner was coached: { by, note }', required: ['by', 'note'] },
    ({ by, note }) => {
      process.note({ what: 'coached', by, reason: note });
      verdict.outcome ??= 'coached';
    },
  );
  onSignal(
    process.recorder,
    { name: 'retaken', description: 'The quiz was passed: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'retaken', by: `event ${eventId}`, reason: null });
      verdict.outcome ??= 'retaken';
    },
  );
  return verdict;
}

interface FailedQuiz {
  readonly quizName: string;
  readonly userId: string;
  readonly percent: number | null;
}

async function untilSettled(
  process: Process,
  verdict: Verdict,
  quiz: FailedQuiz,
  { terms, recorded }: Body,
): Promise<Outcome> {
  if (recorded.settledBy?.signal === 'retaken') return 'retaken';
  const { quiz: rules, administrators } = terms.policy;
  const told = new Set<string>();
  for (let level = 0; ; level += 1) {
    const asked = process.aside(() => alert(process, quiz, told));
    // The manager and every administrator have had their time: there is nobody further to tell.
    const isLast = level > administrators.length;
    const wakeAt = addWorkingDays(Date.now(), rules.slaWorkingDays);
    await process.wait({
      what: 'coaching or a passing retake',
      until: () => verdict.outcome !== null,
      ...(!isLast && { wakeAt, dueAt: wakeAt }),
    });
    if (verdict.outcome !== null) {
      await asked.drop();
      return verdict.outcome;
    }
    process.note({ what: 'nobody coached in time', by: 'mindtickle', reason: `${rules.slaWorkingDays} working days` });
  }
}

/** Each level is told once: who leads, then each administrator. */
async function alert(process: Process, { quizName, userId, percent }: FailedQuiz, told: Set<string>): Promise<void> {
  const recipient = (await process.people.chain()).find(({ to }) => !told.has(to));
  if (recipient === undefined) return;
  told.add(recipient.to);
  await letterTo(process, `tell${recipient.role === 'manager' ? 'Manager' : 'Administrator'}`, recipient, {
    kind: 'coach',
    quizName,
    userId,
    percent,
  });
}
