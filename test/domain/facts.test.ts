import {
  completedFact,
  deprovisionedFact,
  epochMs,
  expiredFact,
  progressedFact,
  provisionedFact,
  quizzedFact,
  type Fact,
} from '../../src/domain';
import type { EventName, QuizSubmitted } from '../../src/events';
import { dataOf, deliveryOf } from '../events/deliveries';

const signedAt = epochMs('2026-03-02T09:00:00Z');
const sampleDelivery = <E extends EventName>(event: E, change = {}) => ({
  ...deliveryOf('e1', { event }, { at: signedAt }),
  data: dataOf(event, change),
});

describe('quizzedFact', () => {
  const judge = (given: Partial<QuizSubmitted>, passPercent?: number) => {
    const nothing = { score: undefined, maxScore: undefined, passed: undefined };
    const delivery = sampleDelivery('quiz.submitted', { ...nothing, ...given });
    const { result, percent } = quizzedFact(delivery, passPercent);
    return { result, percent };
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
  ])('%s', (_claim, given, passPercent, result, percent) => {
    expect(judge(given, passPercent)).toEqual({ result, percent });
  });

  test('happened when its delivery was signed: it has no time of its own', () => {
    expect(quizzedFact(sampleDelivery('quiz.submitted'), undefined).at).toBe(signedAt);
  });
});

describe('facts', () => {
  const course = { userId: 'u1', courseId: 'c1', courseName: 'Basics', score: 91 };
  const leaver = { userId: 'u1', email: 'rita@example.com', reason: 'left' };
  const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1' };
  const certificate = { userId: 'u1', certName: 'Basics' };
  const progress = { userId: 'u1', moduleId: 'm1', moduleName: 'Objections' };

  test.each<[string, Fact, Partial<Fact>]>([
    [
      'a completion happened when it says',
      completedFact(sampleDelivery('course.completed', { ...course, completedAt: '2026-11-20' })),
      { kind: 'completed', ...course, at: epochMs('2026-11-20') },
    ],
    [
      'a departure happens when it says, ahead of its delivery too',
      deprovisionedFact(sampleDelivery('user.deprovisioned', { ...leaver, deprovisionedAt: '2026-12-31T18:00:00' })),
      { kind: 'deprovisioned', ...leaver, at: epochMs('2026-12-31T18:00:00') },
    ],
    [
      'an expiry has its own time and its deadline',
      expiredFact(
        sampleDelivery('certification.expired', {
          ...certificate,
          expiredAt: '2026-11-20',
          renewalDeadline: '2027-01-31',
        }),
      ),
      { kind: 'expired', ...certificate, at: epochMs('2026-11-20'), deadline: epochMs('2027-01-31') },
    ],
    [
      'a new hire happened when the delivery was signed',
      provisionedFact(sampleDelivery('user.provisioned', hire)),
      { kind: 'provisioned', ...hire, at: signedAt },
    ],
    [
      'progress happened when the delivery was signed',
      progressedFact(sampleDelivery('module.progress', { ...progress, progressPct: 40, timeSpentSec: 60 })),
      { kind: 'progressed', ...progress, percent: 40, seconds: 60, at: signedAt },
    ],
  ])('%s', (_claim, fact, expected) => {
    expect(fact).toEqual(expected);
  });
});
