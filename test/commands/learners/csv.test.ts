import fc from 'fast-check';
import { readCsv, type CsvRow } from '../../../src/commands/learners/csv';

/** As a stream brings it: cut anywhere, also within a character. */
async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(content: string | Uint8Array, size = 7): Promise<readonly CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const row of readCsv(cut(Buffer.from(content), size))) rows.push(row);
  return rows;
}

const row = (line: number, ...fields: string[]): CsvRow => ({ line, lastLine: line, fields });

describe('readCsv', () => {
  test('reads rows that end with LF, CR LF or the file', async () => {
    expect(await read('a,b\r\nc,d\ne,')).toEqual([row(1, 'a', 'b'), row(2, 'c', 'd'), row(3, 'e', '')]);
  });

  test('drops a byte order mark, and skips what is blank', async () => {
    expect(await read('\uFEFFa,b\n\n,\r\nc,d\n\n')).toEqual([row(1, 'a', 'b'), row(4, 'c', 'd')]);
  });

  test('of nothing has no rows', async () => {
    expect(await read('')).toEqual([]);
  });

  test('reads quoted fields with commas, quotes and line ends, and counts their lines', async () => {
    expect(await read('"a,1","say ""hi""","x\r\ny"\nc,"",d\n')).toEqual([
      { line: 1, lastLine: 2, fields: ['a,1', 'say "hi"', 'x\r\ny'] },
      row(3, 'c', '', 'd'),
    ]);
  });

  test('reads again what is written by the rules of RFC 4180, wherever the stream is cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ß', '😀', ',', '"', '\n', '\r\n', ' ') });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }).filter((fields) => fields.join('') !== ''));
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom('\n', '\r\n'),
        async (rows, size, end) => {
          const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
          const csv = rows.map((fields) => fields.map(quoted).join(',') + end).join('');
          const again = await read(csv, size);
          expect(again.map((each) => ('fields' in each ? each.fields : each.fault))).toEqual(rows);
        },
      ),
    );
  });

  test.each([
    ['a quote in the middle of a field', 'x,a"b"\n'],
    ['text after a closing quote', '"a"b,x\n'],
    ['a quote that is never closed', 'x,"a\n'],
    ['a carriage return alone', 'x\ra,b\n'],
    ['bytes that are not UTF-8', Uint8Array.of(0x78, 0x2c, 0xfc, 0x0a)],
  ])('gives up one line for %s', async (_what, faulty) => {
    const content = Buffer.concat([Buffer.from('a,b\n'), Buffer.from(faulty), Buffer.from('c,"d\ne"\nf,g\n')]);
    const [first, second, ...others] = await read(content);
    expect(first).toEqual(row(1, 'a', 'b'));
    expect(second).toEqual({ line: 2, lastLine: 2, fault: expect.any(String) as string });
    expect(others).toEqual([{ line: 3, lastLine: 4, fields: ['c', 'd\ne'] }, row(5, 'f', 'g')]);
  });

  test('gives up a line that is too long, and one whose quote would take the rest of the file', async () => {
    const long = `x,${'y'.repeat(100_000)}\n`;
    const rest = Array.from({ length: 5_000 }, (_, index) => `c,${index}\n`).join('');
    const rows = await read(`${long}a,"b\n${rest}`, 1_000);
    expect(rows.filter((each) => 'fault' in each).map(({ line }) => line)).toEqual([1, 2]);
    expect(rows).toHaveLength(5_002);
    expect(rows.at(-1)).toEqual(row(5_002, 'c', '4999'));
  });
});
