import { readPeople, type PersonRow } from '../../../src/commands/learners/people';
import { SettingsError } from '../../../src/settings';

async function read(csv: string) {
  const unknown: string[] = [];
  const rows: PersonRow[] = [];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(csv));
  }
  for await (const row of readPeople(chunks(), (names) => unknown.push(...names))) rows.push(row);
  return { rows, unknown };
}

const HEADER = 'userId,email,role,teamId,managerEmail\n';

describe('readPeople', () => {
  test('finds columns by name, in any order, without those it does not need, and says which it does not read', async () => {
    const { rows, unknown } = await read('Site,MANAGEREMAIL, userid ,role,\nBerlin,m@example.com, u1 ,,\n');
    expect(rows).toEqual([
      {
        line: 2,
        person: { userId: 'u1', email: null, role: null, teamId: null, managerEmail: 'm@example.com' },
      },
    ]);
    expect(unknown).toEqual(['Site']);
  });

  test.each([
    [',a@example.com,,,', 'userId: missing'],
    ['u1,nobody-special,,,', 'email: not an e-mail address'],
    ['u1,,,,a@example.com;b@example.com', 'managerEmail: not an e-mail address'],
    ['u1,secret one,,,secret two', 'email: not an e-mail address; managerEmail: not an e-mail address'],
    ['u1,a@example.com', 'has 2 fields where the first row has 5'],
    ['u1,a@example.com,"rep\nwest"', 'has 3 fields where the first row has 5 (the row goes on to line 3)'],
    ['u1,a@example.com,a\0b,,', 'role: contains a character that no text can have'],
  ])('leaves %j out, and says why without the value', async (row, reason) => {
    expect((await read(`${HEADER}${row}\n`)).rows).toEqual([{ line: 2, reason }]);
  });

  test('lets the first row of a person count', async () => {
    const { rows } = await read('userId,role\nu1,rep\nu2,\nu1,lead\n');
    expect(rows.map((row) => ('reason' in row ? row.reason : row.person.role))).toEqual([
      'rep',
      null,
      'userId: is on line 2 already',
    ]);
  });

  test.each([
    ['', 'the file is empty'],
    ['u1,ada@example.com,rep,west,\n', 'line 1 must name the columns (userId,email,role,teamId,managerEmail)'],
    ['userId;email\n', 'separate the columns with commas'],
    ['userId,email,Email\n', 'line 1: email is named twice'],
    ['\uFFFDuserId\n', 'line 1, which names the columns: not UTF-8'],
  ])('refuses %j, and repeats nothing of it', async (csv, sentence) => {
    await expect(read(csv)).rejects.toThrow(SettingsError);
    await expect(read(csv)).rejects.toThrow(sentence);
    await expect(read(csv)).rejects.not.toThrow('ada@');
  });
});
