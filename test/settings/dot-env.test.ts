import { readDotEnv } from '../../src/settings/dot-env';

describe('readDotEnv', () => {
  test.each([
    ['a byte order mark', '\uFEFFA=b', 'b'],
    ['`#` inside an unquoted value', 'A=b#c', 'b#c'],
    ['`#` at its beginning', 'A=#b', '#b'],
    ['`#` and a quote', `A=b'#c`, `b'#c`],
    ['a comment after a value', 'A=b #c', 'b'],
    ['a comment alone', 'A= # nothing', ''],
    ['a comment after `#` in a value', 'A=b#c # d', 'b#c'],
    ['lines of another system', 'A=b#c\r\nB=c\r\n', 'b#c'],
    ['`export`', 'export A=b#c', 'b#c'],
    ['quotes', `A="b #c" # d`, 'b #c'],
    ['a quoted text of several lines', `A='b\nX=c#d\n'`, 'b\nX=c#d\n'],
  ])('reads %s', (_what, text, expected) => {
    expect(readDotEnv(text)['A']).toBe(expected);
  });
});
