import { condition } from '@temporalio/workflow';
import { addWorkingDays, quizzedFact, type Policy } from '../src/domain';
import type { Delivery, Envelope, QuizSubmitted } from '../src/events';
import { letterTo } from './process/common-steps';
import type { Outcome } from './messages';
import type { Recipient } from './process/people';
import { openProcess, type Body, type Carried, type Process, type ProcessResult } from './process/process';
import { since } from './releases';

/** Alert the manager of a failed quiz, and wait until it is coached or taken again; overdue, tell the next in line. */
export async function quizCoaching(
  delivery: Delivery,
  envelope: Envelope<QuizSubmitted>,
  carried?: Carried<Place>,
): Promise<ProcessResult> {
  const { userId, quizName } = envelope.data;
  const about = `Quiz coaching of ${userId}: ${quizName}`;
  const process = openProcess({ delivery, body: envelope, userId, about, messages: ['coached', 'retaken'], carried });
  const verdict = listen(process);
  return process.run(
    ({ policy }) => quizzedFact(envelope, delivery, policy.quiz.passPercent),
    async (given) => {
      const { result, percent } = quizzedFact(envelope, delivery, given.terms.policy.quiz.passPercent);
      if (result === 'failed')
        return untilSettled(process, verdict, { quizName, userId, percent }, given, carried?.place);
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
  process.onSignal(
    { name: 'coached', description: 'The learner was coached: { by, note }', required: ['by', 'note'] },
    ({ by, note }) => {
      process.note({ what: 'coached', by, reason: note });
      verdict.outcome ??= 'coached';
    },
  );
  process.onSignal(
    { name: 'retaken', description: 'The quiz was passed: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'retaken', by: `event ${eventId}`, reason: null });
      verdict.outcome ??= 'retaken';
    },
  );
  return verdict;
}

/** Where a coaching is at rest: whether anyone is told when the term is over, and when that is, epoch ms. */
interface Place {
  readonly hasNext: boolean;
  readonly wakeAt: number;
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
  place: Place | undefined,
): Promise<Outcome> {
  if (recorded.settledBy?.signal === 'retaken') return 'retaken';
  const { policy } = terms;
  // Asked once: a process that began without goes on without.
  return since('coaching-line')
    ? upTheLine(process, verdict, quiz, policy, place)
    : byCount(process, verdict, quiz, policy);
}

const WANTED = 'coaching or a passing retake';

/**
 * One after the other is told, each with a full term of working days; whom `escalate` told has one too. When everyone
 * has had theirs, it waits without one.
 */
async function upTheLine(
  process: Process,
  verdict: Verdict,
  quiz: FailedQuiz,
  policy: Policy,
  place: Place | undefined,
): Promise<Outcome> {
  const { people } = process;
  let hasNext = place?.hasNext ?? (await tellNext(process, verdict, quiz));
  for (let wakeAt = place?.wakeAt ?? termEnd(policy); verdict.outcome === null; wakeAt = termEnd(policy)) {
    const named = people.named();
    const isHeard = await process.wait({
      what: WANTED,
      until: () => verdict.outcome !== null || people.named() > named,
      ...(hasNext && { wakeAt, dueAt: wakeAt, next: 'the next in line is told' }),
      place: (): Place => ({ hasNext, wakeAt }),
    });
    if (isHeard) hasNext = true;
    else {
      noteOverdue(process, policy);
      hasNext = await tellNext(process, verdict, quiz);
    }
  }
  return verdict.outcome;
}

/** False when there is nobody further. The letter goes on beside the process: it may park. */
async function tellNext(process: Process, verdict: Verdict, quiz: FailedQuiz): Promise<boolean> {
  let found: Recipient | null | undefined;
  process.aside(async () => {
    found = await process.people.next();
    if (found === null) process.note({ what: 'nobody further in line', by: 'mindtickle', reason: null });
    else await tell(process, quiz, found);
  });
  await condition(() => found !== undefined || verdict.outcome !== null);
  return found !== null;
}

function termEnd({ quiz, calendar }: Policy): number {
  return addWorkingDays(Date.now(), quiz.slaWorkingDays, calendar);
}

function noteOverdue(process: Process, { quiz }: Policy): void {
  process.note({ what: 'nobody coached in time', by: 'mindtickle', reason: `${quiz.slaWorkingDays} working days` });
}

/** How it went before the team had a line: the manager and every administrator have a term each. */
async function byCount(process: Process, verdict: Verdict, quiz: FailedQuiz, policy: Policy): Promise<Outcome> {
  const told = new Set<string>();
  for (let level = 0; ; level += 1) {
    const asked = process.aside(() => alert(process, quiz, told));
    const isLast = level > policy.administrators.length;
    const wakeAt = termEnd(policy);
    await process.wait({
      what: WANTED,
      until: () => verdict.outcome !== null,
      ...(!isLast && { wakeAt, dueAt: wakeAt, next: 'the next in line is told' }),
    });
    if (verdict.outcome !== null) {
      await asked.drop();
      return verdict.outcome;
    }
    noteOverdue(process, policy);
  }
}

async function alert(process: Process, quiz: FailedQuiz, told: Set<string>): Promise<void> {
  const recipient = (await process.people.chain()).find(({ to }) => !told.has(to));
  if (recipient === undefined) return;
  told.add(recipient.to);
  await tell(process, quiz, recipient);
}

const STEPS: Readonly<Record<Recipient['role'], string>> = {
  learner: 'tellLearner',
  manager: 'tellManager',
  lead: 'tellLead',
  administrator: 'tellAdministrator',
  other: 'tellOther',
};

async function tell(process: Process, quiz: FailedQuiz, recipient: Recipient): Promise<void> {
  await letterTo(process, STEPS[recipient.role], recipient, { kind: 'coach', ...quiz });
}
