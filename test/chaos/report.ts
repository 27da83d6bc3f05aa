import { check, isAcknowledged, type Records, type Violation } from './checker';
import type { Attempt } from './sender';

/** What the comparison of the three records found. */
export interface Findings {
  /** Event ids that were answered 2xx at least once. */
  readonly acknowledged: number;
  /** Acknowledged, and no workflow has it. */
  readonly lost: number;
  /** Runs and effects that happened more than once. */
  readonly doubled: number;
  readonly violations: readonly Violation[];
  /** Workflows by outcome; those in quarantine wait. */
  readonly byOutcome: Readonly<Record<string, number>>;
  /** Deliveries, by answer. */
  readonly byAnswer: Readonly<Record<string, number>>;
}

export function judge(records: Records): Findings {
  const { attempts, workflows } = records;
  const violations = check(records);
  const count = (...kinds: readonly string[]): number => violations.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    acknowledged: new Set(attempts.filter(isPromise).map(({ eventId }) => eventId)).size,
    lost: count('lost', 'conflict-lost', 'replay-lost'),
    doubled: count('doubled-run', 'doubled-replay', 'doubled-effect', 'started-again'),
    violations,
    byOutcome: tally(
      workflows.map(({ outcome, type, status }) => outcome ?? (type === 'quarantine' ? 'waiting' : status)),
    ),
    byAnswer: countAnswers(attempts),
  };
}

export function countAnswers(attempts: readonly Attempt[]): Readonly<Record<string, number>> {
  return tally(attempts.map(nameAnswer));
}

const isPromise = (attempt: Attempt): boolean => attempt.signature === 'right' && isAcknowledged(attempt);

function nameAnswer({ answer }: Attempt): string {
  if (answer === 'unanswered') return answer;
  if (answer.status !== 200) return String(answer.status);
  if (answer.spooled === true) return 'spooled';
  return answer.duplicate === true ? 'duplicate' : 'started';
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
