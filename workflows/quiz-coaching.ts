import { condition } from '@temporalio/workflow';
import { addWorkingDays, type Policy, quizzedFact } from '../src/domain';
import type { EventDelivery, QuizSubmitted } from '../src/events';
import type { Outcome } from './messages';
import {
  begunAt,
  openProcess,
  type Carried,
  type Process,
  type ProcessResult,
  type Recipient,
  type Start,
} from './process';

/** Alert the manager of a failed quiz, and wait until it is coached or taken again; overdue, notify the next person. */
export async function quizCoaching(
  delivery: EventDelivery<QuizSubmitted>,
  body: unknown,
  carried?: Carried<Checkpoint>,
): Promise<ProcessResult> {
  const { userId, quizId, quizName: named } = delivery.data;
  const quizName = named ?? quizId;
  const about = `Quiz coaching of ${userId}: ${quizName}`;
  const process = openProcess({
    delivery,
    body,
    userId,
    about,
    messages: ['coached', 'retaken', 'joined'],
    carried,
  });
  const news = listen(process);
  return process.run({
    said: { kind: 'submitted', quiz: { data: delivery.data, signedAt: delivery.signedAt } },
    joinDetail: (policy) => scoreOf(quizzedFact(delivery, policy.quiz.passPercent)),
    body: async (start) => {
      const { policy } = start;
      const { result, percent } = quizzedFact(delivery, policy.quiz.passPercent);
      if (result === 'failed')
        return untilSettled(
          { process, policy, news, begun: begunAt(delivery), quiz: { quizName, userId, percent } },
          start,
          carried?.checkpoint,
        );
      process.note({ what: `quiz ${result}: no coaching`, by: 'mindtickle', reason: null });
      return 'done';
    },
  });
}

function scoreOf({ percent }: { readonly percent: number | null }): string | undefined {
  return percent === null ? undefined : `${Math.round(percent)} %`;
}

type CoachingOutcome = 'coached' | 'retaken';

/** What people and events have said so far. */
interface News {
  outcome: CoachingOutcome | null;
}

function listen(process: Process): News {
  const news: News = { outcome: null };
  process.onSignal(
    { name: 'coached', description: 'The learner was coached: { by, note }', required: ['by', 'note'] },
    ({ by, note }) => {
      process.note({ what: 'coached', by, reason: note });
      news.outcome ??= 'coached';
    },
  );
  process.onSignal(
    {
      name: 'joined',
      description: 'The quiz was failed again: { eventId, detail? }',
      required: ['eventId'],
      optional: ['detail'],
    },
    ({ eventId, detail }) => process.note({ what: 'failed again', by: `event ${eventId}`, reason: detail ?? null }),
  );
  process.onSignal(
    { name: 'retaken', description: 'The quiz was passed: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'retaken', by: `event ${eventId}`, reason: null });
      news.outcome ??= 'retaken';
    },
  );
  return news;
}

/** Where a coaching is at rest: whether there is somebody else to notify when the time is over, and when that is, epoch ms. */
interface Checkpoint {
  readonly hasNext: boolean;
  readonly wakeAt: number;
}

interface Case {
  readonly process: Process;
  readonly policy: Policy;
  readonly news: News;
  /** From when the first one's working days count, epoch ms. */
  readonly begun: number;
  readonly quiz: { readonly quizName: string; readonly userId: string; readonly percent: number | null };
}

async function untilSettled(coaching: Case, { recorded }: Start, checkpoint: Checkpoint | undefined): Promise<Outcome> {
  if (recorded.settledBy?.signal === 'retaken') return 'retaken';
  return upTheChain(coaching, checkpoint);
}

const WANTED = 'coaching or a passing retake';

/**
 * One person after the other is notified, each with the full number of working days; whom `escalate` notified has them too.
 * When everyone has had theirs, it waits without a deadline.
 */
async function upTheChain(coaching: Case, checkpoint: Checkpoint | undefined): Promise<Outcome> {
  const { process, policy, news, begun } = coaching;
  const { people } = process;
  let hasNext = checkpoint?.hasNext ?? (await notifyNext(coaching));
  for (let wakeAt = checkpoint?.wakeAt ?? overdueAt(policy, begun); news.outcome === null; wakeAt = overdueAt(policy)) {
    const named = people.named();
    const isWoken = await process.wait({
      what: WANTED,
      cause: 'waitsForCoaching',
      until: () => news.outcome !== null || people.named() > named,
      ...(hasNext && { wakeAt, dueAt: wakeAt, next: 'the next person of the escalation chain is notified' }),
      checkpoint: (): Checkpoint => ({ hasNext, wakeAt }),
    });
    if (isWoken) hasNext = true;
    else {
      noteOverdue(coaching);
      hasNext = await notifyNext(coaching);
    }
  }
  return news.outcome;
}

/** False when there is nobody further. The notification goes on in the background: it may park. */
async function notifyNext(coaching: Case): Promise<boolean> {
  const { process, news } = coaching;
  let found: Recipient | null | undefined;
  process.inBackground(async () => {
    found = await process.people.next();
    if (found === null)
      process.note({ what: 'nobody is left in the escalation chain', by: 'mindtickle', reason: null });
    else await notify(coaching, found);
  });
  await condition(() => found !== undefined || news.outcome !== null);
  return found !== null;
}

function overdueAt({ quiz, calendar }: Policy, begun = Date.now()): number {
  return addWorkingDays(begun, quiz.slaWorkingDays, calendar);
}

function noteOverdue({ process, policy: { quiz } }: Case): void {
  process.note({ what: 'nobody coached in time', by: 'mindtickle', reason: `${quiz.slaWorkingDays} working days` });
}

const STEPS: Readonly<Record<Recipient['role'], string>> = {
  learner: 'notifyLearner',
  manager: 'notifyManager',
  lead: 'notifyLead',
  administrator: 'notifyAdministrator',
  other: 'notifyOther',
};

function notify({ process, quiz }: Case, recipient: Recipient): Promise<void> {
  return process.notify(STEPS[recipient.role], recipient, { kind: 'coach', ...quiz });
}
