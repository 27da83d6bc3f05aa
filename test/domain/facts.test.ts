import type { Delivery, Envelope, QuizSubmitted } from '../../src/events';
import {
  completedFact,
  deprovisionedFact,
  epochMs,
  expiredFact,
  progressedFact,
  provisionedFact,
  quizzedFact,
} from '../../src/domain';

const delivery: Delivery = {
  eventId: 'e1',
  event: 'quiz.submitted',
  signedAt: '2026-11-23T09:00:00Z',
  receivedAt: '2026-11-23T09:00:05Z',
  signatureDigest: 'a',
  bodyDigest: 'b',
};
const signedAt = epochMs(delivery.signedAt);

function envelope<Data>(data: Data): Envelope<Data> {
  return { event: 'any', data, companyId: 'acme' };
}

describe('quizzedFact', () => {
  const judge = (result: Partial<QuizSubmitted>, passPercent?: number) => {
    const data: QuizSubmitted = { userId: 'u1', quizId: 'q1', quizName: 'Pricing', ...result };
    const { result: verdict, percent } = quizzedFact(envelope(data), delivery, passPercent);
    return { verdict, percent };
  };

  test.each<[string, Partial<QuizSubmitted>, number | undefined, string, number | null]>([
    ['passed decides without a mark', { score: 1, maxScore: 10, passed: true }, undefined, 'passed', 10],
    ['not passed decides without a mark', { score: 9, maxScore: 10, passed: false }, undefined, 'failed', 90],
    ['the mark overrides passed', { score: 7, maxScore: 10, passed: true }, 80, 'failed', 70],
    ['the mark overrides not passed', { score: 9, maxScore: 10, passed: false }, 80, 'passed', 90],
    ['the mark itself passes', { score: 8, maxScore: 10 }, 80, 'passed', 80],
    ['just under the mark fails', { score: 799, maxScore: 1000 }, 80, 'failed', 79.9],
    ['a mark of 57 % is met by 57 of 100', { score: 57, maxScore: 100 }, 57, 'passed', 57],
    ['a mark of 29 % is met by 29 of 100', { score: 29, maxScore: 100 }, 29, 'passed', 29],
    ['a mark of 0 lets everyone pass', { score: 0, maxScore: 10, passed: false }, 0, 'passed', 0],
    ['with a maximum of 0, passed decides', { score: 0, maxScore: 0, passed: true }, 80, 'passed', null],
    ['with a maximum below 0, passed decides', { score: 5, maxScore: -1, passed: false }, 80, 'failed', null],
    ['without a maximum, passed decides', { score: 5, passed: false }, 80, 'failed', null],
    ['without a score, passed decides', { maxScore: 10, passed: true }, 80, 'passed', null],
    ['null is as absent', { score: null, maxScore: 10, passed: null }, 80, 'ungraded', null],
    ['with neither score nor passed there is nothing to judge', {}, 80, 'ungraded', null],
    ['without mark and passed a score is only kept', { score: 1, maxScore: 10 }, undefined, 'ungraded', 10],
    ['practice is ungraded', { quizType: 'practice' }, 80, 'ungraded', null],
    ['practice is ungraded whatever it carries', { quizType: 'practice', passed: false }, undefined, 'ungraded', null],
    ['practice is ungraded with a score', { quizType: 'practice', score: 1, maxScore: 10 }, 80, 'ungraded', 10],
    ['another type is judged', { quizType: 'graded', score: 1, maxScore: 10 }, 80, 'failed', 10],
    ['more than the maximum passes', { score: 12, maxScore: 10 }, 100, 'passed', 120],
  ])('%s', (_claim, result, passPercent, verdict, percent) => {
    expect(judge(result, passPercent)).toEqual({ verdict, percent });
  });

  test('happened when its delivery was signed: it has no time of its own', () => {
    const data = { userId: 'u1', quizId: 'q1', quizName: 'Pricing', passed: true };
    expect(quizzedFact(envelope(data), delivery, undefined).at).toBe(signedAt);
  });
});

describe('facts', () => {
  test('a completion happened when it says', () => {
    const data = { userId: 'u1', courseId: 'c1', courseName: 'Basics', score: 91, completedAt: '2026-11-20' };
    const { completedAt, ...kept } = data;
    expect(completedFact(envelope(data))).toEqual({ kind: 'completed', ...kept, at: epochMs(completedAt) });
  });

  test('a departure happens when it says, ahead of its delivery too', () => {
    const data = { userId: 'u1', email: 'rita@example.com', reason: 'left', deprovisionedAt: '2026-12-31T18:00:00' };
    const { deprovisionedAt, ...kept } = data;
    expect(deprovisionedFact(envelope(data))).toEqual({ kind: 'deprovisioned', ...kept, at: epochMs(deprovisionedAt) });
  });

  test('an expiry has its own time and its deadline', () => {
    const data = { userId: 'u1', certName: 'Basics', expiredAt: '2026-11-20', renewalDeadline: '2027-01-31' };
    const times = { at: epochMs(data.expiredAt), deadline: epochMs(data.renewalDeadline) };
    expect(expiredFact(envelope(data))).toEqual({ kind: 'expired', userId: 'u1', certName: 'Basics', ...times });
  });

  test('a new hire happened when the delivery was signed', () => {
    const data = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };
    const { provisionedBy, ...kept } = data;
    expect(provisionedBy).toBe('scim');
    expect(provisionedFact(envelope(data), delivery)).toEqual({ kind: 'provisioned', ...kept, at: signedAt });
  });

  test('progress happened when the delivery was signed', () => {
    const data = { userId: 'u1', moduleId: 'm1', moduleName: 'Objections', progressPct: 40, timeSpentSec: 60 };
    const kept = { userId: 'u1', moduleId: 'm1', moduleName: 'Objections', percent: 40, seconds: 60 };
    expect(progressedFact(envelope(data), delivery)).toEqual({ kind: 'progressed', ...kept, at: signedAt });
  });
});
