import { byName, certificateKey, oneLine, sameName } from '../../src/domain';

describe('sameName', () => {
  test.each([
    ['composed and decomposed letters', 'Caf\u00e9 Basics', 'Cafe\u0301 Basics'],
    ['a no-break space', 'Sales Basics', 'Sales\u00a0Basics'],
    ['two spaces', 'Sales Basics', 'Sales  Basics'],
    ['a tab and a line end', 'Sales Basics', ' Sales\t\r\nBasics '],
    ['an ideographic space', 'Sales Basics', 'Sales\u3000Basics'],
    ['a zero-width space at the end', 'Sales Basics', 'Sales Basics\u200b'],
    ['a zero-width space after a space', 'Sales Basics', 'Sales \u200b Basics \u200b'],
    ['a byte order mark, a word joiner and a soft hyphen', 'Sales Basics', '\ufeffSa\u00adles\u2060 Basics'],
    ['full-width letters', 'Sales 1', 'Ｓａｌｅｓ　１'],
    ['upper case', 'Sales Basics', 'SALES BASICS'],
    ['upper case that has more letters', 'Straße', 'STRASSE'],
    ['an accent of another case', 'Équipe', 'éQUIPE'],
    ['the two small sigmas', 'ΟΔΟΣ οδός', 'οδοσ ΟΔΌΣ'],
    ['a ligature', 'Oﬃce', 'office'],
    ['a variation selector', 'Sales \u2764', 'Sales \u2764\ufe0f'],
    ['direction marks', 'Sales', '\u202eSales\u202c\u200f'],
  ])('%s: the same', (_what, one, other) => {
    expect(sameName(one, other)).toBe(true);
    expect(certificateKey(one)).toBe(certificateKey(other));
  });

  test.each([
    ['Sales', 'Sales 2'],
    ['Cafe', 'Café'],
    ['Sales-Basics', 'Sales Basics'],
    ['Sales', ''],
  ])('%j and %j are two', (one, other) => expect(sameName(one, other)).toBe(false));
});

describe('byName', () => {
  test('finds the value under the same name, and prefers the very same', () => {
    const values = { Sales: 1, SALES: 2 };
    expect([byName(values, 'SALES'), byName(values, 'sales\u200b'), byName(values, 'x')]).toEqual([2, 1, undefined]);
    expect(byName({}, 'constructor')).toBeUndefined();
  });
});

describe('oneLine', () => {
  test('drops what turns the direction of writing, and keeps what joins letters', () => {
    expect(oneLine('Renew: \u202eselaS\u202c \u2067x\u2069\u200e\u200f\u061c')).toBe('Renew: selaS x');
    expect(oneLine('می\u200cخواهم 👩\u200d🎓')).toBe('می\u200cخواهم 👩\u200d🎓');
    expect(oneLine(' a\r\nb\u0000c\u2028d ')).toBe('a b c d');
  });
});
