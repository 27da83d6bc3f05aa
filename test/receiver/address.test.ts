import { bareAddress } from '../../src/receiver/server';

describe('bareAddress', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:51234', '2001:db8::7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s is %s', (text, address) => expect(bareAddress(text)).toBe(address));

  test.each([
    undefined,
    '',
    'unknown',
    '_hidden',
    'rita@example.com',
    '%fe80::1',
    '[rita@example.com]:80',
    '203.0.113.7, 6.6.6.6',
    '203.0.113.256',
    '203.0.113.7\n',
    'deadbeef',
    'a'.repeat(64),
  ])('%j is none', (text) => expect(bareAddress(text)).toBeUndefined());
});
