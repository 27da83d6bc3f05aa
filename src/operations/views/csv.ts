import { stringify } from 'csv-stringify/sync';
import type { FileReply } from '../operation';

/** A spreadsheet would run what begins so (OWASP, CSV injection). */
const FORMULA = /^\s*[=+\-@\t\r]/;

/** CSV that Excel reads: UTF-8 with a mark, quoted where needed; what a spreadsheet would take for a formula gets an apostrophe. */
export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return stringify([columns, ...rows.map((row) => row.map(cell))], { bom: true });
}

/** `name` without its extension. */
export function csvFile(name: string, content: string): FileReply {
  return { contentType: 'text/csv; charset=utf-8', fileName: `${name}.csv`, content };
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return FORMULA.test(text) ? `'${text}` : text;
}
