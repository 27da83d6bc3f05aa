import { readMessage } from '../../../src/dev/stand-ins/mail/message';

function message(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.join('\r\n'), 'utf8');
}

describe('readMessage', () => {
  test.each([
    ['plain', 'Hello', 'Hello'],
    ['Q-encoded', '=?utf-8?Q?Caf=C3=A9_au_lait?=', 'Café au lait'],
    ['B-encoded', '=?UTF-8?B?xYF1a2Fzeg==?=', 'Łukasz'],
    ['latin-1', '=?iso-8859-1?q?Caf=E9?=', 'Café'],
    ['in words, whose gap is no space', '=?utf-8?q?one?= =?utf-8?q?two?= three', 'onetwo three'],
    ['raw UTF-8', 'Café', 'Café'],
    ['in a charset nobody knows', '=?klingon?q?abc?=', 'abc'],
  ])('reads a subject that is %s', (_name, header, subject) => {
    expect(readMessage(message(`Subject: ${header}`, '', '')).subject).toBe(subject);
  });

  test('unfolds headers, and takes addresses out of names and lists', () => {
    const read = readMessage(
      message('From: "Doe, Jane" <jane@example.com>', 'To: a@example.com,', '  B <b@example.com>', '', 'text'),
    );
    expect(read).toMatchObject({ from: 'jane@example.com', to: ['a@example.com', 'b@example.com'], text: 'text' });
  });

  test.each([
    ['quoted-printable', 'caf=C3=A9 =\r\nau lait=20\r\nx  \r\ny', 'café au lait \nx\ny'],
    ['base64', 'xYF1\r\na2Fzeg==', 'Łukasz'],
    ['8bit', 'Łukasz\r\n', 'Łukasz'],
  ])('decodes a %s body', (encoding, body, text) => {
    const read = readMessage(
      message('Content-Type: text/plain; charset=utf-8', `Content-Transfer-Encoding: ${encoding}`, '', body),
    );
    expect(read.text).toBe(text);
  });

  test('takes the plain text of a multipart, however deep, before HTML and never an attachment', () => {
    const read = readMessage(
      message(
        'Content-Type: multipart/mixed; boundary="outer"',
        '',
        'preamble',
        '--outer',
        'Content-Type: text/csv',
        'Content-Disposition: attachment; filename=a.csv',
        '',
        'a,b',
        '--outer',
        'Content-Type: multipart/alternative; boundary=inner',
        '',
        '--inner',
        'Content-Type: text/html',
        '',
        '<p>no</p>',
        '--inner',
        'Content-Type: text/plain',
        '',
        'yes',
        '--inner--',
        '--outer--',
        'epilogue',
      ),
    );
    expect(read.text).toBe('yes');
  });

  test('takes HTML when there is nothing else', () => {
    const read = readMessage(
      message(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: text/html',
        '',
        '<p>x</p>',
        '--b--',
      ),
    );
    expect(read.text).toBe('<p>x</p>');
  });

  test('joins flowed lines, but not the one that opens a signature', () => {
    const read = readMessage(
      message('Content-Type: text/plain; format=flowed', '', 'one ', 'two', ' from', '-- ', 'me'),
    );
    expect(read.text).toBe('one two\nfrom\n-- \nme');
  });

  test('has something to say of anything', () => {
    expect(readMessage(Buffer.from(''))).toEqual({
      messageId: undefined,
      from: undefined,
      to: [],
      subject: '',
      text: '',
    });
    expect(readMessage(message('Content-Type: multipart/mixed', '', 'x')).text).toBe('');
  });
});
