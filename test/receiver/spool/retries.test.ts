import { createRetryDecisions } from '../../../src/receiver/spool/retries';

/** As `@temporalio/client` has it: gRPC's code, and words. */
const grpcError = (code: number): Error => Object.assign(new Error('x'), { code, details: 'x', metadata: {} });
const WRONG = grpcError(3);

describe('createRetryDecisions', () => {
  test.each([1, 4, 5, 7, 8, 13, 14, 16])('gRPC %i is about every start', (code) => {
    const { failed } = createRetryDecisions();
    expect([1, 2, 3, 4].map(() => failed('a', grpcError(code)))).toEqual([
      'back-off',
      'back-off',
      'back-off',
      'back-off',
    ]);
  });

  test('what is no gRPC error is about every start', () => {
    expect(createRetryDecisions().failed('a', new TypeError('x'))).toBe('back-off');
  });

  test('a record that Temporal calls wrong three times becomes a dead letter', () => {
    const { failed } = createRetryDecisions();
    expect([1, 2, 3].map(() => failed('a', WRONG))).toEqual(['try-again', 'try-again', 'dead-letter']);
  });

  test('three records called wrong, none succeeding, are not about the records', () => {
    const { failed } = createRetryDecisions();
    expect(['a', 'b', 'c', 'a', 'b', 'c', 'a'].map((id) => failed(id, WRONG))).toEqual([
      'try-again',
      'try-again',
      'back-off',
      'back-off',
      'back-off',
      'back-off',
      'back-off',
    ]);
  });

  test('once one succeeds, the invalid ones are invalid by themselves', () => {
    const { failed, succeeded } = createRetryDecisions();
    for (const id of ['a', 'b', 'c', 'a']) failed(id, WRONG);
    succeeded('d');
    expect([failed('a', WRONG), failed('a', WRONG)]).toEqual(['try-again', 'dead-letter']);
  });
});
