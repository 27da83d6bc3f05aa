/** A row and the number of its first line, from 1; or why it is none. */
export type CsvRow = { readonly line: number; readonly lastLine: number } & (
  { readonly fields: readonly string[] } | { readonly fault: string }
);

/** Far longer than any person's row: a quote that never closes must not take the rest of the file into memory. */
const MAX_ROW_LENGTH = 16_384;

/**
 * Read CSV (RFC 4180, UTF-8 with or without a byte order mark, lines ending with LF or CR LF), a row at a time. Blank
 * lines are skipped. Nobody can say where a row with faulty quotes ends: its first line alone is given up, and the next
 * line begins a row. That is why this is not `csv-parse` (tried with 7.0.3): after a quote that never closes it reads the
 * rest of the file as one field, and called for each row by itself it takes 0.1 ms a row.
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

/** How many lines the first row has; 0: it goes on, or there is none. A row ends where its quotes are in pairs. */
function linesOfRow(lines: readonly string[], isLast: boolean): number {
  let [quotes, length] = [0, 0];
  for (const [index, text] of lines.entries()) {
    quotes += text.split('"').length - 1;
    length += text.length;
    if (quotes % 2 === 0 || length > MAX_ROW_LENGTH) return index + 1;
  }
  return isLast ? lines.length : 0;
}

/** A quoted field doubles the quotes in it; an unquoted one has none. */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n?$)/y;

function parseRow(text: string): { readonly fields: readonly string[] } | { readonly fault: string } {
  if (text.length > MAX_ROW_LENGTH)
    return { fault: `longer than ${MAX_ROW_LENGTH} characters, or a quote is never closed` };
  if (text.includes('\uFFFD')) return { fault: 'not UTF-8' };
  const fields: string[] = [];
  for (FIELD.lastIndex = 0; ;) {
    const [, quoted, plain = '', end] = FIELD.exec(text) ?? [];
    if (end === undefined)
      return {
        fault: 'a quote is not closed or not around a whole field, or there is a carriage return without a line feed',
      };
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') return { fields };
  }
}

/** Each line with its line end. Of one that is too long only the beginning, which is still too long. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Drops a byte order mark, and puts U+FFFD for what is no UTF-8.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/(?<=\n)/);
    rest = (lines.at(-1) ?? '').endsWith('\n') ? '' : (lines.pop() ?? '').slice(0, MAX_ROW_LENGTH + 1);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
