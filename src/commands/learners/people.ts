import { email, id, text } from '../../events';
import type { Person } from '../../ledger';
import { SettingsError } from '../../settings';
import { readCsv, type CsvRow } from './csv';

/** A row of the file: a person, or why it is left out. */
export type PersonRow = { readonly line: number } & (
  | { readonly person: Person }
  /** Names columns and lines, never a value. */
  | { readonly reason: string }
);

const COLUMNS = {
  userId: id,
  email,
  role: text.max(1024),
  teamId: id,
  managerEmail: email,
} as const;
type Column = keyof typeof COLUMNS;
const columns = Object.keys(COLUMNS) as readonly Column[];

/**
 * Read people from CSV whose first row names the columns, in any order; only `userId` must be there. Of a person who
 * is there twice the first row counts. `onUnknown` gets, before the first row, the columns that are not read.
 * @throws SettingsError when the first row does not name the columns.
 */
export async function* readPeople(
  chunks: AsyncIterable<Uint8Array>,
  onUnknown: (names: readonly string[]) => void,
): AsyncGenerator<PersonRow> {
  let header: Header | undefined;
  const lineOf = new Map<string, number>();
  for await (const row of readCsv(chunks)) {
    if (header === undefined) {
      header = headerOf(row);
      if (header.unknown.length > 0) onUnknown(header.unknown);
      continue;
    }
    const read = personOf(row, header);
    if ('reason' in read) {
      yield read;
      continue;
    }
    const { userId } = read.person;
    const first = lineOf.get(userId);
    if (first === undefined) lineOf.set(userId, row.line);
    yield first === undefined ? read : { line: row.line, reason: `userId: is on line ${first} already` };
  }
  if (header === undefined) throw new SettingsError(['the file is empty: its first row names the columns']);
}

interface Header {
  readonly width: number;
  readonly positions: Readonly<Partial<Record<Column, number>>>;
  readonly unknown: readonly string[];
}

function headerOf(row: CsvRow): Header {
  if ('fault' in row) throw new SettingsError([`line ${row.line}, which names the columns: ${row.fault}`]);
  const positions: Partial<Record<Column, number>> = {};
  const unknown: string[] = [];
  for (const [position, field] of row.fields.entries()) {
    const name = field.trim();
    const column = columns.find((each) => each.toLowerCase() === name.toLowerCase());
    if (column === undefined) unknown.push(...(name === '' ? [] : [name]));
    else if (positions[column] === undefined) positions[column] = position;
    else throw new SettingsError([`line ${row.line}: ${column} is named twice`]);
  }
  if (positions.userId === undefined) throw new SettingsError([noUserId(row.line, row.fields)]);
  return { width: row.fields.length, positions, unknown };
}

/** The line may be a person's row: it is not repeated. */
function noUserId(line: number, { length, 0: only = '' }: readonly string[]): string {
  const hint = length === 1 && /[;\t]/.test(only) ? '; separate the columns with commas' : '';
  return `line ${line} must name the columns (${columns.join(',')}) and has no userId${hint}`;
}

function personOf(row: CsvRow, { width, positions }: Header): PersonRow {
  const { line } = row;
  if ('fault' in row) return { line, reason: row.fault };
  const { fields } = row;
  const goesOn = row.lastLine === line ? '' : ` (the row goes on to line ${row.lastLine})`;
  if (fields.length !== width)
    return { line, reason: `has ${fields.length} fields where the first row has ${width}${goesOn}` };
  const read = (column: Column): string => fields[positions[column] ?? width]?.trim() ?? '';
  const faults = columns.flatMap((column) => faultsOf(column, read(column)));
  if (faults.length > 0) return { line, reason: `${faults.join('; ')}${goesOn}` };
  const known = (column: Column): string | null => (read(column) === '' ? null : read(column));
  const [role, teamId] = [known('role'), known('teamId')];
  const person = { userId: read('userId'), email: known('email'), role, teamId, managerEmail: known('managerEmail') };
  return { line, person };
}

function faultsOf(column: Column, value: string): readonly string[] {
  if (value === '') return column === 'userId' ? ['userId: missing'] : [];
  const { error } = COLUMNS[column].safeParse(value);
  return error === undefined ? [] : [`${column}: ${error.issues[0]?.message ?? 'malformed'}`];
}
