import { createVerdicts } from '../../../src/receiver/spool/retry-decision';

/** As `@temporalio/client` has it: gRPC's code, and words. */
const grpcError = (code: number): Error => Object.assign(new Error('x'), { code, details: 'x', metadata: {} });
const WRONG = grpcError(3);

describe('createVerdicts', () => {
  test.each([1, 4, 5, 7, 8, 13, 14, 16])('gRPC %i is about every start', (code) => {
    const { failed } = createVerdicts();
    expect([1, 2, 3, 4].map(() => failed('a', grpcError(code)))).toEqual(['pause', 'pause', 'pause', 'pause']);
  });

  test('what is no gRPC error is about every start', () => {
    expect(createVerdicts().failed('a', new TypeError('x'))).toBe('pause');
  });

  test('a record that Temporal calls wrong three times is set aside', () => {
    const { failed } = createVerdicts();
    expect([1, 2, 3].map(() => failed('a', WRONG))).toEqual(['try-again', 'try-again', 'set-aside']);
  });

  test('three records called wrong, none passing, are no longer about the records', () => {
    const { failed } = createVerdicts();
    expect(['a', 'b', 'c', 'a', 'b', 'c', 'a'].map((id) => failed(id, WRONG))).toEqual([
      'try-again',
      'try-again',
      'pause',
      'pause',
      'pause',
      'pause',
      'pause',
    ]);
  });

  test('once one passes, the wrong ones are wrong by themselves', () => {
    const { failed, passed } = createVerdicts();
    for (const id of ['a', 'b', 'c', 'a']) failed(id, WRONG);
    passed('d');
    expect([failed('a', WRONG), failed('a', WRONG)]).toEqual(['try-again', 'set-aside']);
  });
});
