import { adviseOn } from '../../../src/receiver';

describe('adviseOn', () => {
  test('says of a stored cause what is the case and what to do, and nothing of one that is not known', () => {
    expect(adviseOn('encoding')).toBe(
      'The body came with a Content-Encoding: have the sender, or the proxy in front, send it uncompressed.',
    );
    expect([adviseOn('other'), adviseOn('constructor')]).toEqual([undefined, undefined]);
  });
});
