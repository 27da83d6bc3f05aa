import { adviseOn } from '../../../src/receiver';

describe('adviseOn', () => {
  test('says what to do about a stored cause, and nothing about one that is not known', () => {
    expect(adviseOn('encoding')).toBe('Have the sender, or the proxy in front, send it uncompressed.');
    expect([adviseOn('other'), adviseOn('constructor')]).toEqual([undefined, undefined]);
  });
});
