import fc from 'fast-check';
import { decideCertificate } from '../../src/domain';

describe('judgeCompletion', () => {
  test.each([
    ['without a mark any first completion earns it', 3, { firstCompletion: true }, undefined, 'due'],
    [
      'without a mark a second one earns none',
      99,
      { firstCompletion: false, bestBefore: 3 },
      undefined,
      'completed before',
    ],
    ['at the mark it is reached', 80, { firstCompletion: true }, 80, 'due'],
    ['below it is not', 79.9, { firstCompletion: true }, 80, 'below the mark'],
    [
      'who fell short before earns it by the first that does not',
      80,
      { firstCompletion: false, bestBefore: 79 },
      80,
      'due',
    ],
    ['who had reached it earns no second', 95, { firstCompletion: false, bestBefore: 80 }, 80, 'completed before'],
    ['an answer older than the question is taken as it was', 95, { firstCompletion: false }, 80, 'completed before'],
    ['an answer that says nothing is a first', 95, {}, 80, 'due'],
  ] as const)('%s', (_claim, score, earlier, passPercent, verdict) => {
    expect(decideCertificate(score, earlier, passPercent)).toBe(verdict);
  });

  test('of one learner’s completions exactly one is due, if any reaches the mark', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 8 });
    const mark = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
    fc.assert(
      fc.property(scores, mark, (given, passPercent) => {
        const verdicts = given.map((score, index) => {
          const before = given.slice(0, index);
          const earlier =
            before.length === 0
              ? { firstCompletion: true }
              : { firstCompletion: false, bestBefore: Math.max(...before) };
          return decideCertificate(score, earlier, passPercent);
        });
        const reaches = given.some((score) => score >= (passPercent ?? 0));
        expect(verdicts.filter((verdict) => verdict === 'due')).toHaveLength(reaches ? 1 : 0);
      }),
    );
  });
});
