import type {
  CertificationExpired,
  CourseCompleted,
  EventDelivery,
  ModuleProgress,
  QuizSubmitted,
  UserDeprovisioned,
  UserProvisioned,
} from '../events';
import { sameName } from './names';
import type { Policy } from './policy';
import { epochMs } from './time';

/**
 * What an event says, reduced to what we keep: the ledger stores it, the correlation table reads it. `at` is epoch ms:
 * the fact's own time, or, where it has none, the signed time of its first delivery.
 */
export type Fact =
  | { kind: 'completed'; userId: string; courseId: string; courseName: string; score: number; at: number }
  | {
      kind: 'quizzed';
      userId: string;
      quizId: string;
      quizName: string;
      result: QuizResult;
      percent: number | null;
      at: number;
    }
  | {
      kind: 'provisioned';
      userId: string;
      email: string | null;
      role: string | null;
      teamId: string | null;
      at: number;
    }
  | { kind: 'deprovisioned'; userId: string; email: string | null; reason: string | null; at: number }
  | {
      kind: 'progressed';
      userId: string;
      moduleId: string;
      moduleName: string;
      percent: number;
      seconds: number;
      at: number;
    }
  | { kind: 'expired'; userId: string; certName: string; at: number; deadline: number };

/** What an event says before the policy is known, which alone says whether a quiz is passed. Null: nothing that is kept. */
export type Said = Fact | { readonly kind: 'submitted'; readonly quiz: Submission } | null;

type Submission = Pick<EventDelivery<QuizSubmitted>, 'data' | 'signedAt'>;

export function factOf(said: Said, { quiz: { passPercent } }: Pick<Policy, 'quiz'>): Fact | null {
  return said?.kind === 'submitted' ? quizzedFact(said.quiz, passPercent) : said;
}

/** `ungraded`: a practice quiz, or one that carries nothing to judge by. */
export type QuizResult = 'passed' | 'failed' | 'ungraded';

export function completedFact({ data }: EventDelivery<CourseCompleted>): Fact {
  const { userId, courseId, courseName, score, completedAt } = data;
  return { kind: 'completed', userId, courseId, courseName, score, at: epochMs(completedAt) };
}

/**
 * With `passPercent`, score / maxScore decides and `passed` is only recorded; without it, or without a usable score,
 * `passed` decides; with neither there is nothing to judge.
 */
export function quizzedFact(
  { data, signedAt }: Submission,
  passPercent: number | undefined,
): Fact & { kind: 'quizzed' } {
  const { userId, quizId, quizName } = data;
  const percent = quizPercent(data);
  return {
    kind: 'quizzed',
    userId,
    quizId,
    quizName: quizName ?? quizId,
    result: resultOf(data, percent, passPercent),
    percent,
    at: epochMs(signedAt),
  };
}

function quizPercent({ score, maxScore }: QuizSubmitted): number | null {
  if (typeof score !== 'number' || typeof maxScore !== 'number' || maxScore <= 0) return null;
  // In this order: 57 / 100 * 100 is less than 57.
  return (score * 100) / maxScore;
}

function resultOf(
  { quizType, passed }: QuizSubmitted,
  percent: number | null,
  passPercent: number | undefined,
): QuizResult {
  if (sameName(quizType ?? '', 'practice')) return 'ungraded';
  if (passPercent !== undefined && percent !== null) return percent >= passPercent ? 'passed' : 'failed';
  if (typeof passed !== 'boolean') return 'ungraded';
  return passed ? 'passed' : 'failed';
}

export function provisionedFact({ data, signedAt }: EventDelivery<UserProvisioned>): Fact {
  const { userId, email, role, teamId } = data;
  return { kind: 'provisioned', userId, email, role, teamId, at: epochMs(signedAt) };
}

export function deprovisionedFact({ data }: EventDelivery<UserDeprovisioned>): Fact {
  const { userId, email, reason, deprovisionedAt } = data;
  return { kind: 'deprovisioned', userId, email, reason, at: epochMs(deprovisionedAt) };
}

export function progressedFact({ data, signedAt }: EventDelivery<ModuleProgress>): Fact {
  const { userId, moduleId, moduleName, progressPct, timeSpentSec } = data;
  return {
    kind: 'progressed',
    userId,
    moduleId,
    moduleName: moduleName ?? moduleId,
    percent: progressPct,
    seconds: timeSpentSec,
    at: epochMs(signedAt),
  };
}

export function expiredFact({ data }: EventDelivery<CertificationExpired>): Fact & { kind: 'expired' } {
  const { userId, certName, expiredAt, renewalDeadline } = data;
  return { kind: 'expired', userId, certName, at: epochMs(expiredAt), deadline: epochMs(renewalDeadline) };
}
