import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';

const MAX_LOG_BYTES = 10 << 20;

/** Before a start: a log that has grown large begins anew. */
export function limitLog(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) truncateSync(file);
}

/** The last lines that a part said, for a message about its end. */
export function lastLines(file: string, count = 5): readonly string[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.trimEnd().split('\n').slice(-count).filter(Boolean).map(plainly);
}

/** A line of our own log as a person reads it: time, message, and what went wrong; any other line as it is. */
function plainly(line: string): string {
  try {
    const { time, msg, err, cause } = JSON.parse(line) as Partial<Record<'time' | 'msg' | 'cause', string>> & {
      err?: { message?: string };
    };
    const why = err?.message ?? cause;
    return `${time ?? ''} ${msg ?? ''}${why === undefined ? '' : `: ${why}`}`.trim();
  } catch {
    return line;
  }
}
