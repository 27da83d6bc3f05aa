import pino, { type Logger } from 'pino';
import { standardErrorLines } from './lines';

export type { Logger } from 'pino';
export { lostLogLines } from './lines';
export { inSpan, startTracing } from './tracing';

/**
 * JSON lines on standard error, so that standard output stays a command's answer. What is logged: ids, counts, codes,
 * times; never a payload, a name, an address, a secret or a signature. A reader that stops does not stop us.
 */
export function createLogger(name: string, level = 'info'): Logger {
  return pino({ name, level, timestamp: pino.stdTimeFunctions.isoTime }, standardErrorLines());
}

type Level = 'info' | 'warn' | 'error';

/** A log for lines that strangers can cause. */
export interface CappedLog {
  readonly write: (level: Level, rule: string, fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Log what was counted and not yet said. */
  readonly flush: () => void;
}

interface Minute {
  readonly level: Level;
  readonly endsAt: number;
  lines: number;
  unsaid: number;
}

const MINUTE_MS = 60_000;

/**
 * At most `perMinute` lines a minute and rule; the rest is counted, and the count is logged with the rule's next line
 * after that minute, measured by `clock` (ms). Rules are our own few names, so its memory is bounded.
 */
export function createCappedLog(log: Logger, clock = () => performance.now(), perMinute = 20): CappedLog {
  const minutes = new Map<string, Minute>();

  const close = (rule: string, minute: Minute): void => {
    minutes.delete(rule);
    if (minute.unsaid > 0) log[minute.level]({ rule, count: minute.unsaid }, 'more of the same, not logged one by one');
  };
  const minuteOf = (rule: string, level: Level): Minute => {
    const running = minutes.get(rule);
    if (running !== undefined && clock() < running.endsAt) return running;
    if (running !== undefined) close(rule, running);
    const minute: Minute = { level, endsAt: clock() + MINUTE_MS, lines: 0, unsaid: 0 };
    minutes.set(rule, minute);
    return minute;
  };

  return {
    write: (level, rule, fields, message) => {
      const minute = minuteOf(rule, level);
      if (minute.lines >= perMinute) {
        minute.unsaid += 1;
        return;
      }
      minute.lines += 1;
      log[level]({ rule, ...fields }, message);
    },
    flush: () => {
      for (const [rule, minute] of [...minutes]) close(rule, minute);
    },
  };
}
