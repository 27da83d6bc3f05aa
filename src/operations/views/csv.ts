import { stringify } from 'csv-stringify/sync';

/** A spreadsheet would run what begins so (OWASP, CSV injection). */
const FORMULA = /^\s*[=+\-@\t\r]/;

/** CSV that Excel reads: UTF-8 with a mark, quoted where needed; what a spreadsheet would take for a formula gets an apostrophe. */
export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return stringify([columns, ...rows.map((row) => row.map(cell))], { bom: true });
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return FORMULA.test(text) ? `'${text}` : text;
}
