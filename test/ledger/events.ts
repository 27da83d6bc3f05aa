import { DAY, type Fact, type RenewalRules } from '../../src/domain';
import type { RecordRequest } from '../../src/ledger/record';

export const RULES: RenewalRules = { courses: {}, renewalLeadDays: 90 };

/** A time long enough ago that a day more or less does not make it the future. */
export const MONDAY = Date.parse('2026-03-02T09:00:00Z');

/** What the workflow of event `eventId` asks, in its first run. */
export function request(eventId: string, fact: Fact | null, rules = RULES): RecordRequest {
  const receipt = {
    eventId,
    event: 'some.event',
    workflowId: eventId,
    firstRunId: `run of ${eventId}`,
    signatureDigest: `signature of ${eventId}`,
    bodyDigest: `body of ${eventId}`,
    signedAt: '2026-03-02T09:00:00Z',
    receivedAt: '2026-03-02T09:00:01Z',
  };
  return { receipt, fact, rules };
}

export function completed(userId: string, { course = 'Safety', score = 80, at = MONDAY } = {}): Fact {
  return { kind: 'completed', userId, courseId: `id of ${course}`, courseName: course, score, at };
}

export function expired(userId: string, { certificate = 'Safety', at = MONDAY } = {}): Fact {
  return { kind: 'expired', userId, certName: certificate, at, deadline: at + 30 * DAY };
}

export function quizzed(
  userId: string,
  { result = 'failed', at = MONDAY }: Partial<Fact & { kind: 'quizzed' }> = {},
): Fact {
  return { kind: 'quizzed', userId, quizId: 'quiz', quizName: 'Quiz', result, percent: null, at };
}

export function provisioned(userId: string, { at = MONDAY, email = 'new@example.com' } = {}): Fact {
  return { kind: 'provisioned', userId, email, role: 'rep', teamId: 'west', at };
}

export function deprovisioned(userId: string, { at = MONDAY, email = 'old@example.com' } = {}): Fact {
  return { kind: 'deprovisioned', userId, email, reason: 'left', at };
}

export function progressed(userId: string, { percent = 10, seconds = 60, at = MONDAY } = {}): Fact {
  return { kind: 'progressed', userId, moduleId: 'module', moduleName: 'Module', percent, seconds, at };
}
