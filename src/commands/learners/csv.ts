/** A row and the number of its first line, from 1; or why it is none. */
export type CsvRow = { readonly line: number; readonly lastLine: number } & (
  { readonly fields: readonly string[] } | { readonly fault: string }
);

/** Far longer than any person's row: a quote that never closes must not take the rest of the file into memory. */
const LONGEST_ROW = 16_384;

/**
 * Read CSV (RFC 4180, UTF-8 with or without a byte order mark, lines ending with LF or CR LF), a row at a time. Blank
 * lines are skipped. A row with faulty quotes is one that nobody can tell the end of: its first line alone is given up,
 * and the next line begins a row.
 */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRow> {
  let pending: string[] = [];
  let line = 1;
  for await (const next of linesOf(chunks)) {
    pending.push(next);
    yield* take(false);
  }
  yield* take(true);

  function* take(isLast: boolean): Generator<CsvRow> {
    for (let count = linesOfRow(pending, isLast); count > 0; count = linesOfRow(pending, isLast)) {
      const row = parseRow(pending.slice(0, count).join(''));
      const taken = 'fault' in row ? 1 : count;
      pending = pending.slice(taken);
      if ('fault' in row || row.fields.join('') !== '') yield { ...row, line, lastLine: line + taken - 1 };
      line += taken;
    }
  }
}

/** How many of the lines are the first row; 0: it goes on, or there is none. A row ends where its quotes are in pairs. */
function linesOfRow(lines: readonly string[], isLast: boolean): number {
  let [quotes, length] = [0, 0];
  for (const [index, text] of lines.entries()) {
    quotes += text.split('"').length - 1;
    length += text.length;
    if (quotes % 2 === 0 || length > LONGEST_ROW) return index + 1;
  }
  return isLast ? lines.length : 0;
}

/** Its own quotes stand doubled in a quoted field; an unquoted one has none. */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n?$)/y;

function parseRow(text: string): { readonly fields: readonly string[] } | { readonly fault: string } {
  if (text.length > LONGEST_ROW) return { fault: `longer than ${LONGEST_ROW} characters, or a quote is never closed` };
  if (text.includes('\uFFFD')) return { fault: 'not UTF-8' };
  const fields: string[] = [];
  for (FIELD.lastIndex = 0; ;) {
    const [, quoted, plain = '', end] = FIELD.exec(text) ?? [];
    if (end === undefined)
      return { fault: 'a quote is not closed or not around a whole field, or a carriage return stands alone' };
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') return { fields };
  }
}

/** Each with its line end. Of one that is too long only the beginning, still too long. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Drops a byte order mark, and puts U+FFFD for what is no UTF-8.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/(?<=\n)/);
    rest = (lines.at(-1) ?? '').endsWith('\n') ? '' : (lines.pop() ?? '').slice(0, LONGEST_ROW + 1);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
