import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * JSON lines on standard error, so that standard output stays a command's answer. What is logged: ids, counts, codes,
 * times; never a payload, a name, an address, a secret or a signature.
 */
export function createLogger(name: string, level = 'info'): Logger {
  return pino({ name, level, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
}
