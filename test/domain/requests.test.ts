import { isEmail, isInvalidRequest, readTextFields } from '../../src/domain';

describe('readTexts', () => {
  const read = (message: unknown) => readTextFields(message, ['reason', 'by'], ['to']);

  test.each<[string, unknown, object]>([
    ['required fields alone', { reason: 'late', by: 'ada' }, { reason: 'late', by: 'ada' }],
    ['an optional field', { reason: 'late', by: 'ada', to: 'x' }, { reason: 'late', by: 'ada', to: 'x' }],
    ['outer space is cut', { reason: ' late\n', by: '\tada ' }, { reason: 'late', by: 'ada' }],
    ['other fields are left out', { reason: 'late', by: 'ada', more: 1 }, { reason: 'late', by: 'ada' }],
    ['a text of 2000 characters', { reason: 'x'.repeat(2000), by: 'ada' }, { reason: 'x'.repeat(2000), by: 'ada' }],
  ])('takes %s', (_claim, message, expected) => {
    expect(read(message)).toEqual(expected);
  });

  const notAnObject = 'expected one JSON object with reason, by';
  test.each<[string, unknown, string]>([
    ['nothing', undefined, notAnObject],
    ['null', null, notAnObject],
    ['a text', 'late', notAnObject],
    ['a number', 7, notAnObject],
    ['a list', [{ reason: 'late', by: 'ada' }], notAnObject],
    ['an empty object', {}, '`reason` is missing'],
    ['a missing field', { reason: 'late' }, '`by` is missing'],
    ['a field that is null', { reason: 'late', by: null }, '`by` must be a text'],
    ['a field that is a number', { reason: 1, by: 'ada' }, '`reason` must be a text'],
    ['a field that is an object', { reason: {}, by: 'ada' }, '`reason` must be a text'],
    ['an empty field', { reason: '', by: 'ada' }, '`reason` must not be empty'],
    ['a field of spaces', { reason: ' \n', by: 'ada' }, '`reason` must not be empty'],
    ['an optional field of another type', { reason: 'late', by: 'ada', to: 1 }, '`to` must be a text'],
    [
      'a text that is too long',
      { reason: 'x'.repeat(2001), by: 'ada' },
      '`reason` must not be longer than 2000 characters',
    ],
  ])('refuses %s in a sentence', (_claim, message, problem) => {
    expect(read(message)).toEqual({ problem });
  });

  test('a field of the prototype is no field', () => {
    expect(readTextFields(Object.create({ by: 'ada' }), ['by'])).toEqual({ problem: '`by` is missing' });
    expect(readTextFields({}, ['constructor'])).toEqual({ problem: '`constructor` is missing' });
  });

  test('a refusal never repeats what was sent', () => {
    const secret = 'hunter2 '.repeat(300);
    const answers = [{ reason: secret, by: 'ada' }, [secret], { reason: [secret], by: 'ada' }].map(read);
    expect(answers.every(isInvalidRequest)).toBe(true);
    expect(JSON.stringify(answers)).not.toContain('hunter2');
  });
});

describe('isEmail', () => {
  test.each(['a@b', 'rita.alvarez+x@mail.example.com', 'o’neil@example.com', `${'x'.repeat(308)}@example.com`])(
    'takes %s',
    (text) => {
      expect(isEmail(text)).toBe(true);
    },
  );

  test.each([
    '',
    'rita',
    '@example.com',
    'rita@',
    'rita@a@b',
    'rita @example.com',
    'rita@example.com\r\nBcc: all@example.com',
    'rita@example.com,omar@example.com',
    'rita@example.com;omar@example.com',
    'Rita <rita@example.com>',
    `${'x'.repeat(309)}@example.com`,
  ])('refuses %j', (text) => {
    expect(isEmail(text)).toBe(false);
  });
});
